"""One incident told by its events: refunds escalates a fifth of its tasks at 02:11 UTC and is stepped down at 02:16.

The entries are those that the real fold writes, sealed like the store seals them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.incident import events as ev
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import GENESIS, SealedEntry, seal
from bot.core.model.fleet import Agent
from bot.core.model.people import BOT, Actor, Person
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Baseline, Better, Breach, Objective, Sli
from bot.core.reports.postmortem import Report, build
from bot.core.runbooks.runbook import Plan, Step
from bot.core.transitions.reducer import advance

HER = Sli("her", "HER", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5, moved_by_approval=True)
TIE = Sli("tie", "TIE", "calls/task", "gauge", Better.LOWER, Objective(1.5, relative=True), absolute_tolerance=0.2)
COST = Sli("cost_per_task", "Cost per task", "USD/task", "gauge", Better.LOWER, Objective(0.10))
SERIES = Series("refunds", "", "her")
CALLS = Series("refunds", "", "tie")
COSTS = Series("refunds", "", "cost_per_task")

PEOPLE = {
    "ana": Person("ana", "Ana Silva", slack="U0ANA", phone="+351 555 0100"),
    "bo": Person("bo", "Bo Berg", slack="U0BO"),
    "mia": Person("mia", "Mia Chen", slack="U0MIA"),
    "cy": Person("cy", "Cy Dahl", slack="U0CY"),
}
ANA = Actor("ana", "Ana Silva", "U0ANA", responder=True)
BO = Actor("bo", "Bo Berg", "U0BO", responder=True)
CY = Actor("cy", "Cy Dahl", "U0CY", responder=True)

AGENT = Agent(
    "refunds",
    "ana",
    title="Refund agent",
    deputy="bo",
    manager="mia",
    scope="pays refunds of up to 200 EUR",
    blast_radius="200 EUR a task, 40 tasks an hour",
    fallback="the refund form",
    tools=("ledger", "mail"),
    workflows=("refund",),
    cost={"per_task": 0.02},
    slis=(("", HER), ("", TIE), ("", COST)),
)

PLAN = Plan(
    "default",
    "Default runbook",
    (
        Step("real", "detection", "Decide whether the signal is real"),
        Step("split", "attribution", "Split the number", required=False),
        Step("cause", "attribution", "Name the cause"),
        Step("step-down", "containment", "Step the agent down"),
        Step("tell", "containment", "Tell the people who are affected", required=False),
        Step("clock", "recovery", "Wait for the clock"),
    ),
)


def at(clock: str) -> datetime:
    """`02:11` or `02:11:30` on the day of the story."""
    return datetime.fromisoformat(f"2026-11-20T{clock}").replace(tzinfo=UTC)


FIRST_BAD = minute_of(at("02:11"))
HER_BREACH = Breach(
    SERIES,
    HER,
    FIRST_BAD,
    at("02:13:05"),
    18.0,
    5.0,
    100,
    "HER 18.0 % > 5.0 % objective for 2 of 2 minutes, n=100",
    Baseline(2.0, 0.4, 120_000, 1200, FIRST_BAD - 20_000, FIRST_BAD - 15, "pooled ratio of 14 days"),
)
TIE_BREACH = Breach(
    CALLS,
    TIE,
    FIRST_BAD + 1,
    at("02:14:05"),
    6.3,
    4.65,
    100,
    "TIE 6.3 calls/task > 4.7 calls/task objective",
    Baseline(3.1, 0.2, 120_000, 1200, FIRST_BAD - 20_000, FIRST_BAD - 15, "pooled"),
)
ROSTER = ev.Roster("ana", "bo", "mia", ("ana", "bo", "mia"), {"ana": ("slack", "apprise"), "bo": ("slack",)})


def opened(**changed: Any) -> ev.Opened:  # noqa: ANN401 - whatever the event has
    """The incident opens."""
    event = ev.Opened(
        at=at("02:13:05"),
        actor=BOT,
        incident_id=42,
        agent="refunds",
        incident_kind="slo",
        title="human escalation 18 % (limit 5 %)",
        severity="SEV2",
        roster=ROSTER,
        rung="full",
        normal_rung="full",
        breaches=(HER_BREACH,),
        plan=PLAN,
    )
    return replace(event, **changed)


def page(clock: str, person: str, way: str, outcome: ev.PageOutcome, detail: str = "") -> ev.PageSettled:
    """How one of the first pages went."""
    return ev.PageSettled(at(clock), BOT, f"inc-42/page/1/{person}/{way}", person, way, outcome, detail, 310)


STORY: tuple[ev.Event, ...] = (
    opened(),
    page("02:13:06", "ana", "slack", "sent"),
    page("02:13:08", "ana", "apprise", "failed", "SMS gateway answered 503"),
    ev.Breached(at("02:14:05"), BOT, TIE_BREACH),
    ev.Acknowledged(at("02:14:30"), ANA),
    ev.StepMarked(at("02:15:10"), ANA, "real", "done", "real, n is solid"),
    ev.RungLowered(at("02:16:00"), ANA, "", "full", "read-only", 1, "Ana stops the flood"),
    ev.RungConfirmed(at("02:16:04"), BOT, 1, 3, 3, 4.0),
    ev.StepMarked(at("02:17:00"), ANA, "step-down", "done"),
    ev.Noted(at("02:18:00"), CY, "Cy Dahl saw the ledger answer 200 with an error; <@U0ANA> asked the vendor"),
    ev.StepMarked(at("02:20:00"), CY, "split", "not-applicable", "one workflow only"),
    ev.StepMarked(
        at("02:24:00"), CY, "cause", "done", "cause: prompt of 19 November, likely; ruled out: ledger, answers by hand"
    ),
    ev.RecoveryBegan(at("02:24:05"), BOT, minute_of(at("02:24")), "HER is back in its band"),
    ev.RecoveryReset(at("02:31:05"), BOT, minute_of(at("02:30")), "HER 9.0 % > 2.5 %"),
    ev.RecoveryBegan(at("02:33:05"), BOT, minute_of(at("02:33")), "HER is back in its band"),
    ev.StepMarked(at("02:40:00"), ANA, "tell", "skipped", "nobody waits at this hour"),
    ev.Noted(at("02:50:00"), ANA, "write the missing eval case owner: bo due 2026-12-01", "followup"),
    ev.Noted(at("02:51:00"), ANA, "pin the model", "task"),
    ev.RecoveryHeld(at("03:04:05"), BOT, minute_of(at("03:03")), "30 of 30 minutes"),
    ev.StepMarked(at("03:05:00"), ANA, "clock", "done"),
    ev.RestoreAsked(at("03:06:00"), ANA, "read-only", "approval", "cause rolled back", "30 good minutes"),
    ev.RungRaised(at("03:07:00"), BO, "read-only", "approval", 2, "cause rolled back", ANA),
    ev.RungConfirmed(at("03:07:03"), BOT, 2, 3, 3, 3.0),
    ev.RecoveryHeld(at("03:38:05"), BOT, minute_of(at("03:37")), "30 of 30 minutes"),
    ev.Resolved(at("03:40:00"), ANA, "done for tonight", left_on="full again after the fix on Monday"),
)
NOW = at("03:40:10")


@dataclass(frozen=True)
class Told:
    """The incident after its events, with the sealed entries."""

    incident: Incident
    entries: tuple[SealedEntry, ...]


def tell(events: Iterable[ev.Event] = STORY) -> Told:
    """Fold events and seal what they write."""
    incident: Incident | None = None
    entries: list[SealedEntry] = []
    previous = GENESIS
    for event in events:
        decision = advance(incident, event)
        incident = decision.incident
        for entry in decision.entries:
            record = {"at": entry.at.isoformat(), "actor": entry.actor.key, "kind": entry.kind, "text": entry.text}
            previous = seal(previous, record)
            entries.append(SealedEntry(len(entries) + 1, entry, previous, record))
    assert incident is not None
    return Told(incident, tuple(entries))


def her_at(minute: int) -> float | None:
    """2 % before; 18 and 20 % from 02:11 on; falling from 02:18; 9 % again at 02:30; nothing known 02:26 to 02:28."""
    since = minute - FIRST_BAD
    if 15 <= since < 18:
        return None
    if since < 0:
        return 2.0
    if since < 7:
        return 18.0 if since % 2 == 0 else 20.0
    if since < 11:
        return 15.0 - 4.0 * (since - 7)
    return 9.0 if since == 19 else 2.0


def minutes() -> dict[Series, list[MinuteRow]]:
    """What is stored from 01:11 to 03:45, a hundred tasks a minute."""
    span = range(FIRST_BAD - 60, minute_of(at("03:45")))
    her = [MinuteRow(SERIES, minute, her_at(minute), 100.0) for minute in span]
    tie = [MinuteRow(CALLS, minute, 6.0 if 1 <= minute - FIRST_BAD < 6 else 3.1, 100.0) for minute in span]
    cost = [MinuteRow(COSTS, minute, 0.05 if 0 <= minute - FIRST_BAD < 6 else 0.02, 100.0) for minute in span]
    return {SERIES: her, CALLS: tie, COSTS: cost}


def report(events: Iterable[ev.Event] = STORY, **changed: Any) -> Report:  # noqa: ANN401 - what `build` takes
    """The postmortem of a story."""
    told = tell(events)
    given: dict[str, Any] = {
        "minutes": minutes(),
        "rung_history": (),
        "people": PEOPLE,
        "agent": AGENT,
        "now": NOW,
    }
    return build(told.incident, told.entries, **{**given, **changed})


def later(event: ev.Event, seconds: float) -> ev.Event:
    """The same event, later."""
    return replace(event, at=event.at + timedelta(seconds=seconds))


def strings(value: object, *, leave: str = "") -> Iterator[str]:
    """Every string inside a value; `leave` names a field that is not looked into."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            if each.name != leave:
                yield from strings(getattr(value, each.name), leave=leave)
    elif isinstance(value, tuple) and not isinstance(value, Series):
        for item in value:
            yield from strings(item, leave=leave)
