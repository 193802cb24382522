"""The pure core: values, rules and state tables. No I/O, no clock, no randomness."""
