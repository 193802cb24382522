"""What a gateway costs, and what gets past it."""
