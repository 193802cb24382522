"""What gateways ask and report."""
