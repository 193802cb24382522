"""Spans over OTLP."""
