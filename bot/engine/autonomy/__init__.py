"""The rungs as agents read them."""
