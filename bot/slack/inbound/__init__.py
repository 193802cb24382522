"""Events, clicks and commands from Slack."""
