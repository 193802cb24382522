"""Error budgets kept, and burn alerts."""
