"""Incidents and events for tests of the core, made by hand."""

from datetime import UTC, datetime, timedelta

from bot.core.incident.events import Event, Opened, Roster
from bot.core.incident.incident import Incident
from bot.core.model.people import BOT, Actor, EscalationPolicy
from bot.core.model.samples import Series, minute_of
from bot.core.model.slis import Baseline, Better, Breach, Objective, Sli
from bot.core.runbooks.runbook import Plan, Step
from bot.core.transitions.reducer import advance

T0 = datetime(2026, 3, 2, 2, 14, tzinfo=UTC)
ANA = Actor("ana", "Ana Duarte", "U0ANA", responder=True)
BO = Actor("bo", "Bo Lindgren", "U0BO", responder=True)
HER = Sli("her", "Human escalation", "%", "ratio", Better.LOWER, Objective(5), absolute_tolerance=0.5)
PLAN = Plan(
    "default",
    "Default",
    (
        Step("confirm", "detection", "Confirm"),
        Step("cause", "attribution", "Cause"),
        Step("lower", "containment", "Lower"),
        Step("clean", "recovery", "Clean up"),
        Step("extra", "recovery", "Extra", required=False),
    ),
)
ROSTER = Roster(
    "ana",
    "bo",
    "cleo",
    ("ana", "bo", "cleo", "dan"),
    {"ana": ("slack", "sms"), "bo": ("slack",), "cleo": ("slack",), "dan": ("slack",)},
)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def breach(name: str = "her", value: float = 18.0) -> Breach:
    baseline = Baseline(3.0, 0.2, 10_000, 1_000, 0, minute_of(T0), "by hand")
    series = Series("refunds", "", name)
    first = minute_of(T0) - 2
    return Breach(series, HER, first, T0, value, 5.0, 214, f"{name.upper()} {value} % > 5.0 %", baseline)


def opened(**changes: object) -> Opened:
    fields: dict[str, object] = {
        "at": T0,
        "actor": BOT,
        "incident_id": 7,
        "agent": "refunds",
        "incident_kind": "slo",
        "title": "human escalation 18.0 % (limit 5.0 %)",
        "severity": "SEV2",
        "roster": ROSTER,
        "rung": "full",
        "normal_rung": "full",
        "breaches": (breach(),),
        "policy": EscalationPolicy(),
        "plan": PLAN,
        "agent_channel": "C0REFUNDS",
    }
    return Opened(**{**fields, **changes})  # type: ignore[arg-type]


def incident(*events: Event, **changes: object) -> Incident:
    found = advance(None, opened(**changes)).incident
    for event in events:
        found = advance(found, event).incident
    return found
