"""Incidents: opened, recorded and followed until they are closed."""
