"""Tasks of the newest minutes, kept in memory as their rows were last read.

Spans and records come all the time, and each time the running minute is counted: at 2,000 spans a second its tasks were
read and parsed eight times each, which cost more than counting their spans. So what was read is kept, and whoever
writes rows says so after the commit, and what they are now. Rows stay the truth: where it is not certain that nobody
wrote them later (two commits told of in another order, one that failed), they are read again.

Only for a database that no other process writes to: nobody would say what others changed.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from threading import Lock
from typing import Final

from bot.core.model.samples import minute_of
from bot.core.telemetry.task_records import TaskRecord, ToolUse

MINUTES: Final = 3
"""Minutes of an agent that are kept: the running one, the one before, and one that late spans belong to."""
MOST: Final = 100_000
"""Tasks that are kept, of all agents, at 600 bytes each: two minutes of 8,000 spans a second."""
CROWDED: Final = 100
"""Minutes of which it is remembered that they have too many tasks."""
SHARED: Final = 10_000
"""Different uses of tools that tasks share."""

UNSAID: Final = "to be read"

Minutes = Mapping[int, Collection[TaskRecord]]
Key = tuple[str, str]
_Written = dict[str, TaskRecord | str | None]
"""Task id -> its record, None where it was deleted, UNSAID where its row has to be read."""


class KeptTasks:
    """Safe to use from any thread. `of_minute` and `of_keys` read rows."""

    def __init__(
        self,
        of_minute: Callable[[str, int], Iterable[TaskRecord]],
        of_keys: Callable[[Collection[Key]], Iterable[TaskRecord]],
        most: int = MOST,
    ) -> None:
        self._of_minute = of_minute
        self._of_keys = of_keys
        self._most = most
        self._reading = Lock()
        self._agents: OrderedDict[str, OrderedDict[int, dict[str, TaskRecord]]] = OrderedDict()
        self._noting = Lock()
        self._changed: dict[str, _Written] = {}
        """Agent -> the tasks whose rows were written since they were read; of agents of whom anything is kept."""
        self._last = 0
        self._crowded: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._tools: dict[tuple[ToolUse, ...], tuple[ToolUse, ...]] = {}

    def wrote(self, place: int, keys: Iterable[Key], now: Mapping[Key, TaskRecord]) -> None:
        """These rows were written, and are as in `now` or deleted: to be called after the commit.

        `place`: where the transaction stood among all that wrote tasks, which are one after the other.
        """
        with self._noting:
            is_last = place > self._last
            self._last = max(self._last, place)
            for key in keys:
                if key[0] in self._changed:
                    self._changed[key[0]][key[1]] = now.get(key) if is_last else UNSAID

    def changed(self, keys: Iterable[Key]) -> None:
        """These rows may have been written: to be called where a commit failed."""
        with self._noting:
            for agent, task_id in keys:
                if agent in self._changed:
                    self._changed[agent][task_id] = UNSAID

    def forget(self) -> None:
        """Any row may have changed."""
        with self._reading:
            while self._agents:
                self._drop(next(iter(self._agents)))

    def has_room(self, agent: str, minute: int) -> bool:
        """Whether a minute can be kept, as far as is known: of one that cannot, all rows are read each time."""
        return (agent, minute) not in self._crowded

    def of(self, agent: str, minutes: Collection[int]) -> Minutes:
        """The tasks of an agent whose newest word lies in these minutes."""
        with self._reading:
            kept = self._fresh(agent)
            found = {minute: tuple(self._minute(agent, kept, minute).values()) for minute in sorted(minutes)}
            self._make_room(agent, kept)
            return found

    def _fresh(self, agent: str) -> OrderedDict[int, dict[str, TaskRecord]]:
        """What is kept of an agent, with what was written since."""
        with self._noting:  # whatever is written from here on is noted, and what was before is read below
            changed, self._changed[agent] = self._changed.get(agent, {}), {}
        kept = self._agents.setdefault(agent, OrderedDict())
        self._agents.move_to_end(agent)
        if not changed:
            return kept
        known = [record for record in changed.values() if isinstance(record, TaskRecord)]
        unsaid = [(agent, task_id) for task_id, record in changed.items() if record is UNSAID]
        try:
            known += self._of_keys(unsaid) if unsaid else ()
        except BaseException:
            self._drop(agent)
            raise
        for tasks in kept.values():
            for task_id in changed.keys() & tasks.keys():
                del tasks[task_id]
        for record in known:
            if (minute := minute_of(record.at)) in kept:
                kept[minute][record.task_id] = self._shared(record)
        return kept

    def _minute(
        self, agent: str, kept: OrderedDict[int, dict[str, TaskRecord]], minute: int
    ) -> Mapping[str, TaskRecord]:
        """Its tasks of one minute, read where they are not there."""
        if minute not in kept:
            kept[minute] = {record.task_id: self._shared(record) for record in self._of_minute(agent, minute)}
        kept.move_to_end(minute)
        return kept[minute]

    def _shared(self, record: TaskRecord) -> TaskRecord:
        """The record with the tools of another one that used the same: they are a half of what it takes."""
        if len(self._tools) >= SHARED:
            self._tools.clear()
        tools = self._tools.setdefault(record.tools, record.tools)
        return record if tools is record.tools else replace(record, tools=tools)

    def _make_room(self, agent: str, kept: OrderedDict[int, dict[str, TaskRecord]]) -> None:
        """Let go of minutes of this agent, then of whole agents, that were asked for longest ago."""
        while len(kept) > MINUTES:
            kept.popitem(last=False)
        size = sum(len(tasks) for minutes in self._agents.values() for tasks in minutes.values())
        while size > self._most and len(self._agents) > 1:
            size -= self._drop(next(iter(self._agents)))
        while size > self._most and kept:
            minute, tasks = kept.popitem(last=False)
            size -= len(tasks)
            self._crowded[agent, minute] = None
            while len(self._crowded) > CROWDED:
                self._crowded.popitem(last=False)
        if not kept:
            self._drop(agent)

    def _drop(self, agent: str) -> int:
        """Forget an agent; returns how many tasks that were."""
        with self._noting:
            self._changed.pop(agent, None)
        return sum(len(tasks) for tasks in self._agents.pop(agent, {}).values())
