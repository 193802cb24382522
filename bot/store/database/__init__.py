"""SQLite and PostgreSQL: connections, transactions, locks."""
