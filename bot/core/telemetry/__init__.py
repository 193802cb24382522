"""What sources and agents report, and how it becomes minutes."""
