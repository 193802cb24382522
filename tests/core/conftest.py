"""Hypothesis without a deadline: how long an example takes on a busy machine says nothing about the arithmetic."""

from hypothesis import settings

settings.register_profile("arithmetic", deadline=None)
settings.load_profile("arithmetic")
