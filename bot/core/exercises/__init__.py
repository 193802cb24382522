"""Exercises as values: what happened, and how it was rated."""
