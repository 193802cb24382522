"""The calls as they are written down: on this disk, and sent to Stepdown."""
