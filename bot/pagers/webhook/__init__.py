"""Pages as signed messages to a receiver of one's own."""
