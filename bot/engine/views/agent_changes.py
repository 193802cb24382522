"""What changed on an agent lately: changes that were posted, rungs, and new versions seen in task records."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.cards.fleet import AgentChange, AgentChangesCard
from bot.core.diagnosis.version_changes import version_changes
from bot.core.model.fleet import Agent
from bot.core.model.posted_change import PostedChange
from bot.core.model.rungs import RungState
from bot.core.model.samples import minute_of
from bot.core.telemetry.task_records import TaskRecord
from bot.ports.ingest import ChangeFeed
from bot.ports.store import RungStore, TaskStore

SPAN = timedelta(hours=24)
HOUR = 60
TASKS_AN_HOUR = 100
"""The newest tasks of each hour that are looked at for versions: of a busy agent every hour is seen, not every task."""


class ChangesStore(ChangeFeed, RungStore, TaskStore, Protocol):
    """Where changes are read from."""


def agent_changes_card(
    store: ChangesStore, agent: Agent, now: datetime, name: Callable[[str], str]
) -> AgentChangesCard:
    """Everything of the last 24 hours, the newest first. `name`: a person's name by key."""
    since = now - SPAN
    posted = [change for change in store.changes(since, now) if change.touches(agent.key)]
    lines = [
        *(_posted(change) for change in posted),
        *(_rung(state, name) for state in store.rung_history(agent.key, since)),
        *_versions(_tasks(store, agent.key, now), since, {change.version for change in posted}),
    ]
    newest_first = tuple(sorted(lines, key=lambda line: line.at, reverse=True))
    return AgentChangesCard(agent.key, newest_first, SPAN, now)


def _posted(change: PostedChange) -> AgentChange:
    workflows = f" (workflow {', '.join(change.workflows)})" if change.workflows else ""
    return AgentChange(change.at, f"{change.words}{workflows}", change.by)


def _rung(state: RungState, name: Callable[[str], str]) -> AgentChange:
    workflow = f" for {state.workflow}" if state.workflow else ""
    reason = f": {state.reason}" if state.reason else ""
    return AgentChange(state.changed_at, f"autonomy to {state.rung}{workflow}{reason}", name(state.by))


def _tasks(store: ChangesStore, agent: str, now: datetime) -> Iterator[TaskRecord]:
    """Some tasks of each hour of the span, and of the span before it, which says what was in use until then."""
    last = minute_of(now)
    first = minute_of(now - 2 * SPAN)
    for hour in range(first, last + 1, HOUR):
        yield from store.tasks_between([agent], hour, min(hour + HOUR - 1, last), TASKS_AN_HOUR)


def _versions(tasks: Iterator[TaskRecord], since: datetime, posted: set[str]) -> Iterator[AgentChange]:
    for change in version_changes(tasks, since):
        unposted = "" if change.version in posted else "; nobody posted it"
        yield AgentChange(change.at, f"{change.part} {change.version} first seen in task records{unposted}")
