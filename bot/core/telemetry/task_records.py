"""Task records, and the minutes they make (`product.md` section 3, source `tasks`).

An agent (or its gateway) reports one record per task and may report it again: waiting for approval now, completed
later. The newest word on a task, by the record's own time, is the only one that counts; so reporting a task twice
changes nothing. Each task counts once, in the minute of its newest record.

| SLI           | per minute                                       | n                                |
|---------------|--------------------------------------------------|----------------------------------|
| dqr           | completed tasks judged good, %                   | completed tasks with a judgement |
| tie           | tool calls of completed tasks per completed task | completed tasks                  |
| her           | tasks that needed a person, %                    | tasks that say                   |
| aqdd          | tasks waiting for approval at the minute's end   | none: a queue, not a share       |
| task_success  | tasks that succeeded, %                          | tasks that say                   |
| cost_per_task | cost per task                                    | tasks that say                   |
| replans_per_task | plans made again per task                     | tasks that say                   |
| context_use   | share of the context window, %                   | tasks that say                   |
| tokens_per_task | tokens per task                                | tasks that say                   |
| time_to_resolution | seconds per task                            | tasks that say                   |
| trajectory_length | calls of models and tools per task           | tasks that say                   |
| a percentile  | what all but 100 - p % of the tasks stay within  | tasks that say                   |

Every value with an n is a sum over a sum, so minutes pool exactly. DQR has two kinds of evidence and never mixes them:
a workflow whose tasks are ever judged (`decision_correct`) is measured by judgements alone, and its unjudged minutes
are UNKNOWN; otherwise the mean of the agent's own `decision_confidence`, times 100, stands in.

The queue outlives every window: a task is in it from the first record that said it waits until a record that completes
it (or says that it no longer waits), however long that takes.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start
from bot.core.model.slis import Sli
from bot.core.telemetry.tail import TailSketch

JUDGED_SHARE = "dqr"
NO_TAILS: Mapping[Series, Sli] = {}
QUEUE = "aqdd"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool in one task: how often it was called, and how many of those calls failed."""

    name: str
    calls: int
    errors: int = 0


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """What is known of one task. `task_id` is unique within its agent; `at` is the source's time of this word."""

    task_id: str
    agent: str
    workflow: str
    at: datetime
    tool_calls: int = 0
    required_escalation: bool | None = False
    """None: nobody can tell, so the task says nothing of HER."""
    pending_approval: bool | None = False
    """None: nobody can tell, so the task says nothing of the queue."""
    completed: bool = False
    decision_confidence: float | None = None
    """The agent's own confidence, 0 to 1."""
    decision_correct: bool | None = None
    """A judgement by somebody else: a reviewer, a check, an eval."""
    success: bool | None = None
    cost: float | None = None
    tools: tuple[ToolUse, ...] = ()
    """Per tool, where the reporter knows; empty where it does not."""
    invalid_calls: int | None = None
    """Calls of tools that do not exist, or whose arguments the tool's schema refuses."""
    denied_calls: int | None = None
    """Calls that a policy refused."""
    repeated_calls: int | None = None
    """Calls that repeat an earlier one of the task: same tool, same arguments."""
    replans: int | None = None
    flagged: int | None = None
    """Inputs or tool answers in which a guard found instructions."""
    context_use: float | None = None
    """The largest share of the context window that the task filled, 0 to 1."""
    tokens: int | None = None
    """Tokens that its models read and wrote."""
    seconds: float | None = None
    """How long it was worked on; waiting for people is not in it."""
    steps: int | None = None
    """Calls of models and tools."""
    model: str = ""
    """The model as the provider returned it."""
    prompt: str = ""
    """The version of the prompt."""
    queued_at: datetime | None = None
    """When the task began to wait for approval; kept when a later record ends the wait."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same task: (agent, task_id)."""
        return self.agent, self.task_id

    @property
    def waits(self) -> bool:
        """True while a person's approval is what the task waits for."""
        return bool(self.pending_approval) and not self.completed


def merge(known: TaskRecord | None, word: TaskRecord) -> TaskRecord:
    """What is known of a task after one more word on it.

    An older word changes nothing, except that it may tell when the wait began. At equal times the new word wins.
    """
    if word.queued_at is None and word.waits:
        word = replace(word, queued_at=word.at)
    if known is None:
        return word
    newest = known if word.at < known.at else word
    waits = [one.queued_at for one in (known, word) if one.queued_at is not None]
    return replace(newest, queued_at=min(waits, default=None))


def newest_words(records: Iterable[TaskRecord]) -> Mapping[tuple[str, str], TaskRecord]:
    """One record per task, whatever the order in which they came."""
    known: dict[tuple[str, str], TaskRecord] = {}
    for record in records:
        key = (record.agent, record.task_id)
        before = known.get(key)
        alone = before is None and not record.pending_approval  # nearly all; of a busy agent 20,000 each time
        known[key] = record if alone else merge(before, record)
    return known


def touched_minutes(before: Iterable[TaskRecord], after: Iterable[TaskRecord]) -> tuple[int, ...]:
    """Minutes whose counts change when `before` becomes `after`: a later word moves its task to another minute."""
    return tuple(sorted({minute_of(record.at) for group in (before, after) for record in group}))


def judged_workflows(records: Iterable[TaskRecord]) -> set[tuple[str, str]]:
    """(agent, workflow) pairs, "" among them, whose decisions somebody judges."""
    found = {(r.agent, r.workflow) for r in records if r.decision_correct is not None}
    return found | {(agent, "") for agent, _ in found}


def minutes_from_tasks(
    records: Sequence[TaskRecord],
    series: Collection[Series],
    minutes: Collection[int],
    judged: Collection[tuple[str, str]] = (),
    tails: Mapping[Series, Sli] = NO_TAILS,
) -> list[MinuteRow]:
    """Compute the rows of these series in these minutes afresh from the records. `tails`: those that are percentiles.

    `records` must hold every task whose newest word lies in one of the minutes and every task that waited in one of
    them. A series of workflow "" counts all tasks of its agent. `judged` adds pairs known from older records to be
    judged. A share of no tasks is a row with value None and n 0, so that it overwrites what stood there before.
    """
    known = tuple(newest_words(records).values())
    pairs = judged_workflows(known) | set(judged)
    queued = tuple(record for record in known if record.queued_at is not None)
    by_minute: dict[int, list[TaskRecord]] = {minute: [] for minute in sorted(minutes)}
    for record in known:
        by_minute.get(minute_of(record.at), []).append(record)
    return [
        _tail_row(one, minute, tasks, tails[one])
        if one in tails
        else _row(one, minute, tasks, queued, judged=(one.agent, one.workflow) in pairs)
        for minute, tasks in by_minute.items()
        for one in sorted(series)
        if one in tails or one.sli in TASK_SLIS
    ]


def _tail_row(series: Series, minute: int, tasks: Sequence[TaskRecord], sli: Sli) -> MinuteRow:
    """A percentile in one minute, with what all its tasks took so that minutes can be merged."""
    measure = _TOOK[sli.of]
    told = [part for r in tasks if _belongs(r, series) and (part := measure(r)) is not None]
    if not told:
        return MinuteRow(series, minute, None, 0.0)
    tail = TailSketch.of(sli.percentile, told)
    return MinuteRow(series, minute, tail.value, float(len(told)), tail=tail.text())


def _row(
    series: Series, minute: int, tasks: Sequence[TaskRecord], queued: Sequence[TaskRecord], *, judged: bool
) -> MinuteRow:
    """One series in one minute."""
    if series.sli == QUEUE:
        return _queue(series, minute, tasks, queued)
    parts = values_of(series, tasks, judged=judged)
    return MinuteRow(series, minute, sum(parts) / len(parts) if parts else None, float(len(parts)))


def values_of(series: Series, tasks: Sequence[TaskRecord], *, judged: bool) -> list[float]:
    """What each of these tasks that says anything adds to a series of TASK_SLIS; not for the queue."""
    measure = _judgement if series.sli == JUDGED_SHARE and judged else _MEASURES[series.sli]
    agent, flow = series.agent, series.workflow  # `_belongs` in one line: of a busy agent 20,000 tasks each time
    own = [r for r in tasks if r.agent == agent and (not flow or r.workflow == flow)]
    return [part for r in own if (part := measure(r)) is not None]


def _queue(series: Series, minute: int, tasks: Sequence[TaskRecord], queued: Sequence[TaskRecord]) -> MinuteRow:
    """How many wait; no value where none is known to and the tasks of the minute cannot tell."""
    end = minute_start(minute + 1)
    waiting = sum(_waited(r, end) for r in queued if _belongs(r, series))
    own = [record for record in tasks if _belongs(record, series)]
    silent = bool(own) and all(record.pending_approval is None for record in own)
    return MinuteRow(series, minute, None if silent and not waiting else float(waiting))


def _belongs(record: TaskRecord, series: Series) -> bool:
    return record.agent == series.agent and series.workflow in {"", record.workflow}


def _waited(record: TaskRecord, end: datetime) -> bool:
    """Whether the task waited at the instant `end`: it had begun to, and what is known did not end it before."""
    return record.queued_at is not None and record.queued_at < end and (record.waits or record.at >= end)


def _judgement(record: TaskRecord) -> float | None:
    if not record.completed or record.decision_correct is None:
        return None
    return 100.0 * record.decision_correct


def _confidence(record: TaskRecord) -> float | None:
    if not record.completed or record.decision_confidence is None:
        return None
    return 100.0 * record.decision_confidence


def _calls(record: TaskRecord) -> float | None:
    return float(record.tool_calls) if record.completed else None


def _escalated(record: TaskRecord) -> float | None:
    return None if record.required_escalation is None else 100.0 * record.required_escalation


def _succeeded(record: TaskRecord) -> float | None:
    return None if record.success is None else 100.0 * record.success


def _cost(record: TaskRecord) -> float | None:
    return record.cost


def _replans(record: TaskRecord) -> float | None:
    return None if record.replans is None else float(record.replans)


def _context_use(record: TaskRecord) -> float | None:
    return None if record.context_use is None else 100.0 * record.context_use


def _tokens(record: TaskRecord) -> float | None:
    return None if record.tokens is None else float(record.tokens)


def _seconds(record: TaskRecord) -> float | None:
    return record.seconds


def _steps(record: TaskRecord) -> float | None:
    return None if record.steps is None else float(record.steps)


_MEASURES: Mapping[str, Callable[[TaskRecord], float | None]] = {
    JUDGED_SHARE: _confidence,
    "tie": _calls,
    "her": _escalated,
    "task_success": _succeeded,
    "cost_per_task": _cost,
    "replans_per_task": _replans,
    "context_use": _context_use,
    "tokens_per_task": _tokens,
    "time_to_resolution": _seconds,
    "trajectory_length": _steps,
}
_TOOK: Mapping[str, Callable[[TaskRecord], float | None]] = {"tool_calls": _calls, "cost": _cost, "duration": _seconds}
"""What a task took, by the name that an SLI's `of` gives it."""
TASK_PERCENTILES = frozenset({"tool_calls_p95", "cost_p95", "duration_p95"})
"""Percentiles that need no explanation."""
TASK_SLIS = frozenset({*_MEASURES, QUEUE})
"""Names of the SLIs that task records can answer for."""
