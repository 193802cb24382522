"""Slash commands: parsed, explained and called."""
