"""A page by any of the services that Apprise knows: SMS, phone calls, push, e-mail, other chats. `target` is its URL.

Apprise can neither look whether a message arrived nor merge two. So a try that may have landed is never repeated: it
ends as unknown, and the next way or person is tried at once (`docs/decisions/0005`). What certainly did not leave, or
was refused for a reason that passes, is tried again.

The library tells success and failure, and little of why. The rest is read from its log of the attempt: a status, a
connection that never came about, a part that was sent. The log stays in this file, since it holds addresses and tokens.
"""

import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from bot.core.cards.answer import Card
from bot.core.model.people import Person, Way
from bot.pagers.http import repeats
from bot.pagers.text import inert, page_of, written
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError, insist_in_time

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult, NotifyResult

TIMEOUT: Final = 12.0
"""Seconds for one page, over all targets of its URL."""
REMEMBERED: Final = 1_000
_STATUS = re.compile(r"\berror=(\d{3})\b")
_NEVER_LEFT = re.compile(
    "NewConnectionError|ConnectTimeout|NameResolutionError|Failed to resolve|Connection refused|service not known"
)
_SENT = re.compile(r"^Sent\b")


class ApprisePager:
    """Implements `ports.Pager` for ways of kind `apprise`. Safe for several threads."""

    kind: str = "apprise"

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._unsent: dict[str, None] = {}
        self._lock = threading.Lock()

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Page once. A repeat goes out only where the earlier try is known, in this process, not to have landed."""
        if not self._forget(key) and repeat:
            raise DeliveryError(
                "an earlier try may have gone out, and Apprise cannot look; not repeated",
                permanent=True,
                ambiguous=True,
            )
        text = written(page_of(card))
        service = loaded(person, way)
        self._insist_in_time(key)
        outcome = service.notify(
            title=text.title,
            body=text.body,
            body_format="text",
            notify_type="failure",
            timeout=self._timeout,
            log_level=logging.DEBUG,
        )
        trouble = _trouble(outcome)
        if trouble is None:
            return Receipt(id=key)
        if not trouble.permanent:
            self._remember(key)
        raise trouble

    def _insist_in_time(self, key: str) -> None:
        """What comes too late to be sent did not leave, so it is tried again: a clock set forward loses no page."""
        try:
            insist_in_time(time.time())
        except DeliveryError:
            self._remember(key)
            raise

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Do nothing: an SMS cannot be taken back, and a second one for each change on the card would wake again."""

    def _remember(self, key: str) -> None:
        with self._lock:
            self._unsent[key] = None
            while len(self._unsent) > REMEMBERED:
                self._unsent.pop(next(iter(self._unsent)))

    def _forget(self, key: str) -> bool:
        """Whether the key's earlier try is known not to have landed; asked once."""
        with self._lock:
            return self._unsent.pop(key, key) is None


def loaded(person: Person, way: Way) -> "Apprise":
    """The way's URL, loaded. Raises DeliveryError, without the URL: it holds secrets."""
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - 0.2 s and 26 MB that only such a page pays

    _hush()
    asset = AppriseAsset(
        app_id="Stepdown", http_redirects=False, allow_templates=False, secure_logging=True, storage_mode="memory"
    )
    service = Apprise(asset=asset)
    if not service.add(way.target) or not len(service):
        raise DeliveryError(f"the Apprise URL of {person.key} is none that Apprise understands", permanent=True)
    return service


def _hush() -> None:
    """Keep the library's log to itself: it writes URLs it cannot read, and bodies. Attempts are still captured."""
    log = logging.getLogger("apprise")
    if log.propagate:
        log.addHandler(logging.NullHandler())
        log.setLevel(logging.DEBUG)
        log.propagate = False
        logging.getLogger("urllib3").setLevel(logging.ERROR)


def _trouble(outcome: "AppriseResult") -> DeliveryError | None:
    """What kept the page from all of its targets; None where each of them took it.

    Judged by target, not by the whole: `optional=yes` in a URL makes a failure a success.
    """
    failed = [result for result in outcome.results if not _took(result)]
    landed = len(outcome.results) - len(failed)
    if not failed:
        return None if landed else DeliveryError("Apprise found no target in the URL", permanent=True)
    worst = [_fault(result) for result in failed]
    why = "; ".join(dict.fromkeys(str(fault) for fault in worst))
    if landed:
        total = len(outcome.results)
        return DeliveryError(f"only {landed} of {total} targets took it: {why}", permanent=True, ambiguous=True)
    return DeliveryError(
        why, permanent=any(fault.permanent for fault in worst), ambiguous=any(fault.ambiguous for fault in worst)
    )


def _took(result: "NotifyResult") -> bool:
    return any(bool(attempt) for attempt in result.attempts)


def _fault(result: "NotifyResult") -> DeliveryError:
    """What became of one target. What nobody can tell counts as landed: permanent and ambiguous."""
    name, lines = inert(result.name, 60), list(_lines(result))
    statuses = [int(found[1]) for line in lines if (found := _STATUS.search(line))]
    if any(_SENT.search(line) for line in lines):
        return DeliveryError(f"{name}: a part of it was sent", permanent=True, ambiguous=True)
    if statuses:
        return DeliveryError(f"{name} answered {statuses[-1]}", permanent=repeats(statuses[-1]))
    if _matches(_NEVER_LEFT, lines):
        return DeliveryError(f"{name} could not be reached")
    if result.status.name == "TIMEOUT":
        return DeliveryError(f"{name} did not answer in time", permanent=True, ambiguous=True)
    return DeliveryError(f"{name} gave no answer that tells", permanent=True, ambiguous=True)


def _matches(pattern: re.Pattern[str], lines: Iterable[str]) -> bool:
    return any(pattern.search(line) for line in lines)


def _lines(result: "NotifyResult") -> Iterator[str]:
    return (entry.message for entry in result.logs())
