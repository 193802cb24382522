"""Whether an SLI is in breach, and what was normal before."""
