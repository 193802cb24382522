"""Any HTTP address that answers JSON."""
