"""Error budgets, and the tickets about them."""
