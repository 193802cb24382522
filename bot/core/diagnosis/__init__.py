"""What is likely behind an incident, with its evidence."""
