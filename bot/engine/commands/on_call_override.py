"""Handing the pager over: cover me until nine (`product.md` section 6)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.cards.answer import Answer
from bot.core.formatting import durations
from bot.core.incident.effects import Effect
from bot.core.model.fleet import Fleet
from bot.core.model.people import Actor, Person
from bot.core.paging.override import LONGEST, OnCallOverride
from bot.engine import name_lookup
from bot.engine.commands.act_recorder import ActRecorder
from bot.engine.name_lookup import Unknown
from bot.engine.notices import notices
from bot.engine.paging.override_notices import name_of, over

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)[T ]([01]?\d|2[0-3])[:.]([0-5]\d)")
HOW = "a time (09:00), a date and time (2026-03-02 09:00) or a span (8h)"


@dataclass(frozen=True, slots=True)
class OverrideCommands:
    """Acts of people about who has the pager."""

    acts: ActRecorder

    def cover(self, actor: Actor, person: str, by: str, until: str) -> Answer:
        """Hand the pager of `person` ("me" or empty: the actor's own) to `by` until a time in that person's zone."""
        fleet, now = self.acts.fleet(), self.acts.now()
        try:
            whose = self._whose(actor, person)
            other = fleet.people[name_lookup.find_person(fleet, by)]
            end = until_when(until, now, whose.tz)
        except (Unknown, ValueError) as wrong:
            return Answer(str(wrong), ok=False)
        if refusal := _refused(fleet, actor, whose, other, now, end):
            return Answer(refusal, ok=False)
        cover = OnCallOverride(whose.key, other.key, now, end, actor.key)
        self.acts.store.put_cover(cover, _handover_notices(fleet, cover), self.acts.recorder.wall())
        return Answer(
            f"{other.name} has the pager of {whose.name} until {_both_zones(end, whose, other)}.{_no_phone(other)}"
        )

    def end_cover(self, actor: Actor, person: str = "") -> Answer:
        """Take the pager back before its time."""
        fleet, now = self.acts.fleet(), self.acts.now()
        try:
            whose = self._whose(actor, person)
        except Unknown as wrong:
            return Answer(str(wrong), ok=False)
        if actor.responder is False:
            return Answer(f"{actor.name} is not among the responders.", ok=False)
        running = next((cover for cover in self.acts.store.covers(now) if cover.person == whose.key), None)
        if running is None:
            return Answer(f"Nobody covers for {whose.name}.", ok=False)
        self.acts.store.end_cover(whose.key, now, over(fleet, running), self.acts.recorder.wall())
        return Answer(f"{whose.name} has the pager again.")

    def covers(self) -> Answer:
        """Who covers for whom now."""
        fleet, now = self.acts.fleet(), self.acts.now()
        lines = [
            f"{name_of(fleet, cover.by)} covers for {name_of(fleet, cover.person)} "
            f"until {cover.until:%Y-%m-%d %H:%M} UTC."
            for cover in self.acts.store.covers(now)
        ]
        return Answer("\n".join(lines) or "Everybody has their own pager.")

    def _whose(self, actor: Actor, person: str) -> Person:
        """Whose pager it is. Raises Unknown."""
        fleet = self.acts.fleet()
        key = actor.key if person.strip().lower() in ("", "me") else name_lookup.find_person(fleet, person)
        if key not in fleet.people:
            raise Unknown(f"{actor.name} is not in the fleet file, so there is no pager to hand over.")
        return fleet.people[key]


def until_when(text: str, now: datetime, zone: str) -> datetime:
    """The moment that `09:00`, `2026-03-02 09:00` or `8h` means in a person's time zone. Raises ValueError."""
    local = now.astimezone(ZoneInfo(zone))
    if clock := _CLOCK.fullmatch(text.strip()):
        at = local.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0, fold=0)
        return (at if at > local else at + timedelta(days=1)).astimezone(now.tzinfo)
    if day := _DAY.fullmatch(text.strip()):
        naive = datetime.fromisoformat(f"{day[1]}T{int(day[2]):02d}:{day[3]}")
        return naive.replace(tzinfo=ZoneInfo(zone)).astimezone(now.tzinfo)
    try:
        return now + timedelta(seconds=durations.seconds(text))
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a time to cover until; write {HOW}") from None


def _refused(fleet: Fleet, actor: Actor, whose: Person, other: Person, now: datetime, end: datetime) -> str:
    if actor.responder is False:
        return f"{actor.name} is not among the responders."
    if other.key == whose.key:
        return f"{whose.name} has that pager already."
    if other.key not in on_call(fleet):
        return f"{other.name} is not on call for any agent, so may not act. Add them to responders in the fleet file."
    if end <= now:
        return f"{end:%Y-%m-%d %H:%M} UTC has passed already."
    if end - now > LONGEST:
        return f"A pager is handed over for {LONGEST.days} days at most; after that the owner is another. Write {HOW}."
    return ""


def on_call(fleet: Fleet) -> frozenset[str]:
    """Keys of the people who may act: owners, deputies and managers, and the listed responders."""
    named = {key for agent in fleet.agents.values() for key in (agent.owner, agent.deputy, agent.manager)}
    return frozenset(named | set(fleet.responders)) - {""}


def _handover_notices(fleet: Fleet, cover: OnCallOverride) -> tuple[Effect, ...]:
    until = f"{cover.until:%Y-%m-%d %H:%M} UTC"
    text = f"{name_of(fleet, cover.by)} has the pager of {name_of(fleet, cover.person)} until {until}."
    return notices(fleet, f"cover-{cover.person}-{int(cover.since.timestamp())}", text, (cover.by, cover.person))


def _both_zones(end: datetime, whose: Person, other: Person) -> str:
    zones = dict.fromkeys((whose.tz, other.tz))
    return ", ".join(f"{end.astimezone(ZoneInfo(zone)):%a %d %b %H:%M} {zone}" for zone in zones)


def _no_phone(person: Person) -> str:
    return "" if person.ways else f" {person.name} can be paged by Slack alone: is there another way?"
