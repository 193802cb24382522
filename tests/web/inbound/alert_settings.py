"""What the kinds of sender need to be told, for the contract."""

from collections.abc import Mapping

SETTINGS: Mapping[str, Mapping[str, object]] = {
    "generic": {
        "title": "title",
        "agent": "agent",
        "fingerprint": "id",
        "firing": "status",
        "at": "time",
        "severity": "severity",
        "url": "url",
    },
    "grafana": {"secret": "the-contact-points-secret"},
    "langfuse": {"secret": "lf-whsec_0123456789"},
    "pagerduty": {"secret": "the-subscriptions-secret"},
    "sentry": {"secret": "the-clients-secret"},
}
"""By kind; one that works without settings is not here."""
