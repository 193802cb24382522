"""Stepdown, the on-call bot for AI agents."""
