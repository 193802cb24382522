"""A postmortem draft as a value: facts, figures and marked gaps (`product.md` section 9).

Nothing in here was guessed. What could not be computed, and what only a person can know, is a `Gap`: it is shown as
`[GAP: ...]`, counted, and never filled with prose. People appear by role everywhere but in `Report.responders`.
Times are aware UTC datetimes, durations seconds, SLI values in the SLI's own unit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Literal

from bot.core.incident.events import IncidentKind, Severity
from bot.core.model.samples import Series
from bot.core.model.slis import Better
from bot.core.runbooks.runbook import Outcome, Phase


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing. `ask` says what is wanted, or why it could not be computed."""

    ask: str

    def __str__(self) -> str:
        """Write the mark that people search for."""
        return f"[GAP: {self.ask}]"

    def json_view(self) -> object:
        """What stands for it in JSON."""
        return {"gap": self.ask}


Words = str | Gap
Number = float | Gap


@dataclass(frozen=True, slots=True)
class Detection:
    """What noticed it, and how long the page took from the first bad minute."""

    signal: Words
    why: str
    first_bad: datetime | Gap
    detected_at: datetime
    paged_at: datetime | Gap
    lag: Number
    """Seconds from the first bad minute to the first page that was sent."""


@dataclass(frozen=True, slots=True)
class SliImpact:
    """One breached SLI in numbers, from its first bad minute to the end of the incident (or now)."""

    series: Series
    title: str
    unit: str
    better: Better
    limit: float
    """The objective as it stood at the breach."""
    baseline: Number
    worst: Number
    worst_at: datetime | None
    bad_minutes: int
    unknown_minutes: int
    tasks: Number
    """Tasks in the bad minutes: the sum of n."""
    excess: Number
    """Ratio: bad tasks beyond what the baseline would have given. Gauge: units beyond it, over all tasks."""
    excess_unit: str
    budget: Number
    """Share of a 30-day error budget that was spent, in percent."""


@dataclass(frozen=True, slots=True)
class Impact:
    """The damage in numbers. `minutes` are the minutes in which at least one SLI was past its objective."""

    minutes: int
    tasks: Number
    bad_tasks: Number
    cost: Number
    cost_unit: str
    cost_basis: str
    slis: tuple[SliImpact, ...]
    users: Words
    side_effects: Words


@dataclass(frozen=True, slots=True)
class AgentContext:
    """The agent as registered, and what nobody recorded."""

    title: str
    stage: str
    scope: Words
    blast_radius: Words
    fallback: Words
    rung_before: str
    rung_now: str
    normal_rung: str
    versions: Words


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the timeline. `who` is a role."""

    at: datetime
    who: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class AttributionSection:
    """What was found, what was ruled out, and the cause where somebody wrote one down as `cause: ...`."""

    cause: Words
    findings: tuple[ReportLine, ...]
    ruled_out: tuple[ReportLine, ...]


@dataclass(frozen=True, slots=True)
class SliEffect:
    """Means from the onset to a rung change, and over 10 minutes after it; None where no minute was measured."""

    series: Series
    title: str
    unit: str
    before: float | None
    after: float | None
    minutes_before: int
    minutes_after: int
    words: str = ""
    """What the two say of the step, and how sure that is."""


@dataclass(frozen=True, slots=True)
class RungMove:
    """One rung change and what the SLIs did. `seconds` None: no read-back confirmed it."""

    at: datetime
    who: str
    from_rung: str
    to_rung: str
    direction: Literal["down", "up", "changed"]
    """`changed`: made beside the incident, by somebody or something its timeline does not name."""
    workflow: str
    reason: str
    epoch: int
    asked_by: str = ""
    """Role of whoever asked for a restore; `who` approved it."""
    by_plan: bool = False
    """Made by the bot, from a restore plan that the two approved."""
    until: datetime | None = None
    confirmed_at: datetime | None = None
    seconds: float | None = None
    effects: tuple[SliEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockMove:
    """The recovery clock began, was reset, or held."""

    at: datetime
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class StepFact:
    """A runbook step that did not simply get done. `outcome` open: nobody touched it."""

    phase: Phase
    title: str
    required: bool
    outcome: Outcome | str
    note: Words
    who: str


@dataclass(frozen=True, slots=True)
class Walk:
    """How the runbook fitted: counts, and the steps that were skipped, blocked, not applicable or left open."""

    runbook: str
    title: str
    steps: int
    done: int
    exceptions: tuple[StepFact, ...]


@dataclass(frozen=True, slots=True)
class PageFact:
    """How one page went. `who` is a role."""

    at: datetime | None
    who: str
    way: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Span:
    """A derived time. `seconds` None: it has not happened; `basis` says from what to what."""

    name: str
    seconds: float | None
    basis: str


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody who was paged or acted: the only place where a name stands."""

    name: str
    role: str
    did: str


@dataclass(frozen=True, slots=True)
class ActionItem:
    """A follow-up or task that came up during the incident."""

    text: str
    sort: str
    owner: Words
    due: Words


@dataclass(frozen=True, slots=True)
class Question:
    """A question for people, with what the facts say about it and a gap for the answer."""

    ask: str
    facts: str
    answer: Words


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on a chart. `sort` groups marks by meaning: harm, person, rung, good."""

    at: datetime
    label: str
    sort: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart of one SLI shows. `points` are (minute, value); None breaks the line."""

    series: Series
    title: str
    unit: str
    better: Better
    points: tuple[tuple[int, float | None], ...]
    first: int
    last: int
    baseline: float | None
    band: float | None
    """The recovery limit: the baseline worsened by its tolerance."""
    objective: float | None
    """None where it is a multiple of a baseline that is not known yet."""
    marks: tuple[Mark, ...]
    until: int | None = None
    """The minute in which it was drawn; None where it shows a time long past."""
    due: int = 0
    """Minutes after which a value is too old to speak of now."""
    doubtful: tuple[int, ...] = ()
    """Minutes whose value is in doubt."""

    @property
    def newest(self) -> int | None:
        """The newest minute that has a value: what the curve shows until."""
        return next((minute for minute, value in reversed(self.points) if value is not None), None)

    def speaks_of_now(self, minute: int) -> bool:
        """Whether the value of a minute may be called that of now."""
        return minute not in self.doubtful and (self.until is None or self.until - minute - 1 <= self.due)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a postmortem draft is rendered from."""

    incident_id: int
    number: str
    agent: str
    title: str
    kind: IncidentKind
    severity: Severity
    state: str
    opened_at: datetime
    drafted_at: datetime
    exercise: bool
    notices: tuple[str, ...]
    """What must be seen first: an override, a rung left lower, an exercise."""
    summary: tuple[Words, ...]
    detection: Detection
    impact: Impact
    context: AgentContext
    timeline: tuple[ReportLine, ...]
    attribution: AttributionSection
    rung_moves: tuple[RungMove, ...]
    clock: tuple[ClockMove, ...]
    resets: int
    walk: Walk
    pages: tuple[PageFact, ...]
    times: tuple[Span, ...]
    charts: tuple[Chart, ...]
    responders: tuple[Responder, ...]
    actions: tuple[ActionItem, ...]
    agent_questions: tuple[Question, ...]
    reflections: tuple[Question, ...]

    @property
    def gaps(self) -> int:
        """How many gaps are left for people to fill."""
        return sum(1 for _ in gaps_in(self))


def gaps_in(value: object) -> Iterator[Gap]:
    """Every gap anywhere inside a value, in field order."""
    if isinstance(value, Gap):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from gaps_in(getattr(value, each.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from gaps_in(item)
    elif isinstance(value, Mapping):
        yield from gaps_in(tuple(value.values()))
