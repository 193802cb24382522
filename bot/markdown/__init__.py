"""Markdown in and out, and the templates that make it. A floor below documents and runbooks."""
