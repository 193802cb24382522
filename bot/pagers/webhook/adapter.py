"""A page as a signed message (Standard Webhooks 1.0) to a receiver of one's own.

`target` holds the address and one secret after it, two while one is being exchanged: `https://host/page whsec_...`.
The `webhook-id` is the effect's key: a repeat carries the same one, and the receiver drops what it has seen. A page
that is answered or over is followed by a second message, whose id ends in the state it tells of.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx

from bot.core.cards.answer import Card
from bot.core.cards.page import PageCard
from bot.core.model.people import Person, Way
from bot.http_client.outbound import address
from bot.http_client.signature import signed
from bot.pagers.http import PagerHttp
from bot.pagers.text import CLOSED, inert, numbers, page_of, title, written
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError


class WebhookPager:
    """Implements `ports.Pager` for ways of kind `webhook`."""

    kind: str = "webhook"

    def __init__(self, client: PagerHttp) -> None:
        self._client = client

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Send the page; a repeat carries the same id."""
        del repeat
        self._send(person, way, key, _message("page.opened", key, person, page_of(card)))
        return Receipt(id=key)

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Tell that an earlier page is answered or over; nothing is told of one that is open again."""
        shown, way = page_of(card), person.named_ways().get(key.rsplit("/", maxsplit=1)[-1])
        told = _told(shown)
        if not told:
            return
        if way is None:
            raise DeliveryError(f"the way of {key} is not listed any more", permanent=True)
        kind, stamp = told
        message = _message(kind, receipt.id or key, person, shown)
        self._send(person, way, f"{key}/{kind.removeprefix('page.')}{stamp}", message)

    def _send(self, person: Person, way: Way, key: str, message: Mapping[str, object]) -> None:
        url, secrets = target(person, way)
        body = json.dumps(message, separators=(",", ":"))
        self._client.send(url, body.encode(), signed(person.key, secrets, key, body))


def target(person: Person, way: Way) -> tuple[httpx.URL, list[str]]:
    """The address and the secrets. Raises DeliveryError, without either."""
    whose = f"the webhook url of {person.key}"
    where, *secrets = way.target.split() or [""]
    return address(where, whose), secrets


def _told(card: PageCard) -> tuple[str, str] | None:
    """What there is to tell, and what sets it apart from an earlier telling; None while the page is open."""
    if card.header.state in CLOSED:
        return "page.closed", f"/{card.header.episode}"
    if card.acked and card.header.acked_at is not None:
        return "page.acknowledged", f"/{int(card.header.acked_at.timestamp())}"
    return None


def _message(kind: str, page: str, person: Person, card: PageCard) -> dict[str, object]:
    """What is sent: the text to show, and the facts apart from it for a receiver that decides by them."""
    header, proposal, text = card.header, card.proposal, written(card)
    return {
        "type": kind,
        "timestamp": _moment(header.now),
        "data": {
            "page": page,
            "person": person.key,
            "title": title(card),
            "text": text.body,
            "incident": header.number,
            "agent": inert(header.agent),
            "severity": header.severity,
            "state": header.state,
            "opened_at": _moment(header.opened_at),
            "acknowledged_by": inert(header.acked_by),
            "exercise": header.exercise,
            "numbers": numbers(card),
            "rung": card.rung.rung,
            "suggested_rung": proposal.rung if proposal else "",
        },
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
