"""Simulated incidents with a known cause, for `bench_attribution`: agents, faults and a world around them.

Nothing here imports the rules of attribution or knows their thresholds: it makes task records, posted changes and tool
health the way a fleet with that fault would, and the real code gathers and judges them.
"""
