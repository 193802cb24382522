"""The incident: its row, events, effects and timeline."""
