"""The minute that is not over yet: when it is looked at, and its seconds where task records tell them.

Every look may go wrong, so each needs more evidence: an agent is looked at once in LOOK_EVERY seconds, however many
records are pushed meanwhile (`docs/design/detection.md`, the running minute).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.core.detection.evidence.track import Slot
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Series, minute_of
from bot.core.telemetry.task_records import JUDGED_SHARE
from bot.core.telemetry.task_slots import slots_from_tasks
from bot.engine.detection.task_series import answered_by_tasks
from bot.ports.store import TaskStore

LOOK_EVERY = 5
"""Seconds between two looks."""
MOST_TASKS = 20_000
"""Tasks read of this minute and the one before: twice what the busiest agent does."""

Slots = Mapping[Series, Sequence[Slot]]


class RunningMinute:
    """Says whose running minute is due for a look, and reads its seconds."""

    def __init__(self, store: TaskStore, fleet: Callable[[], Fleet]) -> None:
        self._store = store
        self._fleet = fleet
        self._looked: dict[str, int] = {}

    def due(self, agents: Sequence[Agent], now: datetime) -> frozenset[str]:
        """Keys of the agents that were not looked at in these seconds yet; it counts as looked at from now on."""
        slot = int(now.timestamp()) // LOOK_EVERY
        due = frozenset(agent.key for agent in agents if self._looked.get(agent.key) != slot)
        self._looked.update(dict.fromkeys(due, slot))
        return due

    def slots(self, agents: Sequence[Agent], now: datetime) -> Slots:
        """Five seconds at a time of this minute and the one before, of every series that task records answer for."""
        fleet = self._fleet()
        series = [one for agent in agents for one in answered_by_tasks(fleet, [agent.key]) if _by_evidence(agent, one)]
        if not series:
            return {}
        keys, newest = sorted({one.agent for one in series}), minute_of(now)
        records = self._store.tasks_of(keys, (newest - 1, newest), MOST_TASKS)
        judged = self._store.judged(keys) if any(one.sli == JUDGED_SHARE for one in series) and records else ()
        found = slots_from_tasks(records, series, judged)
        return {one: [Slot(*slot) for slot in slots] for one, slots in found.items() if slots}


def _by_evidence(agent: Agent, series: Series) -> bool:
    sli = agent.sli(series.workflow, series.sli)
    return sli is not None and sli.rule == "evidence"
