"""Traffic, cases and rules for the detection benchmarks."""
