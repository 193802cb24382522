"""`stepdown replay`: recorded samples judged again, and the rules beside each other."""
