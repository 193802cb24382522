"""From what sources answer to breaches."""
