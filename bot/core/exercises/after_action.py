"""The after-action report of an exercise as a value (`exercises.md`, "Scoring and after").

The team is described, never a person: people stand by role everywhere but in `participants`. What only people can say
(why something was hard, who does what about it) is a `Gap`, never filled with prose.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.exercises.debrief import WORDS, Debrief, Rated
from bot.core.exercises.exercise_log import Act, LogRow
from bot.core.incident import events as ev
from bot.core.reports.postmortem_report import Chart, Gap, Words
from bot.core.runbooks.rehearsal import MEASURES, Rehearsal

SOON, LATER = 30, 90
"""Days until it should be run again: soon where something could not be done, else as readiness asks for."""
_OWNER = re.compile(r"\bowner\s*[:=]\s*(<@\w+>|@?[\w.-]+)|(<@\w+>)", re.IGNORECASE)
_DUE = re.compile(r"\bdue(?: by| on)?\s*[:=]?\s*(\d{4}-\d\d-\d\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the record that proves something."""

    n: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ObjectiveFact:
    """One objective with its rating and its proof."""

    id: str
    text: str
    rating: str
    meaning: str
    why: str
    evidence: tuple[Link, ...]
    by_hand: str = ""


@dataclass(frozen=True, slots=True)
class InjectFact:
    """One inject: what was expected, what happened. `sent_at` None: it was never sent."""

    id: str
    when: str
    sender: str
    text: str
    sent_at: datetime | None
    expected: str
    actual: str
    contingency: bool


@dataclass(frozen=True, slots=True)
class ActionFact:
    """A corrective action that the team wrote down."""

    text: str
    owner: Words
    due: Words


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of the hot wash and what was answered."""

    ask: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimeFact:
    """One of the exercise's times, in scenario minutes; None: it did not happen."""

    name: str
    minutes: float | None


@dataclass(frozen=True, slots=True)
class AfterAction:
    """Everything the report is rendered from."""

    number: int
    playbook: str
    title: str
    agent: str
    started_at: datetime
    ended_at: datetime
    ended_why: str
    facilitated: bool
    participants: tuple[str, ...]
    briefing: str
    truth: str
    cause: str
    score: int
    objectives: tuple[ObjectiveFact, ...]
    times: tuple[TimeFact, ...]
    evidence_before_change: bool
    wrong_causes: int
    premature_restores: int
    hints: int
    hint_cost: int
    injects: tuple[InjectFact, ...]
    strengths: tuple[str, ...]
    to_improve: tuple[str, ...]
    actions: tuple[ActionFact, ...]
    hot_wash: tuple[Answered, ...]
    confidence: float | None
    votes: int
    notes: tuple[str, ...]
    rerun: date
    charts: tuple[Chart, ...]
    record: tuple[LogRow, ...]

    @property
    def worst(self) -> str:
        """The worst rating of any objective: what readiness looks at."""
        return max((one.rating for one in self.objectives), key="PSMU".index, default="U")


@dataclass(frozen=True, slots=True)
class ExerciseRun:
    """What is known of an exercise that is over, besides its debrief."""

    number: int
    agent: str
    rehearsal: Rehearsal
    started_at: datetime
    ended_at: datetime
    ended_why: str
    facilitated: bool
    participants: tuple[str, ...]
    injects: tuple[InjectFact, ...]
    confidence: Mapping[str, int]
    charts: tuple[Chart, ...]


def build(played: ExerciseRun, found: Debrief) -> AfterAction:
    """The report of an exercise that is over."""
    rehearsal, rows = played.rehearsal, found.record
    votes = tuple(played.confidence.values())
    days = SOON if any(one.rating in "MU" for one in found.rated) else LATER
    return AfterAction(
        number=played.number,
        playbook=rehearsal.playbook,
        title=rehearsal.title,
        agent=played.agent,
        started_at=played.started_at,
        ended_at=played.ended_at,
        ended_why=played.ended_why,
        facilitated=played.facilitated,
        participants=played.participants,
        briefing=rehearsal.briefing,
        truth=rehearsal.ground_truth.text,
        cause=rehearsal.ground_truth.cause,
        score=found.score,
        objectives=tuple(_objective(one, rows) for one in found.rated),
        times=_times(found),
        evidence_before_change=found.evidence_before_change,
        wrong_causes=found.wrong_causes,
        premature_restores=found.premature_restores,
        hints=found.hints,
        hint_cost=found.hint_cost,
        injects=played.injects,
        strengths=tuple(f"{one.objective.text}: {one.why}" for one in found.rated if one.rating == "P"),
        to_improve=tuple(f"{one.objective.text}: {one.why}" for one in found.rated if one.rating != "P"),
        actions=tuple(_action(row) for row in rows if isinstance(row.event, ev.Noted) and row.event.sort == "followup"),
        hot_wash=tuple(_answered(ask, str(place), rows) for place, ask in enumerate(rehearsal.questions, 1)),
        confidence=sum(votes) / len(votes) if votes else None,
        votes=len(votes),
        notes=tuple(row.text for row in rows if isinstance(row.event, Act) and row.event.kind == "note"),
        rerun=played.ended_at.date() + timedelta(days=days),
        charts=played.charts,
        record=rows,
    )


def _objective(one: Rated, rows: Sequence[LogRow]) -> ObjectiveFact:
    by_number = {row.n: row for row in rows}
    links = tuple(Link(n, by_number[n].at, by_number[n].text) for n in one.evidence if n in by_number)
    goal = one.objective
    return ObjectiveFact(goal.id, goal.text, one.rating, WORDS[one.rating], one.why, links, one.by_hand)


def _times(found: Debrief) -> tuple[TimeFact, ...]:
    times = found.times
    return (
        TimeFact("to acknowledge", times.acknowledge),
        TimeFact("to declare (a lead is named)", times.declare),
        TimeFact("to the first update", times.first_update),
        TimeFact("to the first sufficient rung", times.first_sufficient_rung),
        TimeFact("to contain", times.contain),
        TimeFact("to the right attribution", times.right_attribution),
        TimeFact("to mend the cause", times.fixed),
        TimeFact("to confirmed recovery", times.confirmed_recovery),
    )


def _action(row: LogRow) -> ActionFact:
    owner, due = _OWNER.search(row.event.text if isinstance(row.event, ev.Noted) else row.text), _DUE.search(row.text)
    named: Words = Gap("one named owner") if owner is None else str(owner[1] or owner[2]).strip("<@>")
    text = row.event.text if isinstance(row.event, ev.Noted) else row.text
    return ActionFact(text, named, due[1] if due else Gap("due date"))


def _answered(ask: str, number: str, rows: Sequence[LogRow]) -> Answered:
    acts = (row.event for row in rows if isinstance(row.event, Act))
    return Answered(ask, tuple(act.text for act in acts if act.kind == "answer" and act.ref == number))


def expected_words(measure: str, subject: str) -> str:
    """What an inject expects, in words."""
    return f"{MEASURES[measure]}{f' ({subject})' if subject else ''}"
