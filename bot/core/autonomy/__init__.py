"""Which rung the containment rules propose."""
