"""What each event does to an incident."""
