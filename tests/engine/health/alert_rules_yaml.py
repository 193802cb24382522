"""The expressions of the shipped alert rules."""

from pathlib import Path

from ruamel.yaml import YAML

LABELLED = {"stepdown_http_refused_requests_total"}
"""Families whose samples appear with their first label: nothing was refused yet."""


def expressions(file: Path) -> str:
    """All of them, one a line."""
    document = YAML(typ="safe").load(file.read_text())
    return "\n".join(rule["expr"] for group in document["groups"] for rule in group["rules"])
