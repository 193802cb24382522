"""Runbook and playbook files, read and checked."""
