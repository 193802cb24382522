"""What the kinds of sender need to be told, for the contract."""

from collections.abc import Mapping

SETTINGS: Mapping[str, Mapping[str, object]] = {
    "grafana": {"secret": "the-contact-points-secret"},
}
"""By kind; one that works without settings is not here."""
