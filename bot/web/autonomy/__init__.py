"""How agents read their rung: OFREP, and a plain GET."""
