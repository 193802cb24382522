"""Stepdown watching and maintaining itself."""
