"""A simulated fleet: curves that a fault bends, agents that obey their rung, and the metrics they serve over HTTP."""
