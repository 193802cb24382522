"""A rung pushed as a signed message."""
