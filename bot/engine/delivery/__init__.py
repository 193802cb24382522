"""Carrying effects out: claim, do, and only then write down that it was done."""
