"""Whether the ways people listed could be reached, without paging anybody: addresses are read, hosts called."""

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from bot.core.health.finding import Finding
from bot.core.model.fleet import Fleet
from bot.core.model.people import Person, Way
from bot.http_client.reach import unreached
from bot.pagers.apprise.adapter import ApprisePager, loaded
from bot.pagers.pagerduty.adapter import PagerDuty, routing_key
from bot.pagers.webhook.adapter import WebhookPager, target
from bot.ports.errors import DeliveryError

PATIENCE: Final = 5.0
"""Seconds for a connection to a host."""


def inspect(fleet: Fleet, pagerduty_url: str, patience: float = PATIENCE) -> Iterator[Finding]:
    """Every way of every person; each host is connected to once."""
    known: dict[tuple[str, int], str] = {}

    def reach(url: str) -> str:
        parts = urlsplit(url)
        where = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        if where not in known:
            known[where] = unreached(url, patience)
        return known[where]

    for person in fleet.people.values():
        for name, way in person.named_ways().items():
            if way.kind != "slack":
                yield _finding(person, name, way, pagerduty_url, reach)


def _finding(person: Person, name: str, way: Way, pagerduty_url: str, reach: Callable[[str], str]) -> Finding:
    about = f"{name} of {person.key}"
    try:
        url = _address(person, way, pagerduty_url)
    except DeliveryError as error:
        return Finding("pager", about, "problem", str(error))
    if not url:
        return Finding("pager", about, "fine", "Apprise understands its URL; only a page tells whether it arrives")
    if trouble := reach(url):
        return Finding("pager", about, "unreachable", trouble)
    return Finding("pager", about, "fine", f"{urlsplit(url).hostname} answers")


def _address(person: Person, way: Way, pagerduty_url: str) -> str:
    """Where the way leads; empty where only its service knows. Raises DeliveryError for one that leads nowhere."""
    if way.kind == PagerDuty.kind:
        routing_key(person, way)
        return pagerduty_url
    if way.kind == WebhookPager.kind:
        return str(target(person, way)[0])
    if way.kind == ApprisePager.kind:
        loaded(person, way)
        return ""
    raise DeliveryError(f"there is no pager of kind {way.kind}", permanent=True)
