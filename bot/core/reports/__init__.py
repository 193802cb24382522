"""Postmortems, readiness and the weekly review as values."""
