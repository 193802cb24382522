"""Samples, task records and changes that are pushed."""
