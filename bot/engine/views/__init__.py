"""Cards, built from the stored state."""
