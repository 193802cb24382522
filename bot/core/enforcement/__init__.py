"""What a rung means for one call of a tool (`enforcement.md` section 1)."""
