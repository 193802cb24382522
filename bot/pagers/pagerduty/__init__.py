"""Pages by PagerDuty."""
