"""What the Slack tests share: a fleet, and every card as a responder meets it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar, get_args

from bot.core.cards.answer import Card
from bot.core.cards.autonomy import AutonomyCard
from bot.core.cards.causes import CauseLine, CausesCard, ExampleLine, FactLine, PlaybookLine
from bot.core.cards.fleet import AgentRow
from bot.core.cards.incident import (
    BreachesCard,
    CatchupCard,
    IncidentCard,
    IncidentLine,
    IncidentList,
    PhaseCard,
    PhaseProgress,
    RecoveryCard,
    ResolveCard,
    StepLine,
    TimelineCard,
    TimelineLine,
)
from bot.core.cards.page import AnnouncementCard, PageCard
from bot.core.cards.parts import Header, Proposal, RungLine, SliLine
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import Person, Way
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.runbooks.runbook import PHASES
from tests.slack.approval_cards import approvals
from tests.slack.exercise_cards import drill
from tests.slack.fleet_cards import agents
from tests.slack.team_cards import FOLLOWUP, NOW, TASKS, plans, restores, team

OneCard = TypeVar("OneCard")

OPENED = NOW - timedelta(minutes=3)


def header(state: str = "paging", **more: Any) -> Header:  # noqa: ANN401 - whatever a header has
    told: dict[str, Any] = {
        "incident_id": 42,
        "number": "INC-0042",
        "agent": "refunds",
        "title": "human escalation 18.0 % (limit 5.0 %)",
        "incident_kind": "slo",
        "severity": "SEV2",
        "state": state,
        "opened_at": OPENED,
        "now": NOW,
        "owner": "Ana Silva",
        "owner_slack": "U0ANA",
        "channel": "C0AGENTS",
    }
    return Header(**{**told, **more})


HER = SliLine(
    "her", "human escalation", "", "%", 18.0, 214, "5 %", 3.1, 3.4, "lower", "breach", "18.0 % > 5.0 % for 2 minutes"
)
TIE = SliLine("tie", "tool calls per task", "", "calls/task", 6.3, 214, "1.5x", 4.1, 4.5, "lower", "breach")
DQR = SliLine("dqr", "decision quality", "", "%", 92.4, 180, "85 %", 93.0, 83.7, "higher", "ok")
AQDD = SliLine("aqdd", "approvals waiting", "kyc", "pending", None, None, "2x", 40, 44, "lower", "unknown")
LINES = (HER, TIE, DQR, AQDD)

FULL = RungLine("full", "full", "act within its registered blast radius")
LOWERED = RungLine("read-only", "full", "read and answer; no writes", "confirmed", 2, 2, 4.0, 7)
PROPOSAL = Proposal("read-only", "read and answer; no writes", "HER is above twice its objective")
STEPS = (
    StepLine("real", "Decide whether the signal is real", "", "check", required=True, outcome="done", by="Ana", at=NOW),
    StepLine(
        "reach",
        "Find how far it reaches",
        "Say which tasks are affected, in the note: workflow, tenant, version, or all of them.\n"
        "- One workflow only: contain that one.\n- All of them: contain the agent as a whole.",
        "ask",
        required=True,
        timebox=5,
        evidence=("human escalation: 18.0 %, objective 5 %, baseline 3.1 %: breach", "Rung: full, no change"),
    ),
    StepLine(
        "harm",
        "Decide whether it is still doing harm",
        "Ask: can it write, pay, send or delete right now?",
        "ask",
        required=True,
        timebox=2,
        outcome="blocked",
        note="nobody has access to the ledger",
        by="Bo",
        at=NOW,
    ),
    StepLine("score", "Score ten decisions by hand", "Pick ten at random.", "do", required=False, timebox=10),
)
ROW = AgentRow("refunds", "Ana Silva", LOWERED, LINES, "INC-0042", OPENED, "Ana", NOW + timedelta(hours=2))


def realistic() -> dict[str, Card]:
    """Each card as a responder meets it, by a name for its moment."""
    return {
        **_pages(),
        **_incidents(),
        **_phases(),
        **_changes(),
        **_recoveries(),
        **_endings(),
        **agents(ROW, FULL, DQR),
        **approvals(),
        **_stories(),
        **_causes(),
        **drill(),
        **team(header, WORKING, RECOVERED, FULL, LOWERED, PROPOSAL),
    }


WORKING = header("responding", acked_by="Ana Silva", acked_at=NOW)
RECOVERING = header("recovering", acked_by="Ana Silva", acked_at=NOW)
RECOVERED = header("recovered", acked_by="Ana Silva", acked_at=NOW)
WHY = "HER 18.0 % over 3 min (39 of 214), normal 3.1 %, objective 5 %: by chance less than once in 10 years"
CLOCK = "18 of 30 good minutes since 02:41 UTC; needs about 90 more tasks."


def _pages() -> dict[str, Card]:
    page = PageCard(
        header(),
        "refunds: human escalation 18 % (limit 5 %), 3 min. You own it.",
        (HER, TIE),
        "You own refunds.",
        FULL,
        PROPOSAL,
        runbook="Default runbook",
        reason=WHY,
    )
    blind = header(incident_kind="blind", agent="kyc", title="no data for 5 min")
    return {
        "page": page,
        "page-acked": replace(page, header=WORKING, acked="Acknowledged by Ana, 02:15 UTC"),
        "page-blind": PageCard(
            blind, "kyc: no data, 5 min. You own it.", (AQDD,), "You own kyc.", FULL, below="watched"
        ),
        "announcement": AnnouncementCard(header(), (HER, TIE), FULL, "Bo Lind", "Holding on read-only.", OPENED, NOW),
        "exercise": AnnouncementCard(header(exercise=True, mark="[EXERCISE] "), (HER,), FULL),
    }


def _incidents() -> dict[str, Card]:
    progress = tuple(
        PhaseProgress(phase, settled, 4, settled == 4) for phase, settled in zip(PHASES, (4, 1, 0, 0), strict=True)
    )
    roles = (("lead", "Ana Silva"), ("scribe", "Bo Lind"))
    recalled = "A lower rung does not recall what is already done, in flight or queued."
    return {
        "incident": IncidentCard(
            header(), LINES, FULL, (), progress, "detection", "Decide whether the signal is real", PROPOSAL
        ),
        "incident-contained": IncidentCard(
            RECOVERED,
            LINES,
            LOWERED,
            roles,
            progress,
            "attribution",
            "Find what changed",
            None,
            CLOCK,
            recalled,
            update_due=NOW,
            tasks=TASKS[:1],
            scopes=(("refund", "suspended"),),
        ),
        "breaches": BreachesCard(
            WORKING,
            tuple(
                replace(HER, workflow=f"refund-{place:02}", now=44.0 - place / 4, n=400 - place) for place in range(60)
            ),
        ),
        "incidents": IncidentList((IncidentLine(header(), "refunds: human escalation 18 %"),), NOW),
        "incidents-none": IncidentList((), NOW),
    }


def _phases() -> dict[str, Card]:
    return {
        "phase": PhaseCard(WORKING, "detection", "Default runbook", STEPS, done=False, goal="Is it real?", as_of=NOW),
        "phase-done": PhaseCard(WORKING, "recovery", "Default runbook", STEPS[:1], done=True),
    }


def _changes() -> dict[str, Card]:
    unconfirmed = RungLine("read-only", "full", "read and answer; no writes", "not-confirmed", 1, 2)
    requested = RungLine("read-only", "full", "read and answer; no writes", "requested")
    lower = Proposal("suspended", "do nothing; the fallback serves users", "the step down is not confirmed")
    return {
        "autonomy-requested": _change(requested),
        "autonomy-confirmed": _change(LOWERED),
        "autonomy-not-confirmed": _change(unconfirmed, lower),
        **restores(RECOVERED),
    }


def _recoveries() -> dict[str, Card]:
    bands = (
        SliLine("her", "human escalation", "", "%", 3.2, 240, "5 %", 3.1, 3.4, "lower", "in-band"),
        SliLine("tie", "tool calls per task", "", "calls/task", 4.9, 240, "1.5x", 4.1, 4.5, "lower", "out-of-band"),
        SliLine(
            "aqdd", "approvals waiting", "", "pending", 61, None, "2x", 40, 44, "lower", "exempt", "rises on read-only"
        ),
    )
    return {
        "recovery": RecoveryCard(
            RECOVERING,
            bands,
            18,
            30,
            "running",
            CLOCK,
            "02:40 UTC: human escalation 6.1 % is past 3.4 %",
            LOWERED,
            restore_wait="refunds has not recovered yet: 18 of 30 good minutes.",
            reason=WHY,
        ),
        "recovery-held": RecoveryCard(
            RECOVERED,
            bands[:1],
            30,
            30,
            "held",
            "Held for 30 min.",
            rung=LOWERED,
            restore_to="approval",
            plan_to="full",
            reason=WHY,
        ),
        **plans(RECOVERING, LOWERED, bands[:1]),
    }


def _endings() -> dict[str, Card]:
    owed = ("step not settled: Find what changed (attribution)", "refunds is on read-only, not full")
    times = (("acknowledged", "40 s"), ("contained", "2 min"), ("recovered", "41 min"))
    return {
        "resolve-barred": ResolveCard(RECOVERED, times[:1], LOWERED, owed),
        "resolve-ready": ResolveCard(RECOVERED, times, FULL),
        "resolved": ResolveCard(
            header("resolved"),
            times,
            FULL,
            followups=(FOLLOWUP,),
            postmortem="data/inc-0042.md",
            resolved="Resolved 03:02 UTC.",
        ),
        "resolved-override": ResolveCard(
            header("resolved"),
            times[:2],
            LOWERED,
            resolved="Resolved 03:02 UTC. OVERRIDE: the trial of this agent is over, it is switched off tonight",
            unmet=("it is contained, not recovered", *owed),
        ),
    }


def _stories() -> dict[str, Card]:
    return {
        "timeline": TimelineCard(
            WORKING,
            (
                TimelineLine(OPENED, "Stepdown", "HER 18.0 % > 5.0 % objective for 2 of 2 minutes, n=214"),
                TimelineLine(NOW, "Ana Silva", "acknowledged"),
            ),
            12,
        ),
        "catchup": CatchupCard(
            WORKING,
            "human escalation 18.0 % (limit 5.0 %)",
            OPENED,
            ((NOW, "read-only by Ana"),),
            "human escalation 4.0 %; 18 of 30 good minutes",
            "attribution: Find what changed",
            "Ana Silva has it",
            "12 min past the objective, about 214 tasks",
        ),
    }


def _change(rung: RungLine, lower: Proposal | None = None) -> AutonomyCard:
    return AutonomyCard(
        WORKING,
        "refunds",
        "",
        "full",
        "read-only",
        "Ana Silva",
        NOW,
        "refunding twice",
        "read and answer; no writes",
        rung,
        until=NOW + timedelta(hours=2),
        residue="A lower rung does not recall what is already done, in flight or queued.",
        lower=lower,
        undo=True,
    )


def moment(name: str, kind: type[OneCard]) -> OneCard:
    """One of the realistic cards, which is of this kind."""
    card = realistic()[name]
    assert isinstance(card, kind), f"{name} is a {type(card).__name__}"
    return card


def card_types() -> set[type]:
    return set(get_args(Card))


PEOPLE = {
    "ana": Person("ana", "Ana Silva", slack="U0ANA", phone="+351 1", ways=(Way("slack", "U0ANA"),)),
    "bo": Person("bo", "Bo Lind", slack="U0BEN"),
    "cy": Person("cy", "Cy Dow", slack="U0CHLOE"),
    "dev": Person("dev", "Dev Onlooker", slack="U0DEV"),
}
FLEET = Fleet(
    people=PEOPLE,
    sources={},
    agents={
        "refunds": Agent("refunds", "ana", deputy="bo", manager="cy", workflows=("refund", "kyc-review")),
        "kyc": Agent("kyc", "bo"),
    },
    ladder=DEFAULT_LADDER,
    announcements="C0GENERAL",
)


def _examples() -> tuple[ExampleLine, ...]:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    return (
        ExampleLine(NOW, "failed; ledger failed 3 of 4 calls", trace, f"https://traces.example.com/trace/{trace}"),
        ExampleLine(NOW, "needed a person", trace[::-1]),
    )


def _causes() -> dict[str, Card]:
    apart = "ledger measured apart: for kyc 1.0 % -> 38.0 % failed"
    grounds = (
        FactLine(apart, 6.0, "it fails where the agent has no part in it"),
        FactLine("ledger fails 1.2 % of calls before, 41.0 % now", 3.0, "the agent's own calls of it fail"),
        FactLine("ledger's errors began at 02:31 UTC", -3.0, "it failed only after the agent went bad"),
    )
    tool = CauseLine(1, "tool", "ledger", "the tool ledger", 0.93, grounds, "one plain call by hand works")
    prompt = replace(
        tool,
        rank=2,
        kind="prompt",
        subject="p-7",
        words="the prompt v7: shorter refusals",
        share=0.05,
        grounds=grounds[2:],
        ruled_out="rolled back, still bad (Bo Chen, 02:40 UTC)",
    )
    seen = ("a tool fails also where the agent has no part in it", "HER up")
    advice = "Open the breaker of that tool or take it off the agent's list."
    outage = PlaybookLine("tool-outage", "Tool outage", "tool-outage", seen, (), "", advice)
    found = CausesCard(
        WORKING,
        "Looks like the tool ledger: it fails for kyc too",
        NOW,
        NOW,
        (tool, prompt),
        (outage,),
        ("approvals", "what a guard finds in inputs"),
        ("TIE 4.2 before deployment, 4.3 before this, 13.0 now",),
        examples=_examples(),
    )
    named = "the tool ledger: 429 (Ana Silva, 02:41 UTC)"
    settled = replace(found, sentence=f"The cause is {named}", named=named)
    nothing = CausesCard(WORKING, "Nothing stands out as the cause yet.", NOW, NOW, (replace(tool, share=0.2),))
    return {"causes": found, "causes named": settled, "causes, nothing stands out": nothing}
