"""Writes that wait for people, carried out over the store."""
