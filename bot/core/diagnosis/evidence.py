"""What attribution looks at, gathered whole before any rule sees it (`engine/diagnosis/attribution.py` gathers).

One time axis: minutes of source time. *Before* is the span up to a guard ahead of the onset, *after* from the onset on.
What could not be had is empty, and the rules then say nothing about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.core.diagnosis.comparison import LevelShift
from bot.core.model.fleet import Agent
from bot.core.model.posted_change import PostedChange
from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start
from bot.core.model.slis import Breach, Sli
from bot.core.telemetry.task_records import TaskRecord

BEFORE = 120
"""Minutes before the onset that are normal for comparison."""
GUARD = 5
"""Minutes before the onset that belong to neither side: a slow start would make the before a part of the after."""
FEED_BACK = 48 * 60
"""Minutes before the onset in which a change is a suspect (`runbooks/default.md`)."""
FED_BACK = 30 * 24 * 60
"""Minutes without a single posted change after which nobody seems to post them."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another agent at the same time: what breached there and when, and its own task records of the span."""

    agent: str
    breaches: tuple[Breach, ...] = ()
    tasks: tuple[TaskRecord, ...] = ()


class ToolSeries(NamedTuple):
    """A tool's success measured apart: an SLI that names the tool, of this agent or another."""

    tool: str
    series: Series
    sli: Sli
    rows: Sequence[MinuteRow]


@dataclass(frozen=True, slots=True)
class Moved:
    """One SLI of the agent around the onset. `normal` is its baseline (frozen, current or pinned), None: unknown."""

    series: Series
    sli: Sli
    normal: float | None
    pinned: float | None
    now: float | None
    n: float | None
    step: LevelShift | None
    breached: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one incident's surroundings. `primary` is the SLI that broke first."""

    agent: Agent
    onset: int
    now: int
    moves: tuple[Moved, ...] = ()
    primary: str = ""
    tasks: tuple[TaskRecord, ...] = ()
    changes: tuple[PostedChange, ...] = ()
    fed: bool = False
    """Whether anybody posts changes of this agent at all. Where nobody does, hearing of none says nothing."""
    tools: tuple[ToolSeries, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    arrivals: Mapping[int, float] = field(default_factory=dict)
    """Minute -> tasks, where a series with counts tells."""
    moved: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Workflow ("": any of the agent's) -> the minutes [first, end) in which its rung waited for people. What they are
    asked for then is asked for by the rung, and says nothing of a cause (`core/autonomy/moving_rung.py`)."""

    @property
    def first(self) -> int:
        """The first minute that is compared."""
        return self.onset - BEFORE

    def early(self, minute: int) -> bool:
        """Whether a minute belongs to what was before."""
        return self.first <= minute < self.onset - GUARD

    def late(self, minute: int) -> bool:
        """Whether a minute belongs to what came after."""
        return self.onset <= minute <= self.now

    def moved_at(self, workflow: str, minute: int) -> bool:
        """Whether the rung itself sent the tasks of a workflow to people in a minute."""
        return any(first <= minute < end for first, end in self.moved.get(workflow, self.moved.get("", ())))

    def unmoved(self, task: TaskRecord) -> bool:
        """Whether what a task asked people for was the agent's own doing."""
        return not self.moved_at(task.workflow, minute_of(task.at))

    def split(self, tasks: Sequence[TaskRecord]) -> tuple[list[TaskRecord], list[TaskRecord]]:
        """These tasks before and after."""
        first, guard, onset, end = map(minute_start, (self.first, self.onset - GUARD, self.onset, self.now + 1))
        before = [task for task in tasks if first <= task.at < guard]
        return before, [task for task in tasks if onset <= task.at < end]
