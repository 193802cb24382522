"""Postmortems, tracked follow-ups and backtests."""
