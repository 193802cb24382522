"""`/metrics`: what Prometheus is told."""
