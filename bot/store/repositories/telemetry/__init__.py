"""Parts of the store for what agents send of their work."""
