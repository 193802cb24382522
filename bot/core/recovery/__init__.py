"""When an incident may be called recovered."""
