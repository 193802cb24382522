"""From a breach to a page: how long it takes, where the time goes, and how long Alertmanager takes beside it."""
