"""Alerts of other systems: stored first, then told to the one incident of their agent."""
