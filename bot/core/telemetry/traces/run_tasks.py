"""From runs to task records: a run that stops to wait for a person and is resumed under another trace is one task."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from bot.core.telemetry.task_records import TaskRecord, ToolUse
from bot.core.telemetry.traces.runs import TOOLS, AgentRun, ToolCall, repeated

MOST_CALLS: Final = 1_000_000


def chains(runs: Iterable[AgentRun]) -> list[list[AgentRun]]:
    """Runs that go on with one that stopped stand behind it; each other run is its own."""
    found: list[list[AgentRun]] = []
    stopped: dict[tuple[str, str], list[list[AgentRun]]] = {}
    for run in sorted(runs, key=lambda one: (one.start, one.key)):
        waiting = stopped.get((run.agent, run.wants), []) if run.wants else []
        chain = waiting.pop(0) if waiting else []
        if not chain:
            found.append(chain)
        chain.append(run)
        if run.offers:
            stopped.setdefault((run.agent, run.offers), []).append(chain)
    return found


def task_of(chain: Sequence[AgentRun], *, sampled: bool) -> TaskRecord:
    """One task. `sampled`: only a part of all runs is sent, so how many wait is not known."""
    last = chain[-1]
    calls = _once([call for run in chain for call in run.calls])
    waits = last.waits
    return TaskRecord(
        task_id=chain[0].key,
        agent=last.agent,
        workflow=next((run.workflow for run in chain if run.workflow), ""),
        at=datetime.fromtimestamp(last.end, UTC),
        tool_calls=min(len(calls), MOST_CALLS),
        required_escalation=_any(run.escalated for run in chain),
        pending_approval=None if sampled or waits is None else waits,
        completed=not last.stopped,
        decision_correct=next((run.good for run in reversed(chain) if run.good is not None), None),
        success=_success(last),
        cost=_sum([run.cost for run in chain]),
        tools=_tools(calls),
        repeated_calls=repeated(calls),
        model=next((run.model for run in chain if run.model), ""),
        prompt=next((run.prompt for run in chain if run.prompt), ""),
        tokens=_whole(_sum([run.tokens for run in chain])),
        seconds=sum(max(0.0, run.end - run.start) for run in chain),
        steps=sum(run.steps for run in chain),
        queued_at=min((datetime.fromtimestamp(run.end, UTC) for run in chain if run.waits), default=None)
        if not sampled
        else None,
    )


def _success(last: AgentRun) -> bool | None:
    return None if last.stopped or last.failed is None else not last.failed


def _once(calls: Sequence[ToolCall]) -> list[ToolCall]:
    """Each call of a task once: a resumed run may tell again what was done before it waited."""
    return list({one.call or f"#{place}": one for place, one in enumerate(calls)}.values())


def _tools(calls: Sequence[ToolCall]) -> tuple[ToolUse, ...]:
    made: dict[str, int] = {}
    failed: dict[str, int] = {}
    for one in calls:
        made[one.tool] = made.get(one.tool, 0) + 1
        if one.failed:
            failed[one.tool] = failed.get(one.tool, 0) + 1
    return tuple(ToolUse(name, made[name], failed.get(name, 0)) for name in sorted(made)[:TOOLS])


def _any(said: Iterable[bool | None]) -> bool | None:
    known = [one for one in said if one is not None]
    return any(known) if known else None


def _sum(parts: Sequence[float | None]) -> float | None:
    """The sum; None as soon as one part is not known."""
    known = [one for one in parts if one is not None]
    return sum(known) if known and len(known) == len(parts) else None


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
