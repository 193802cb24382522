"""Backup, copy, export, audit and upgrade of a database."""
