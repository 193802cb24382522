"""`/_control/*`: everything by HTTP, for tests and the unattended demo."""
