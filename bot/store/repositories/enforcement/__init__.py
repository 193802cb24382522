"""What agents did behind gateways."""
