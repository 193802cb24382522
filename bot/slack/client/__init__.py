"""Calls to Slack."""
