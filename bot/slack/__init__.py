"""Slack: cards out, clicks and commands in, over one watched socket."""
