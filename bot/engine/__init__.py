"""Orchestration over ports: what happens when. No vendor names, no clock but the one handed in."""
