"""The weekly canary: one page through the real path, to see that a page would arrive (`product.md` section 13).

A row for each week makes it happen once, however many replicas and restarts there are. It leaves by the outbox, the
pagers lane and the very pagers of real pages. What became of each way is read back from the outbox; one that was not
sent, or that waits too long, is said loudly, and the heartbeat stops until a canary lands.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.cards.page import PageCard
from bot.core.cards.parts import Header, RungLine
from bot.core.formatting.plurals import plural
from bot.core.incident.effects import CanaryPage, Effect
from bot.core.model.fleet import Fleet
from bot.core.model.people import Person, Way
from bot.engine.incidents.opener import ways_of
from bot.engine.notices import notices
from bot.ports.chat import Receipt
from bot.ports.clock import Clock
from bot.ports.errors import DeliveryError
from bot.ports.pagers import Pager
from bot.ports.store import EffectOutcome, Job, OnceMarker, OnceMarkerStore, OutboxStore

KIND = "canary"
PATIENCE = timedelta(minutes=10)
"""A canary that has not gone out by then counts as lost."""
DAYS, HOURS = range(1, 5), range(10, 16)
"""Tuesday to Friday, 10 to 16 o'clock where the person lives: at work, when a hole can be mended by daylight."""


def canary_card(person: Person, now: datetime, *, over: bool = False) -> PageCard:
    """A page that says it is a test in its first words. `over`: what closes it at the receiver."""
    header = Header(
        0,
        "TEST",
        "stepdown",
        "weekly test page",
        "manual",
        "SEV4",
        "resolved" if over else "paging",
        now,
        now,
        person.name,
        person.slack,
    )
    return PageCard(
        header,
        "TEST PAGE from Stepdown: nothing is wrong, nothing to do",
        (),
        "Once a week Stepdown pages you to see that a page would arrive.",
        RungLine("none", "none", "this is a test"),
        acked="This is a test. Nothing to do.",
    )


def page_canary(job: Job, person: Person | None, way: Way, pager: Pager | None, now: datetime) -> Receipt:
    """Page somebody to see that it works, and close what that opened at the receiver. Raises DeliveryError."""
    if person is None or pager is None:
        raise DeliveryError(f"{job.key.split('/')[3]} has no way {way.kind}", permanent=True)
    receipt = pager.page(person, way, canary_card(person, now), job.key, repeat=job.attempts > 1)
    with suppress(DeliveryError):  # what was opened is closed by hand then; the page itself has landed
        pager.settle(person, receipt, canary_card(person, now, over=True), job.key)
    return receipt


class CanaryStore(OnceMarkerStore, OutboxStore, Protocol):
    """What the canary reads and writes."""


class Canary:
    """Sends it, and looks what became of it. `person` (a key) empty: there is none."""

    def __init__(
        self,
        store: CanaryStore,
        fleet: Callable[[], Fleet],
        ways: frozenset[str],
        clock: Clock,
        wall: Callable[[], float],
        person: str,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._ways = ways
        self._clock = clock
        self._wall = wall
        self._person = person

    def tick(self) -> None:
        """Send this week's when it is due, and settle the last one."""
        now = self._clock.now()
        person = self._fleet().people.get(self._person)
        last = self._store.last_once_marker(KIND)
        if last is not None and not last.outcome:
            self._settle(last, now)
        local = now.astimezone(ZoneInfo(person.tz)) if person is not None else now
        if self._person and local.weekday() in DAYS and local.hour in HOURS:
            year, week, _ = local.isocalendar()
            self.send(f"{year}-W{week:02d}")

    def send(self, period: str) -> bool:
        """Send the canary of a period, once. False where it was sent before."""
        now = self._clock.now()
        effects = self._pages(int(now.timestamp()))
        keys = ",".join(effect.key for effect in effects)
        return self._store.once(KIND, period, now, effects, wall=self._wall(), detail=keys)

    def _pages(self, serial: int) -> tuple[CanaryPage, ...]:
        person = self._fleet().people.get(self._person)
        if person is None:
            return ()
        return tuple(CanaryPage(serial, person.key, way) for way in ways_of(person, self._ways))

    def _settle(self, last: OnceMarker, now: datetime) -> None:
        """Write down how it went, once every way is settled or the time is over."""
        keys = [key for key in last.detail.split(",") if key]
        states = {key: self._store.outcome(key) for key in keys}
        missed = [_missed(key, found) for key, found in states.items() if not _landed(found)]
        waiting = any(found is not None and found.state in ("pending", "sending") for found in states.values())
        if waiting and now - last.at < PATIENCE:
            return
        if keys and not missed:
            self._store.set_outcome(KIND, last.period, "ok", f"sent by {plural(len(keys), 'way')}", wall=self._wall())
            return
        person = keys[0].split("/")[3] if keys else self._person
        why = "; ".join(missed) or f"{person} cannot be paged by any way"
        self._store.set_outcome(KIND, last.period, "failed", why, self._loud(last, person, why), wall=self._wall())

    def _loud(self, last: OnceMarker, person: str, why: str) -> tuple[Effect, ...]:
        text = f"THE TEST PAGE FAILED ({last.period}, to {person}): {why}. A real page would not have arrived."
        return notices(self._fleet(), f"canary-{last.period}", text, (person,))

    def trouble(self) -> str:
        """What is wrong since the last canary, in words; "" when it landed or there was none."""
        last = self._store.last_once_marker(KIND)
        if last is None or last.outcome != "failed":
            return ""
        return f"the test page of {last.period} failed: {last.detail}"


def _landed(found: EffectOutcome | None) -> bool:
    return found is not None and found.state == "sent" and found.receipt is not None


def _missed(key: str, found: EffectOutcome | None) -> str:
    """`slack: failed (account_inactive)`."""
    way, state = key.rsplit("/", 1)[-1], found.state if found else "gone"
    return f"{way}: {state}" + (f" ({found.why})" if found and found.why else "")
