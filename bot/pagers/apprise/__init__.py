"""Pages by any service that Apprise knows."""
