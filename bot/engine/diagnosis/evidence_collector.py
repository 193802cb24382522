"""Gathers what attribution looks at: one incident's surroundings on one time axis (`core/diagnosis/evidence.py`)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.core.autonomy.moving_rung import MovedSpan, moved_spans
from bot.core.diagnosis.comparison import LevelShift, Point, loudest, step
from bot.core.diagnosis.evidence import BEFORE, FED_BACK, FEED_BACK, Evidence, Moved, Neighbour, ToolSeries
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.posted_change import PostedChange
from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start
from bot.core.model.slis import Breach, Sli
from bot.core.telemetry.tail import merged_rows
from bot.core.telemetry.task_records import QUEUE, TaskRecord
from bot.engine.baselines import Baselines, Rows
from bot.ports.store import Store

MOST_TASKS = 10_000
"""Task records read on each side of the onset; more prove nothing more and cost seconds."""
MOST_NEIGHBOURS, NEIGHBOUR_TASKS = 20, 3_000
REFINE = 20
"""Minutes by which the onset found from the numbers may differ from the first bad minute of detection."""
CLEAR_STEP, CLEAR_DECLARED = 0.3, 0.5
"""Share of a series' variation that a step must explain to say when it moved."""
TOGETHER = 6
"""Minutes within which breaches began together; of those the clearest speaks, for a rare one comes by chance."""
DECLARED_BACK = 90
"""Minutes before an incident declared by hand in which its onset is looked for."""


class EvidenceCollector:
    """Reads everything about an incident's surroundings. Changes nothing."""

    def __init__(self, store: Store, history: Baselines, fleet: Callable[[], Fleet]) -> None:
        self._store = store
        self._history = history
        self._fleet = fleet

    def gather(self, incident: Incident, now: datetime) -> Evidence | None:
        """The material of an incident; None for an agent that left the fleet file."""
        fleet = self._fleet()
        agent = fleet.agents.get(incident.agent)
        if agent is None:
            return None
        rough, newest = _rough(incident), minute_of(now)
        moved = self._moved_by_rung(agent, newest)
        rows = _unmoved(agent, self._history.rows([agent.key], rough - BEFORE - REFINE, newest), moved)
        onset, primary = _onset(incident, agent, rows, rough)
        if not incident.breaches:
            onset = self._noticed(agent.key, rough, newest) or min(onset, rough - UNNOTICED)
        tasks = self._tasks(agent.key, onset, newest)
        return Evidence(
            agent=agent,
            onset=onset,
            now=newest,
            moves=tuple(self._moved(agent, incident, rows, onset, now)),
            primary=primary,
            tasks=tasks,
            changes=self._changes(agent.key, onset - FEED_BACK, now),
            fed=bool(self._changes(agent.key, onset - FED_BACK, now)),
            tools=tuple(self._tools(fleet, agent, tasks, onset, newest)),
            neighbours=tuple(self._neighbours(fleet, agent, onset, newest)),
            arrivals=_arrivals(tasks, rows, onset, newest),
            moved=moved,
        )

    def _moved_by_rung(self, agent: Agent, newest: int) -> Mapping[str, Sequence[tuple[int, int]]]:
        """By workflow: the minutes in which its rung waited for people, and drove HER and AQDD up by itself."""
        ladder, history = self._fleet().ladder, self._store.rung_history(agent.key, minute_start(newest - FED_BACK))
        flows = {"", *agent.workflows, *(workflow for workflow, _ in agent.slis)}
        # where the normal rung waits for people, what is normal was measured on it
        found = {flow: moved_spans(agent, ladder, history, flow) for flow in flows}
        return {flow: [_minutes(span) for span in spans if span.since is not None] for flow, spans in found.items()}

    def _noticed(self, agent: str, rough: int, newest: int) -> int | None:
        """Since when task records count more of something than before: somebody saw what no SLI shows."""
        first = rough - BEFORE
        tasks = self._store.tasks_between([agent], first, newest, MOST_TASKS)
        found = [
            loud
            for of in NOTICED
            if (loud := loudest(_by_minute(tasks, of), first, newest)) is not None and loud[0] >= LOUD
        ]
        return max(found)[1] if found else None

    def _tasks(self, agent: str, onset: int, newest: int) -> tuple[TaskRecord, ...]:
        before = self._store.tasks_between([agent], onset - BEFORE, onset - 1, MOST_TASKS)
        return (*before, *self._store.tasks_between([agent], onset, newest, MOST_TASKS))

    def _changes(self, agent: str, first: int, now: datetime) -> tuple[PostedChange, ...]:
        found = self._store.changes(minute_start(first), now)
        return tuple(change for change in found if change.touches(agent))

    def _moved(
        self, agent: Agent, incident: Incident, rows: Mapping[Series, Rows], onset: int, now: datetime
    ) -> list[Moved]:
        breaches = {breach.series: breach for breach in incident.breaches}
        found = []
        for workflow, sli in agent.slis:
            series = Series(agent.key, workflow, sli.name)
            own, breach = rows.get(series, {}), breaches.get(series)
            late = [row for row in own.values() if row.minute >= onset and row.value is not None]
            value, n = _pooled(sli, late)
            pinned = agent.pinned_baseline(series)
            normal = self._normal(agent, series, sli, breach, own, onset, now)
            found.append(Moved(series, sli, normal, pinned, value, n, _step(own, onset), breach is not None))
        return found

    def _normal(
        self,
        agent: Agent,
        series: Series,
        sli: Sli,
        breach: Breach | None,
        own: Rows,
        onset: int,
        now: datetime,
    ) -> float | None:
        """The frozen baseline, the current one, or what the minutes before the onset show."""
        baseline = breach.baseline if breach else self._history.remembered(agent, series, sli, now)
        if baseline is not None:
            return baseline.value
        early = [row for row in own.values() if row.minute < onset and row.value is not None]
        return _pooled(sli, early)[0]

    def _tools(
        self, fleet: Fleet, agent: Agent, tasks: Sequence[TaskRecord], onset: int, newest: int
    ) -> list[ToolSeries]:
        used = {*agent.tools, *(use.name for task in tasks for use in task.tools)}
        wanted = [
            (Series(other.key, workflow, sli.name), sli)
            for other in fleet.agents.values()
            for workflow, sli in other.slis
            if sli.tool and (sli.tool in used or other.key == agent.key)
        ]
        return [
            ToolSeries(sli.tool, series, sli, self._store.minutes(series, onset - BEFORE, newest))
            for series, sli in wanted
        ]

    def _neighbours(self, fleet: Fleet, agent: Agent, onset: int, newest: int) -> list[Neighbour]:
        """Agents that share a tool with this one first, then those with an incident, then any that report."""
        breaches = {
            one.agent: one.breaches for one in self._store.open_incidents() if one.agent != agent.key and one.breaches
        }
        others = [other for other in fleet.agents.values() if other.key != agent.key]
        shared = {other.key: bool(set(other.tools) & set(agent.tools)) for other in others}
        others.sort(key=lambda other: (not shared[other.key], other.key not in breaches, other.key))
        near = others[:MOST_NEIGHBOURS]
        rows = self._store.minutes_of([other.key for other in near], newest - REFINE, newest) if near else {}
        reporting = {series.agent for series, known in rows.items() if known}
        found = [Neighbour(one.key, breaches.get(one.key, ()), self._tasks_of(one, onset, newest)) for one in near]
        return [one for one in found if one.breaches or one.tasks or one.agent in reporting]

    def _tasks_of(self, other: Agent, onset: int, newest: int) -> tuple[TaskRecord, ...]:
        before = self._store.tasks_between([other.key], onset - BEFORE, onset - 1, NEIGHBOUR_TASKS)
        return (*before, *self._store.tasks_between([other.key], onset, newest, NEIGHBOUR_TASKS))


def _minutes(span: MovedSpan) -> tuple[int, int]:
    """The minutes that a span touches: [first, end)."""
    first = 0 if span.since is None else minute_of(span.since)
    return first, NEVER if span.until is None else minute_of(span.until) + 1


def _unmoved(
    agent: Agent, rows: Mapping[Series, Rows], moved: Mapping[str, Sequence[tuple[int, int]]]
) -> Mapping[Series, Rows]:
    """The same without what HER and AQDD were while their rung moved them."""
    slis = {(workflow, sli.name) for workflow, sli in agent.slis if sli.moved_by_approval}

    def told(series: Series, minute: int) -> bool:
        return not any(first <= minute < end for first, end in moved.get(series.workflow, ()))

    return {
        series: {minute: row for minute, row in own.items() if told(series, minute)} if series[1:] in slis else own
        for series, own in rows.items()
    }


NEVER = 10**12
"""A minute that is after all of them."""
NOTICED: tuple[Callable[[TaskRecord], int | None], ...] = (
    lambda record: record.flagged,
    lambda record: record.denied_calls,
    lambda record: record.invalid_calls,
)
UNNOTICED = 30
"""Minutes that something is taken to have gone on before somebody declared it, where nothing says since when."""
LOUD = 4.5
"""Standard errors; every minute is tried, so more than `contrast.CLEAR`."""


def _by_minute(tasks: Sequence[TaskRecord], of: Callable[[TaskRecord], int | None]) -> dict[int, float]:
    counts: Counter[int] = Counter()
    for task in tasks:
        counts[minute_of(task.at)] += of(task) or 0
    return dict(counts)


def _rough(incident: Incident) -> int:
    """When detection says it began; for an incident declared by hand, when it was declared."""
    return min((breach.first_bad for breach in incident.breaches), default=minute_of(incident.opened_at))


def _onset(incident: Incident, agent: Agent, rows: Mapping[Series, Rows], rough: int) -> tuple[int, str]:
    """(the minute at which the numbers moved, the SLI that moved first)."""
    if not incident.breaches:
        return _declared(agent, rows, rough)
    together = [breach for breach in incident.breaches if breach.first_bad <= rough + TOGETHER]
    # of a silent failure, what went bad says what happened; what fell only says that nobody was asked
    together = [breach for breach in together if not breach.fell] or together
    steps = {breach.series: _step(rows.get(breach.series, {}), rough) for breach in together}
    first = max(together, key=lambda breach: found.share if (found := steps[breach.series]) else 0.0)
    moved = steps[first.series]
    if moved is None or moved.share < CLEAR_STEP or abs(moved.minute - rough) > REFINE:
        return rough, first.series.sli
    return min(moved.minute, rough), first.series.sli


def _declared(agent: Agent, rows: Mapping[Series, Rows], rough: int) -> tuple[int, str]:
    """Nothing breached: the clearest step in the last hour and a half, else the moment of declaring."""
    steps = {
        # a queue wanders by itself
        sli.name: _step(rows.get(Series(agent.key, workflow, sli.name), {}), rough - DECLARED_BACK // 2)
        for workflow, sli in agent.slis
        if sli.name != QUEUE
    }
    found = [
        (moved.share, moved.minute, name)
        for name, moved in steps.items()
        if moved is not None and rough - DECLARED_BACK <= moved.minute <= rough
    ]
    share, minute, name = max(found, default=(0.0, rough, ""))
    return (minute, name) if share >= CLEAR_DECLARED else (rough, "")


def _step(own: Rows, near: int) -> LevelShift | None:
    """When a series moved, looked for from two hours before `near` on."""
    points = [
        Point(row.minute, row.value, 1.0 if row.n is None else row.n)
        for row in own.values()
        if row.value is not None and row.minute >= near - BEFORE // 2
    ]
    return step(points)


def _pooled(sli: Sli, rows: Sequence[MinuteRow]) -> tuple[float | None, float | None]:
    """Sum over sum where counts are known (a percentile: of all tasks); the newest value of a queue; else the mean."""
    if sli.percentile:
        tail = merged_rows(rows, sli.percentile)
        return (tail.value, tail.n) if tail.n else (None, 0.0)
    values = [(row.value, row.n) for row in rows if row.value is not None]
    if not values:
        return None, None
    counts = [n for _, n in values if n is not None]
    if len(counts) == len(values):
        total = sum(counts)
        return (sum(v * (n or 0.0) for v, n in values) / total, total) if total else (None, 0.0)
    if sli.kind == "gauge":
        return max(rows, key=lambda row: row.minute).value, None
    return sum(value for value, _ in values) / len(values), None


def _arrivals(tasks: Sequence[TaskRecord], rows: Mapping[Series, Rows], onset: int, newest: int) -> dict[int, float]:
    """Tasks a minute: from the records, or from the counts of an SLI where the records were too many to read."""
    counted = Counter(minute_of(task.at) for task in tasks)
    early = sum(n for minute, n in counted.items() if minute < onset)
    if counted and max(early, len(tasks) - early) < MOST_TASKS:
        first = max(min(counted), onset - BEFORE)
        return {minute: float(counted.get(minute, 0)) for minute in range(first, newest)}
    best: Rows = max(rows.values(), key=lambda own: sum(row.n or 0.0 for row in own.values()), default={})
    return {row.minute: row.n for row in best.values() if row.n is not None}
