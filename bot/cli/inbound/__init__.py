"""What comes from other systems: alerts and spans."""
