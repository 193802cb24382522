"""A process between an agent and its tools that enforces the rung (`enforcement.md` section 1)."""
