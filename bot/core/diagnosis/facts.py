"""What is seen around an onset, one fact at a time, each with its numbers in words. No fact knows a cause.

A fact that was looked for and is not there says so (`seen` False); one that could not be looked for is not given.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.core.diagnosis.comparison import Comparison, chance_of, means, shares
from bot.core.diagnosis.evidence import Evidence, Moved
from bot.core.formatting.numbers import figure, label
from bot.core.formatting.plurals import plural
from bot.core.telemetry.task_records import TaskRecord


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at. `subject` is the tool, the change's id, the workflow or the version it is about."""

    sign: str
    seen: bool
    words: str
    subject: str = ""


class Count(NamedTuple):
    """A number that a task record may hold, how a rise of it reads, and how large a rise must be to be one."""

    sign: str
    of: Callable[[TaskRecord], float | None]
    what: str
    times: float
    by: float


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


COUNTS: tuple[Count, ...] = (
    Count("invalid-calls", lambda r: _number(r.invalid_calls), "refused or unknown calls", 1.5, 0.05),
    Count("denied-calls", lambda r: _number(r.denied_calls), "calls refused by policy", 1.5, 0.05),
    Count("repeated-calls", lambda r: _number(r.repeated_calls), "repeated calls", 1.5, 0.2),
    Count("replans", lambda r: _number(r.replans), "re-plans", 1.5, 0.2),
    Count(
        "dear-calls",
        lambda r: None if r.cost is None or not r.tool_calls else r.cost / r.tool_calls,
        "cost a call",
        1.25,
        0.0,
    ),
)


def counted(material: Evidence) -> Iterator[Fact]:
    """What task records count: each against the time before."""
    before, after = material.split(material.tasks)
    for count in COUNTS:
        found = means(_values(before, count.of), _values(after, count.of))
        if found.known:
            unit = "" if count.sign == "dear-calls" else " a task"
            words = f"{count.what}{unit}: {figure(found.before, '')} before, {figure(found.after, '')} now"
            yield Fact(count.sign, found.rose(count.times, count.by), words)


SURE, MAYBE, LEAST_FINDS = 1e-4, 0.02, 3
"""Chance below which a guard's finds are more than its usual false alarms: for sure, and perhaps."""


def guarded(material: Evidence) -> Iterator[Fact]:
    """What a guard found in what the agent read. Finds are rare, so they are counted and not averaged."""
    before, after = ([r.flagged for r in side if r.flagged is not None] for side in material.split(material.tasks))
    if not before or not after:
        return
    finds, usual = sum(after), (sum(before) + 0.5) / len(before) * len(after)
    chance = chance_of(finds, usual) if finds >= LEAST_FINDS else 1.0
    words = f"{plural(finds, 'find')} of a guard in {plural(len(after), 'task')}, {usual:.1f} would be usual"
    yield Fact("flagged-content", chance <= SURE, words)
    if chance > SURE:
        yield Fact("flagged-perhaps", chance <= MAYBE, words)


def _values(tasks: Sequence[TaskRecord], of: Callable[[TaskRecord], float | None]) -> list[float]:
    return [value for task in tasks if (value := of(task)) is not None]


def badness(sli: str) -> Callable[[TaskRecord], float | None]:
    """How bad one task was in terms of an SLI; of decision quality where the SLI is none of a task."""
    return {
        "her": lambda r: None if r.required_escalation is None else float(r.required_escalation),
        "tie": lambda r: float(r.tool_calls) if r.completed else None,
        "cost_per_task": lambda r: r.cost,
        "task_success": lambda r: None if r.success is None else float(not r.success),
        "replans_per_task": lambda r: _number(r.replans),
        "context_use": lambda r: r.context_use,
        "tokens_per_task": lambda r: _number(r.tokens),
        "time_to_resolution": lambda r: r.seconds,
        "trajectory_length": lambda r: _number(r.steps),
        "aqdd": lambda r: float(r.queued_at is not None),
    }.get(sli, _misjudged)


ASKED_OF_PEOPLE = ("her", "aqdd")
"""SLIs whose tasks are sent to people by a rung that waits for them."""


def primary_badness(material: Evidence, sli: str = "") -> Callable[[TaskRecord], float | None]:
    """How bad one task was in terms of the SLI that broke first (or of `sli`); None where its rung made it so."""
    name = sli or material.primary
    bad = badness(name)
    return (lambda r: bad(r) if material.unmoved(r) else None) if name in ASKED_OF_PEOPLE else bad


def _misjudged(record: TaskRecord) -> float | None:
    if not record.completed:
        return None
    if record.decision_correct is not None:
        return float(not record.decision_correct)
    return None if record.decision_confidence is None else 1 - record.decision_confidence


SLIGHT = 2.0
"""Standard errors below which a slice is as it was."""


def by_workflow(material: Evidence) -> Iterator[Fact]:
    """Whether one workflow alone went bad."""
    bad = primary_badness(material)
    before, after = material.split(material.tasks)
    found = {
        flow: contrast
        for flow in sorted({task.workflow for task in material.tasks})
        if (
            contrast := means(*(_values([t for t in side if t.workflow == flow], bad) for side in (before, after)))
        ).known
    }
    worse = [flow for flow, contrast in found.items() if contrast.rose(times=1.2)]
    if len(found) < 2 or not worse:  # noqa: PLR2004 - one workflow is no slice
        return
    same = [flow for flow, contrast in found.items() if contrast.z < SLIGHT]
    alone = len(worse) == 1 and len(same) == len(found) - 1
    if alone:
        yield Fact("one-workflow", True, f"only {worse[0]} is bad; {', '.join(same)} as before", worse[0])
    elif len(worse) == len(found):
        yield Fact("one-workflow", False, f"every workflow is bad: {', '.join(worse)}")


def by_length(material: Evidence) -> Iterator[Fact]:
    """Whether the long tasks went bad and the short ones did not, by how full the context was."""
    bad = primary_badness(material, "dqr" if material.primary in ("tie", "cost_per_task", "context_use") else "")
    before, after = material.split([task for task in material.tasks if task.context_use is not None])
    filled = sorted(task.context_use or 0.0 for task in (*before, *after))
    if len(filled) < 4 * MIN_SLICE:
        return
    low, high = filled[len(filled) // 3], filled[2 * len(filled) // 3]

    def split(tasks: Sequence[TaskRecord]) -> Comparison:
        short = [task for task in tasks if (task.context_use or 0.0) <= low]
        long = [task for task in tasks if (task.context_use or 0.0) >= high]
        return means(_values(short, bad), _values(long, bad))

    now, then = split(after), split(before)
    if now.known:
        gap, was = now.after - now.before, then.after - then.before if then.known else 0.0
        words = f"long tasks {_percent(now.after)} bad, short ones {_percent(now.before)}"
        yield Fact("long-tasks", now.rose(times=1.5) and gap > was + GAP, words)


MIN_SLICE = 20
GAP = 0.08
"""By so much more than before must long tasks be worse than short ones."""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def endings(material: Evidence) -> Iterator[Fact]:
    """Whether tasks end with less done than before, and fail."""
    before, after = material.split(material.tasks)
    calls = means(*(_values(side, badness("tie")) for side in (before, after)))
    failed = means(*(_values(side, badness("task_success")) for side in (before, after)))
    if calls.known and failed.known:
        words = (
            f"calls a task {calls.before:.1f} -> {calls.after:.1f}, failed {_percent(failed.before)} -> "
            + _percent(failed.after)
        )
        yield Fact("early-endings", calls.fell(0.92) and failed.rose(times=1.3), words)


def mix(material: Evidence) -> Iterator[Fact]:
    """Whether tasks use other tools than before: the share of tasks that a tool is used in."""
    before, after = (
        [frozenset(use.name for use in task.tools if use.calls) for task in side if task.tools]
        for side in material.split(material.tasks)
    )
    tools = sorted(frozenset().union(*before, *after))
    found = {
        tool: shares(
            (sum(tool in used for used in before), len(before)), (sum(tool in used for used in after), len(after))
        )
        for tool in tools
    }
    known = {tool: contrast for tool, contrast in found.items() if contrast.known}
    if not known:
        return
    up = [tool for tool, contrast in known.items() if contrast.rose(times=1.3, by=0.06)]
    most = max(up or known, key=lambda tool: known[tool].after - known[tool].before)
    contrast = known[most]
    words = f"{most} is used in {_percent(contrast.before)} of tasks before, {_percent(contrast.after)} now"
    yield Fact("other-tools", bool(up), words if up else "tasks use the same tools as before", most if up else "")


def shape(material: Evidence) -> Iterator[Fact]:
    """Whether the first SLI went bad at once or little by little."""
    moved = first_move(material)
    if moved is not None and moved.step is not None and moved.step.sudden is not None:
        name = label(moved.sli)
        how = "went bad at once" if moved.step.sudden else "went bad little by little"
        yield Fact("sudden", moved.step.sudden, f"{name} {how}")
        yield Fact("gradual", not moved.step.sudden, f"{name} {how}")


def pinned(material: Evidence) -> Iterator[Fact]:
    """Against what was normal before deployment: a baseline that slid hides a slow decay."""
    for moved in material.moves:
        if moved.pinned is None or moved.normal is None or moved.now is None:
            continue
        ends = [figure(value, moved.sli.unit) for value in (moved.pinned, moved.normal, moved.now)]
        slid = abs(moved.normal - moved.pinned) > SLID * max(abs(moved.pinned), 1e-9)
        words = f"{label(moved.sli)} {ends[0]} before deployment, {ends[1]} before this, {ends[2]} now"
        yield Fact("slid-before", slid, words, moved.series.sli)


SLID = 0.15


def first_move(material: Evidence) -> Moved | None:
    """The SLI that broke first, else the breached one that moved most clearly."""
    named = [moved for moved in material.moves if moved.series.sli == material.primary]
    return max(named, key=lambda moved: (moved.breached, moved.step.share if moved.step else 0.0), default=None)
