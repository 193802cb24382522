"""The words of the trade as values (`product.md` sections 1, 2 and 7).

Times are aware UTC datetimes. A *minute* is an int: whole minutes since the epoch, of the source's clock.
Percentages run from 0 to 100. Everything here is frozen; nothing here reads a clock or touches the world.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from bot.core.hours import QUIET, Quiet


def minute_of(at: datetime) -> int:
    """Whole minutes since the epoch of an aware datetime."""
    return int(at.timestamp() // 60)


def minute_start(minute: int) -> datetime:
    """The aware UTC datetime at which a minute begins."""
    return datetime.fromtimestamp(minute * 60, UTC)


class Better(StrEnum):
    """Which way an SLI improves."""

    HIGHER = "higher"
    LOWER = "lower"


class Call(StrEnum):
    """The three answers. Unknown is never rounded to one of the others."""

    OK = "OK"
    BAD = "BAD"
    UNKNOWN = "UNKNOWN"


class Series(NamedTuple):
    """What is measured: one SLI of one agent, for one workflow ("" is the agent as a whole)."""

    agent: str
    workflow: str
    sli: str

    def __str__(self) -> str:
        """Write `agent/sli` or `agent/workflow/sli`."""
        return "/".join(part for part in self if part)


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. `n` is the number of tasks behind the value, None when the source cannot tell."""

    series: Series
    at: datetime
    value: float | None
    n: float | None = None
    degraded: str = ""
    """Why the value is only partly trusted (source warnings); empty when it is whole."""


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """What is known of one series in one UTC minute of source time. `value` None: asked, and no answer."""

    series: Series
    minute: int
    value: float | None
    n: float | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """The line an SLI must stay on the right side of: a number, or `limit` times the baseline."""

    limit: float
    relative: bool = False


@dataclass(frozen=True, slots=True)
class BurnAlert:
    """A ticket when the error budget burns `factor` times too fast over both windows (minutes)."""

    factor: float
    over: int
    and_over: int
    """The short window: it must be past the factor too, so that the alert ends soon after the burning does."""


@dataclass(frozen=True, slots=True)
class Sli:
    """One SLI as it applies to one agent and workflow, inheritance already resolved.

    `kind` ratio: values are percentages of counts and `n` is the denominator, so minutes pool as sum over sum.
    `kind` gauge: with `n` known, minutes pool weighted by n (calls per task); without n each minute stands alone.
    """

    name: str
    title: str
    unit: str
    kind: Literal["ratio", "gauge"]
    better: Better
    objective: Objective
    sustain: int = 2
    """Consecutive BAD minutes that make a breach (and OK minutes that clear it)."""
    long_window: int = 0
    """Minutes that, pooled, must be past the objective as well before it is a breach; 0: only `sustain` counts."""
    every: int = 60
    """Seconds between polls; a sample stands for the minutes until the next one is due."""
    tolerance: float = 0.10
    absolute_tolerance: float | None = None
    """In the SLI's unit; required where a baseline can be 0."""
    min_count: int = 20
    window: int = 10
    """Minutes a recovery minute looks back over, and the most that detection pools to reach min_count."""
    settle: int = 120
    """Seconds after which a minute of this source is complete enough to be judged for recovery."""
    moved_by_approval: bool = False
    """True where rungs that wait for people drive the SLI up by themselves (HER, AQDD)."""
    slice_target: float = 0.95
    """Share of minutes (0 to 1) that a gauge must spend on the good side of its objective; its budget is the rest."""
    burn_alerts: tuple[BurnAlert, ...] | None = None
    """None: the usual ones, as far as the target lets them be reached (`budget.alerts_of`)."""
    tool: str = ""
    """The tool whose success this measures, apart from how the agent does."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a person. `target` is an id or URL; it may hold a secret and is never shown."""

    kind: str
    target: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be paged. `slack` is a Slack user id."""

    key: str
    name: str
    slack: str = ""
    email: str = ""
    phone: str = ""
    tz: str = "UTC"
    ways: tuple[Way, ...] = ()
    quiet: Quiet = QUIET
    """When reminders wait, in the person's own time zone."""

    def named_ways(self) -> dict[str, Way]:
        """The ways by name: the kind, and from the second of a kind on `KIND-2`, `KIND-3`."""
        named: dict[str, Way] = {}
        for way in self.ways:
            nth = 1 + sum(known.kind == way.kind for known in named.values())
            named[way.kind if nth == 1 else f"{way.kind}-{nth}"] = way
        return named


@dataclass(frozen=True, slots=True)
class Rung:
    """One autonomy level. `may` says in plain words what the agent may do on it."""

    name: str
    may: str
    waits_for_people: bool = False
    """True where writes wait for a person, so HER and AQDD rise by the rung itself."""
    grants: Mapping[str, object] = field(default_factory=dict)
    """Machine-readable permissions, served to the agent beside the level."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs from the most autonomy down to none."""

    rungs: tuple[Rung, ...]

    def __iter__(self) -> Iterator[Rung]:
        return iter(self.rungs)

    def names(self) -> tuple[str, ...]:
        """Rung names from the top down."""
        return tuple(rung.name for rung in self.rungs)

    def depth(self, name: str) -> int:
        """0 for the top rung; raises KeyError for a name that is not on the ladder."""
        for index, rung in enumerate(self.rungs):
            if rung.name == name:
                return index
        raise KeyError(name)

    def rung(self, name: str) -> Rung:
        """The rung of that name; raises KeyError."""
        return self.rungs[self.depth(name)]

    def below(self, name: str) -> Rung | None:
        """One rung down, None at the bottom."""
        depth = self.depth(name) + 1
        return self.rungs[depth] if depth < len(self.rungs) else None

    def above(self, name: str) -> Rung | None:
        """One rung up, None at the top."""
        depth = self.depth(name) - 1
        return self.rungs[depth] if depth >= 0 else None

    def lower(self, one: str, other: str) -> str:
        """Whichever of two rungs allows less."""
        return one if self.depth(one) >= self.depth(other) else other


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Page `who` so many minutes after the incident began to page."""

    after: float
    who: Literal["owner", "deputy", "manager", "everyone"]


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """`product.md` section 6. Times in minutes. The steps repeat until `rounds` pages to everyone are out."""

    steps: tuple[EscalationStep, ...] = (
        EscalationStep(0, "owner"),
        EscalationStep(5, "owner"),
        EscalationStep(10, "deputy"),
        EscalationStep(20, "manager"),
    )
    everyone_every: float = 10
    rounds: int = 5
    ack_reminder: float = 25
    ack_lapse: float = 30


@dataclass(frozen=True, slots=True)
class Control:
    """How an agent obeys its rung. `not_after` in seconds: how long a rung it read may be trusted."""

    kind: Literal["ofrep", "webhook"] = "ofrep"
    url: str = ""
    secret: str = field(default="", repr=False)
    not_after: int = 300
    fallback_rung: str = "read-only"
    confirm_within: int = 60
    """Seconds after which a step down that no live instance has read back is NOT CONFIRMED."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A deployed agent with one named owner. `owner`, `deputy` and `manager` are keys of people."""

    key: str
    owner: str
    title: str = ""
    deputy: str = ""
    manager: str = ""
    summary: str = ""
    scope: str = ""
    blast_radius: str = ""
    workflows: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    stage: Literal["demo", "beta", "production"] = "demo"
    fallback: str = ""
    data_contracts: tuple[str, ...] = ()
    cost: Mapping[str, float] = field(default_factory=dict)
    top_failures: tuple[str, ...] = ()
    runbook: str = "default"
    control: Control = field(default_factory=Control)
    containment: Literal["suggest", "auto"] = "suggest"
    channel: str = ""
    normal_rung: str = "full"
    slis: tuple[tuple[str, Sli], ...] = ()
    """(workflow, SLI) pairs; workflow "" is the agent as a whole."""
    pinned: tuple[tuple[str, str, float], ...] = ()
    """Pre-deployment baselines: (workflow, SLI name, value)."""

    def sli(self, workflow: str, name: str) -> Sli | None:
        """The SLI of a workflow, falling back to the agent's own; None where it has none."""
        found = dict[tuple[str, str], Sli]()
        for flow, sli in self.slis:
            found[flow, sli.name] = sli
        return found.get((workflow, name)) or found.get(("", name))

    def series(self) -> tuple[Series, ...]:
        """Every series that is watched for this agent."""
        return tuple(Series(self.key, workflow, sli.name) for workflow, sli in self.slis)

    def pinned_baseline(self, series: Series) -> float | None:
        """The pre-deployment baseline of a series, None where none was pinned."""
        for workflow, name, value in self.pinned:
            if (workflow, name) == (series.workflow, series.sli):
                return value
        return None


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source as the fleet file names it: adapter `kind` and its settings (secrets already resolved)."""

    name: str
    kind: str
    settings: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PollQuery:
    """One question to a source that may answer for many agents at once.

    `parts` maps a role to the source's own query text: `value` (and `count`) for a gauge; `good` or `bad`, and
    `total`, for a ratio. `by` maps our label (`agent`, `workflow`) to the source's label. Where `agent` is set the
    query speaks of that agent (and workflow) alone.
    """

    name: str
    source: str
    sli: str
    kind: Literal["ratio", "gauge"]
    parts: Mapping[str, str]
    by: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""
    workflow: str = ""
    every: int = 60
    serves: frozenset[tuple[str, str]] = frozenset()
    """The (agent, workflow) pairs it speaks for; what it says of others is left out. Empty: it speaks for all."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything the fleet file says, validated whole."""

    people: Mapping[str, Person]
    sources: Mapping[str, SourceSpec]
    agents: Mapping[str, Agent]
    ladder: Ladder
    escalation: EscalationPolicy = field(default_factory=EscalationPolicy)
    queries: tuple[PollQuery, ...] = ()
    responders: tuple[str, ...] = ()
    """Keys of people who may act besides owners, deputies and managers."""
    responder_group: str = ""
    """A Slack user group id whose members may act, where the plan has user groups."""
    announcements: str = ""
    """Channel id for loud ends and announcements."""

    def person_by_slack(self, slack: str) -> Person | None:
        """The person with that Slack user id, None when nobody has it."""
        return next((p for p in self.people.values() if p.slack and p.slack == slack), None)


DEFAULT_LADDER = Ladder(
    (
        Rung("full", "act within its registered blast radius", grants={"writes": "allow"}),
        Rung(
            "watched",
            "act within its registered blast radius, with enhanced logging and tighter alerts",
            grants={"writes": "allow", "log": "enhanced"},
        ),
        Rung(
            "bounded",
            "use an allow-listed toolset with capped steps, cost and amounts",
            grants={"writes": "capped", "log": "enhanced"},
        ),
        Rung(
            "approval",
            "act, but every write waits for a person",
            waits_for_people=True,
            grants={"writes": "approve", "log": "enhanced"},
        ),
        Rung(
            "read-only",
            "read and answer; no writes",
            waits_for_people=True,
            grants={"writes": "deny", "log": "enhanced"},
        ),
        Rung(
            "suspended",
            "do nothing; the fallback serves users",
            waits_for_people=True,
            grants={"writes": "deny", "tasks": "deny"},
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What normal was. `value` and `spread` in the SLI's unit; `n` tasks (or minutes, for gauges without counts)."""

    value: float
    spread: float
    n: float
    minutes: int
    """Minutes of history used."""
    span_start: int
    span_end: int
    """First and last minute of the span looked at (inclusive, exclusive)."""
    method: str
    """In words: "median of the same hour on 9 days", "pooled ratio of 3 days", "pinned before deployment"."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one SLI was at one minute, and why. `lack` says what was missing when the call is UNKNOWN."""

    call: Call
    why: str
    minute: int
    value: float | None = None
    limit: float | None = None
    n: float | None = None
    lack: Literal["", "data", "idle", "thin", "baseline"] = ""


@dataclass(frozen=True, slots=True)
class Breach:
    """One SLI past its objective for its sustain time, with the baseline frozen at onset."""

    series: Series
    sli: Sli
    first_bad: int
    """The first BAD minute of the run."""
    detected_at: datetime
    value: float
    limit: float
    n: float | None
    why: str
    baseline: Baseline | None = None
    """None: too little history; the objective stands in."""
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RungState:
    """The rung an agent (workflow "": as a whole) is on, as committed. `epoch` only ever grows."""

    agent: str
    workflow: str
    rung: str
    epoch: int
    changed_at: datetime
    by: str = ""
    reason: str = ""
    until: datetime | None = None
    incident_id: int | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InstanceReading:
    """What one instance of an agent last said it applies: its read-back."""

    agent: str
    instance: str
    level: str
    epoch: int
    seen_at: datetime
    workflow: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `key` is a person's key, a Slack user id, or `bot`; `responder` None: the lookup failed."""

    key: str
    name: str
    slack: str = ""
    responder: bool | None = False
    surface: Literal["slack", "cli", "web", "bot"] = "slack"


BOT = Actor("bot", "Stepdown", responder=False, surface="bot")
