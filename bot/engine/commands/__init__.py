"""What people can do and ask."""
