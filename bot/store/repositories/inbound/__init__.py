"""What other systems post: changes and alerts."""
