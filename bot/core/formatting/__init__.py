"""Numbers, spans of time and untrusted text as people read them."""
