"""Task records, as agents reported them: one row a task, the newest word wins (`core.telemetry.task_records`)."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from heapq import nsmallest
from itertools import count
from typing import Final

from sqlalchemy import Connection, Integer, func, literal_column
from sqlmodel import col, select

from bot.core.model.samples import minute_of
from bot.core.telemetry.task_records import TaskRecord, judged_workflows, merge, touched_minutes
from bot.store.codec import task_json
from bot.store.database.key_lists import among
from bot.store.database.transactions import Database, SqlRepository
from bot.store.database.upsert import keep_newest
from bot.store.repositories.telemetry.kept_tasks import MINUTES, KeptTasks
from bot.store.tables import TaskRow, table_of

_TASK = table_of(TaskRow)
WrittenTasks = dict[tuple[str, str], TaskRecord]


class SqlTaskRows(SqlRepository):
    """What every part of the store that writes tasks stands on."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._places = count(1)
        self._kept_tasks = KeptTasks(self._tasks_of_minute, self._tasks_of_keys) if database.sole_writer else None

    @contextmanager
    def writing_tasks(self, keys: Collection[tuple[str, str]]) -> Iterator[tuple[Connection, WrittenTasks]]:
        """A write transaction that may change these tasks, (agent, task id) each.

        What they are afterwards is put in the mapping; those that are not there were deleted.
        """
        written: WrittenTasks = {}
        kept = self._kept_tasks
        try:
            with self.writing() as connection:
                place = next(self._places)  # writers have turns, so it is the order of the commits
                yield connection, written
        except BaseException:
            if kept is not None:
                kept.changed(keys)
            raise
        if kept is not None:
            kept.wrote(place, keys, written)

    def all_tasks_changed(self) -> None:
        """Tell that any row may have been written or deleted."""
        if self._kept_tasks is not None:
            self._kept_tasks.forget()

    def _tasks_of_minute(self, agent: str, minute: int) -> Iterator[TaskRecord]:
        query = select(TaskRow.body).where(col(TaskRow.agent) == agent, col(TaskRow.minute) == minute)
        with self.looking() as connection:
            for (body,) in connection.execute(query):
                yield task_json.validate_json(body)

    def _tasks_of_keys(self, keys: Collection[tuple[str, str]]) -> Collection[TaskRecord]:
        with self.looking() as connection:
            return known_tasks(connection, keys).values()


class SqlTasks(SqlTaskRows):
    """The task part of the store."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes write to this database."""
        return self.database.shared

    def take_tasks(self, records: Sequence[TaskRecord]) -> Sequence[int]:
        """Merge records into what is known. Returns the minutes whose counts change."""
        keys = {record.key for record in records}
        with self.writing_tasks(keys) as (connection, after):
            stored = known_tasks(connection, keys)
            for record in records:
                after[record.key] = merge(after.get(record.key) or stored.get(record.key), record)
            keep_newest(connection, _TASK, [task_row(record) for record in after.values()], ["agent", "task_id"])
            before = stored.values()
        return touched_minutes(before, after.values())

    def tasks_touching(self, agents: Sequence[str], minutes: Sequence[int]) -> Sequence[TaskRecord]:
        """Tasks of these minutes, and tasks that waited in one of them."""
        if not minutes:
            return []
        first, last = min(minutes), max(minutes)
        queued = ~col(TaskRow.minute).in_(minutes) & (col(TaskRow.queued_minute) <= last)
        # one question each, since an index serves it: with an OR between them all tasks of an agent are looked at
        asked = (queued & (col(TaskRow.pending) == YES), queued & _WAITED & (col(TaskRow.minute) >= first))
        with self.looking() as connection:
            waited = [
                task_json.validate_json(body)
                for condition in asked
                for (body,) in connection.execute(select(TaskRow.body).where(col(TaskRow.agent).in_(agents), condition))
            ]
        # after those that wait: one that ceases to meanwhile is then found twice, and its newest word counts
        return [*waited, *self.tasks_of(agents, minutes)]

    def tasks_of(self, agents: Sequence[str], minutes: Collection[int], limit: int = 0) -> Sequence[TaskRecord]:
        """Tasks of these minutes, of the newest ones first where they are more than `limit`; 0: all."""
        newest_first = sorted(set(minutes), reverse=True)
        kept = self._kept_tasks
        if kept is None or self.database.in_snapshot() or len(newest_first) > MINUTES:
            return self._read_tasks(agents, newest_first, limit)
        found: list[TaskRecord] = []
        for minute in newest_first:
            room = limit - len(found)
            if limit and not room:
                break
            if all(kept.has_room(agent, minute) for agent in agents):
                tasks = [task for agent in agents for task in kept.of(agent, (minute,))[minute]]
                whole = not limit or len(tasks) <= room
                found += tasks if whole else nsmallest(room, tasks, key=lambda task: task.task_id)
            else:
                found += self._read_tasks(agents, (minute,), room if limit else 0)
        return found

    def _read_tasks(self, agents: Sequence[str], minutes: Collection[int], limit: int) -> Sequence[TaskRecord]:
        """The same, from the rows."""
        query = select(TaskRow.body).where(col(TaskRow.agent).in_(agents), col(TaskRow.minute).in_(minutes))
        ordered = query.order_by(col(TaskRow.minute).desc(), col(TaskRow.task_id)).limit(limit) if limit else query
        with self.looking() as connection:
            return [task_json.validate_json(body) for (body,) in connection.execute(ordered)]

    def tasks_between(self, agents: Sequence[str], first: int, last: int, limit: int) -> Sequence[TaskRecord]:
        """Tasks of these minutes, the newest `limit` of them, oldest first."""
        query = select(TaskRow.body).where(col(TaskRow.agent).in_(agents), col(TaskRow.minute).between(first, last))
        newest = query.order_by(col(TaskRow.minute).desc(), col(TaskRow.task_id)).limit(limit)
        with self.looking() as connection:
            found = [task_json.validate_json(body) for (body,) in connection.execute(newest)]
        return sorted(found, key=lambda record: (record.at, record.task_id))

    def judged(self, agents: Sequence[str]) -> frozenset[tuple[str, str]]:
        """Pairs whose decisions somebody judges, by what the store holds."""
        with self.looking() as connection:
            found = {(agent, workflow) for agent in agents for workflow in _judged(connection, agent)}
        return frozenset(found | {(agent, "") for agent, _ in found})


def _judged(connection: Connection, agent: str) -> Iterator[str]:
    """The workflows of an agent's judged tasks, from one to the next: a million tasks have a few workflows."""
    judged = select(func.min(TaskRow.workflow)).where(col(TaskRow.agent) == agent, col(TaskRow.judged) == YES)
    workflow = connection.execute(judged).scalar()
    while workflow is not None:
        yield workflow
        workflow = connection.execute(judged.where(col(TaskRow.workflow) > workflow)).scalar()


YES: Final = literal_column("1", Integer)
"""Written into the statement: an index of a part of the rows serves no parameter."""
_WAITED = (col(TaskRow.pending) == 0) & col(TaskRow.queued_minute).is_not(None)
LOOKED_UP = 500
"""Ids in one question."""


def known_tasks(connection: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], TaskRecord]:
    """What is stored of these tasks, in a few questions: a batch may hold thousands."""
    found: dict[tuple[str, str], TaskRecord] = {}
    for agent in sorted({agent for agent, _ in keys}):
        ids = sorted(task_id for owner, task_id in keys if owner == agent)
        for start in range(0, len(ids), LOOKED_UP):
            wanted = among(connection, (_TASK.c.task_id,), [(one,) for one in ids[start : start + LOOKED_UP]])
            for (body,) in connection.execute(select(_TASK.c.body).where(_TASK.c.agent == agent, wanted)):
                record = task_json.validate_json(body)
                found[record.key] = record
    return found


def task_row(record: TaskRecord) -> dict[str, object]:
    """A record as its row."""
    return {
        "agent": record.agent,
        "task_id": record.task_id,
        "workflow": record.workflow,
        "minute": minute_of(record.at),
        "pending": int(record.waits),
        "queued_minute": None if record.queued_at is None else minute_of(record.queued_at),
        "judged": int(bool(judged_workflows([record]))),
        "body": task_json.dump_json(record).decode(),
    }
