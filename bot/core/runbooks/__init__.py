"""Runbooks, playbooks and rehearsals as values."""
