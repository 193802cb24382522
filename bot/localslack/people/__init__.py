"""What a person at the page does: writing, clicking, sending forms."""
