"""Prometheus and whatever answers its HTTP API."""
