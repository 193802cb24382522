"""PagerDuty's Events API v2: trigger, acknowledge, resolve.

`target` is the routing key of a service's integration. The dedup key names the incident, the run of paging and the
person. So a repeat merges with the alert that an earlier try opened, and so does "the owner again at 5 minutes":
PagerDuty's own rules repeat an alert that is open. It never merges where merging would wake nobody: an alert of an
earlier run is acknowledged already, and a page to somebody who has acknowledged (a step down that was not confirmed)
carries the page's serial as well.

202 means queued and no more: whether somebody was woken is told by PagerDuty's webhook (`bot/web/inbound`) or by the
acknowledgement itself. Limits: a dedup key of 255 characters, a summary of 1,024, a body of 512 KB.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Final, Self

import httpx

from bot.core.cards.answer import Card
from bot.core.cards.page import PageCard
from bot.core.cards.parts import Header
from bot.core.model.people import Person, Way
from bot.pagers.http import PagerHttp, no_object
from bot.pagers.kind import PAGERDUTY_US
from bot.pagers.text import CLOSED, advice, channel_link, inert, numbers, page_of, place, title
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError
from bot.ports.pagers import PagedRun

US: Final = PAGERDUTY_US
EU: Final = "https://events.eu.pagerduty.com/"
SUMMARY: Final = 1_024
LARGEST: Final = 512_000
SEVERITIES: Final[Mapping[str, str]] = {"SEV1": "critical", "SEV2": "error", "SEV3": "warning", "SEV4": "info"}
_ROUTING_KEY = re.compile(r"[0-9A-Za-z]{32}")
_DEDUP_KEY = re.compile(r"stepdown/(\d{1,18})/(\d{1,12})/(\d{1,9})/([^/]{1,100})(?:/(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Alert:
    """What a dedup key names. Incidents of another database differ in `opened` (epoch seconds) at least.

    `serial` is 0 but for a page to somebody who had acknowledged.
    """

    incident_id: int
    opened: int
    episode: int
    person: str
    serial: int = 0

    def __str__(self) -> str:
        """The dedup key."""
        whole = f"stepdown/{self.incident_id}/{self.opened}/{self.episode}/{self.person}"
        return f"{whole}/{self.serial}" if self.serial else whole

    @classmethod
    def parse(cls, dedup_key: str) -> Self | None:
        """The alert of one of our dedup keys; None for any other."""
        found = _DEDUP_KEY.fullmatch(dedup_key)
        if found is None:
            return None
        return cls(int(found[1]), int(found[2]), int(found[3]), found[4], int(found[5] or 0))


def is_routing_key(text: str) -> bool:
    """Whether a text looks like a routing key."""
    return bool(_ROUTING_KEY.fullmatch(text))


def routing_key(person: Person, way: Way) -> str:
    """The way's routing key. Raises DeliveryError, without the key."""
    if not is_routing_key(way.target):
        raise DeliveryError(f"the PagerDuty routing key of {person.key} must be 32 letters and digits", permanent=True)
    return way.target


def paged_run(dedup_key: str) -> PagedRun | None:
    """Which page one of our dedup keys stands for; None for any other."""
    alert = Alert.parse(dedup_key)
    return None if alert is None else PagedRun(alert.incident_id, alert.opened, alert.episode, alert.person)


class PagerDuty:
    """Implements `ports.Pager` for ways of kind `pagerduty`. `url` is `US`, `EU`, or a stand-in on this machine."""

    kind: str = "pagerduty"

    def __init__(self, client: PagerHttp, url: str = US) -> None:
        self._client = client
        self._url = httpx.URL(url).join("/v2/enqueue")

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Trigger; a repeat merges by its dedup key."""
        del repeat
        alert = str(_alert(person, page_of(card), key))
        self._send(person, way, {"event_action": "trigger", "dedup_key": alert, **_event(page_of(card))})
        return Receipt(id=alert)

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Resolve the alert of an incident that is over, acknowledge one that was answered; both may be repeated.

        Without a receipt nobody knows which alert an earlier try opened, if any: both it may be are told, for PagerDuty
        takes no notice of what it does not know.
        """
        shown, way = page_of(card), person.named_ways().get(key.rsplit("/", maxsplit=1)[-1])
        action = "resolve" if shown.header.state in CLOSED else "acknowledge"
        if action == "acknowledge" and not shown.acked:
            return
        if way is None:
            raise DeliveryError(f"the way of {key} is not listed any more", permanent=True)
        for alert in [receipt.id] if receipt.id else _alerts(person, shown, key):
            self._send(person, way, {"event_action": action, "dedup_key": str(alert)})

    def _send(self, person: Person, way: Way, event: Mapping[str, object]) -> None:
        body = json.dumps({"routing_key": routing_key(person, way), **event}, separators=(",", ":")).encode()
        if len(body) > LARGEST:
            raise DeliveryError(f"the event is {len(body)} bytes, and PagerDuty takes {LARGEST}", permanent=True)
        self._client.send(
            self._url,
            body,
            {"content-type": "application/json"},
            called="PagerDuty",
            explain=lambda said: _reason(said, way.target),
            doubt=no_object,
        )


def _alert(person: Person, card: PageCard, key: str) -> Alert:
    """The alert a page belongs to. `key` ends in `inc-N/page/SERIAL/PERSON/WAY` (`core/incident/effects.py`)."""
    plain, beside = _alerts(person, card, key)
    return beside if card.acked else plain


def _alerts(person: Person, card: PageCard, key: str) -> tuple[Alert, Alert]:
    """The alert of a page of the escalation, and that of one beside it."""
    header, serial = card.header, int(key.split("/")[-3])
    plain = Alert(header.incident_id, int(header.opened_at.timestamp()), header.episode, person.key)
    return plain, replace(plain, serial=serial)


def _event(card: PageCard) -> dict[str, object]:
    """The rest of a trigger."""
    header = card.header
    return {
        "client": "Stepdown",
        "links": _links(header),
        "payload": {
            "summary": _summary(card),
            "source": inert(header.agent),
            "severity": SEVERITIES[header.severity],
            "timestamp": header.opened_at.astimezone(UTC).isoformat(timespec="seconds"),
            "component": inert(header.agent),
            "group": header.number,
            "class": header.incident_kind,
            "custom_details": _details(card),
        },
    }


def _summary(card: PageCard) -> str:
    """What is read aloud and shown on the lock screen: what broke, the numbers, what to do."""
    return inert(" | ".join([title(card), *numbers(card), advice(card)]), SUMMARY)


def _details(card: PageCard) -> dict[str, object]:
    """The facts, under names a person reads."""
    proposal = card.proposal
    suggested = inert(f"{proposal.rung}: {proposal.may} ({proposal.rule})", 500) if proposal else ""
    found = {
        "why you": inert(card.why),
        "numbers": numbers(card),
        "where": place(card),
        "suggested rung": suggested,
        "exercise": "yes, nothing is broken" if card.header.exercise else "",
    }
    return {name: value for name, value in found.items() if value}


def _links(header: Header) -> list[dict[str, str]]:
    """The incident's channel, once there is one."""
    href = channel_link(header)
    return [{"href": href, "text": f"{header.number} in Slack"}] if href else []


def _reason(body: bytes, routing_key: str) -> str:
    """What PagerDuty says against an event, without the key that it may repeat."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    errors = told.get("errors")
    parts = [told.get("message"), *(errors if isinstance(errors, list) else [])]
    said = "; ".join(part for part in parts if isinstance(part, str)).replace(routing_key, "(routing key)")
    return inert(said)
