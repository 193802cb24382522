"""Readiness, the weekly review, and questions between incidents."""
