"""Service level indicators: what is measured, its objective, and what a minute came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.core.model.aliases import NO_ALIASES, Aliases
from bot.core.model.samples import Series

Scale = Literal["", "percent", "fraction"]
USUAL_SUSTAIN = 2
"""The default of `sustain`, which the evidence replaces; a longer one was asked for and stays in force."""


class Better(StrEnum):
    """Which way an SLI improves."""

    HIGHER = "higher"
    LOWER = "lower"


class Call(StrEnum):
    """The three answers. Unknown is never rounded to one of the others."""

    OK = "OK"
    BAD = "BAD"
    UNKNOWN = "UNKNOWN"


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
    sustain: int = USUAL_SUSTAIN
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
    values_in: Scale = ""
    """How the source writes a share that it does not count: 97 or 0.97. Empty: nobody said, and it is read as 97."""
    percentile: float = 0.0
    """50 to 99.9 where the SLI is a percentile of what single tasks took (`of`); 0: it is none."""
    of: Literal["", "tool_calls", "cost", "duration"] = ""
    rule: Literal["evidence", "literal"] = "literal"
    """How a breach is told: by evidence against chance (what the fleet file gives an SLI that does not say), or by
    `sustain` BAD minutes."""
    watch: Literal["bad", "both"] = "bad"
    """`both`: a move in the good direction is news too, since the agent may have stopped asking (HER). It is a breach
    only beside another sign of trouble (`detection/silent_failure_rule`)."""
    turned: bool = False
    """True for an SLI whose good direction is taken for the bad one, in the breach of a silent failure."""

    @property
    def is_share(self) -> bool:
        """Whether its value lies from 0 to 100: a ratio, or what is held to a line in percent."""
        return self.kind == "ratio" or (self.unit == "%" and not self.objective.relative)

    @property
    def allowed(self) -> float:
        """Of a percentile: percent of the tasks that may be past it."""
        return 100 - self.percentile


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
    aliases: Aliases = NO_ALIASES

    percent: bool = False
    """A share in percent: a value outside 0 to 100 cannot be."""
    values_in: Scale = ""
    """See `Sli.values_in`."""

    def whose(self, agent: str, workflow: str) -> tuple[str, str]:
        """(agent, workflow) of a series by its label values, in the words of the fleet file; an agent of "": nobody's.

        Where the query speaks of one agent or workflow, it is theirs whatever its labels say.
        """
        return self.aliases.named(self.agent or agent, self.workflow or workflow)

    def speaks_for(self, whose: tuple[str, str]) -> bool:
        """Whether the query speaks for them."""
        return bool(whose[0]) and (not self.serves or whose in self.serves)

    def answers(self, series: Series) -> bool:
        """Whether the query is asked for a series: another agent may have the same SLI from a source of its own."""
        whose = (series.agent, series.workflow)
        return self.sli == series.sli and self.agent in ("", series.agent) and self.speaks_for(whose)


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
    noise: str = field(default="", repr=False)
    """What the evidence rule learned of the history, as JSON (`detection/evidence_rule`); "" while learning."""
    noise_until: int = 0
    """The minute before which it was learned."""
    noise_line: float = 0.0
    """Of a percentile: the objective past which tasks were counted when the noise was learned."""
    beyond: float | None = None
    """Of a percentile: percent of the history's tasks past its recovery limit; None where it is not known."""


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
    share: float | None = None
    """Of a percentile: percent of the tasks past the limit."""


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
    beside: Series | None = None
    """The SLI that moved with it: the two together are a silent failure, and neither need be past its objective. `sli`
    is then turned so that the way it moved is its bad direction, and `limit` is where normal ends."""

    @property
    def fell(self) -> bool:
        """Whether it is the SLI of a silent failure that moved in what is its good direction otherwise."""
        return self.beside is not None and self.sli.turned

    def judged_as(self, present: Sli) -> Sli:
        """What it is judged by now: of a silent failure as it was found, else the SLI as the fleet file has it."""
        return self.sli if self.beside is not None else present

    share: float | None = None
    """Of a percentile: percent of the tasks past the limit."""

    @property
    def level(self) -> float:
        """How ill the agent was, on the scale that evidence weighs: of a percentile the `share`."""
        return self.value if self.share is None else self.share
