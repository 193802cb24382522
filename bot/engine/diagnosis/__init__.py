"""Evidence gathered around an incident, and attribution run on it."""
