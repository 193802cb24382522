"""Spans meet in the database: whichever replica one reached, the run is counted from all of them, and once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select, tuple_, update

from bot.core.telemetry.task_records import TaskRecord, touched_minutes
from bot.ports.store.traces import LookedAt, SpanChunk, SpanCount, StoredRun, TraceClaim, TraceKey
from bot.store.codec import run_json, seconds
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import insert_or, keep_first, keep_newest
from bot.store.repositories.tasks import known_tasks, task_row
from bot.store.tables import RunRow, SpanChunkRow, SpanCountRow, TaskRow, TraceRow, table_of

_CHUNK, _TRACE, _RUN, _COUNT, _TASK = (table_of(one) for one in (SpanChunkRow, TraceRow, RunRow, SpanCountRow, TaskRow))
Item = TypeVar("Item")
NEVER = 1e15
"""A time that does not come."""
AT_ONCE = 400
"""Keys in one question."""


class SqlTraces(SqlRepository):
    """The part of the store that holds spans and runs."""

    def put_spans(self, chunks: Sequence[SpanChunk], now: float, soon: float, later: float) -> None:
        """Store chunks and make their traces due."""
        if not chunks:
            return
        rows = [{"trace": c.key.trace, "writer": c.key.writer, "chunk": c.chunk, "body": c.body} for c in chunks]
        traces = [
            {
                "trace": c.key.trace,
                "writer": c.key.writer,
                "seq": 1,
                "spans": c.spans,
                "due": soon if c.ends else later,
                "first_at": now,
                "last_at": now,
                "sealed": 0,
            }
            for c in sorted(chunks, key=lambda each: each.key)
        ]
        with self.writing() as connection:
            keep_first(connection, _CHUNK, rows, ["trace", "writer", "chunk"])
            statement = insert_or(connection, _TRACE)
            new = statement.excluded
            earlier = func.least if connection.dialect.name == "postgresql" else func.min
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["trace", "writer"],
                    set_={
                        "seq": _TRACE.c.seq + 1,
                        "spans": _TRACE.c.spans + new.spans,
                        "due": earlier(_TRACE.c.due, new.due),
                        "last_at": new.last_at,
                    },
                ),
                traces,
            )

    def claim_traces(self, now: float, limit: int, lease: float) -> Sequence[TraceClaim]:
        """Claim what is due, the most overdue first."""
        query = select(_TRACE).where(_TRACE.c.due <= now).order_by(_TRACE.c.due).limit(limit)
        with self.looking() as connection:
            if connection.execute(query.limit(1)).first() is None:
                return []
        with self.writing() as connection:
            due = connection.execute(query.with_for_update(skip_locked=True)).all()
            for some in _parts([TraceKey(row.trace, row.writer) for row in due]):
                connection.execute(update(_TRACE).where(_among(_TRACE, some)).values(due=now + lease))
        return [
            TraceClaim(TraceKey(row.trace, row.writer), row.seq, row.first_at, row.last_at, bool(row.sealed))
            for row in due
        ]

    def chunks_of(self, keys: Collection[TraceKey]) -> Mapping[TraceKey, Sequence[str]]:
        """Every chunk of these traces."""
        found: dict[TraceKey, list[str]] = {}
        with self.looking() as connection:
            for some in _parts(keys):
                query = select(_CHUNK.c.trace, _CHUNK.c.writer, _CHUNK.c.body).where(_among(_CHUNK, some))
                for trace, writer, body in connection.execute(query):
                    found.setdefault(TraceKey(trace, writer), []).append(body)
        return found

    def finish_traces(self, done: Sequence[LookedAt]) -> None:
        """Set when each is due again, where nothing came meanwhile."""
        with self.writing() as connection:
            for due in sorted({one.due or NEVER for one in done if not one.forget}):
                for some in _parts(one.claim for one in done if not one.forget and (one.due or NEVER) == due):
                    connection.execute(update(_TRACE).where(_unchanged(some)).values(due=due))
            for some in _parts(one.claim for one in done if one.claim.sealed):
                held = select(_TRACE.c.trace, _TRACE.c.writer).where(_unchanged(some))
                connection.execute(delete(_CHUNK).where(tuple_(_CHUNK.c.trace, _CHUNK.c.writer).in_(held)))
                connection.execute(update(_TRACE).where(_unchanged(some)).values(spans=0))
            for some in _parts(one.claim for one in done if one.forget):
                held = select(_TRACE.c.trace, _TRACE.c.writer).where(_unchanged(some))
                connection.execute(delete(_CHUNK).where(tuple_(_CHUNK.c.trace, _CHUNK.c.writer).in_(held)))
                connection.execute(delete(_TRACE).where(_unchanged(some)))

    def seal_traces(self, before: float, limit: int) -> int:
        """Drop the spans of what is long over."""
        old = and_(_TRACE.c.sealed == 0, _TRACE.c.last_at < before, _TRACE.c.due >= NEVER)
        query = select(_TRACE.c.trace, _TRACE.c.writer).where(old).limit(limit)
        with self.writing() as connection:
            keys = [TraceKey(*row) for row in connection.execute(query.with_for_update(skip_locked=True))]
            for some in _parts(keys):
                connection.execute(delete(_CHUNK).where(_among(_CHUNK, some)))
                connection.execute(update(_TRACE).where(_among(_TRACE, some)).values(sealed=1, spans=0))
        return len(keys)

    def runs_of(self, keys: Collection[TraceKey]) -> Sequence[StoredRun]:
        """The runs of these traces."""
        with self.looking() as connection:
            return [one for some in _parts(keys) for one in _stored(connection, _among(_RUN, some))]

    def runs_known_by(
        self, offers: Collection[tuple[str, str]], wants: Collection[tuple[str, str]]
    ) -> Sequence[StoredRun]:
        """Runs that may go with others."""
        found: dict[tuple[TraceKey, str], StoredRun] = {}
        with self.looking() as connection:
            for column, keys in ((_RUN.c.offers, offers), (_RUN.c.wants, wants)):
                for some in _parts(sorted(keys)):
                    for one in _stored(connection, tuple_(_RUN.c.agent, column).in_(list(some))):
                        found[one.key, one.run.span] = one
        return list(found.values())

    def put_runs(
        self,
        runs: Sequence[StoredRun],
        gone: Sequence[StoredRun],
        records: Sequence[TaskRecord],
        withdrawn: Collection[tuple[str, str]],
    ) -> Sequence[int]:
        """Runs and their tasks, in one transaction."""
        with self.writing() as connection:
            before = known_tasks(connection, {*withdrawn, *(record.key for record in records)})
            for some in _parts([(one.key.trace, one.key.writer, one.run.span) for one in gone]):
                key = tuple_(_RUN.c.trace, _RUN.c.writer, _RUN.c.span)
                connection.execute(delete(_RUN).where(key.in_(list(some))))
            keep_newest(connection, _RUN, [_run_row(one) for one in runs], ["trace", "writer", "span"])
            for agents in _parts(sorted(withdrawn)):
                key = tuple_(_TASK.c.agent, _TASK.c.task_id)
                connection.execute(delete(_TASK).where(key.in_(list(agents))))
            keep_newest(connection, _TASK, [task_row(record) for record in records], ["agent", "task_id"])
        unchanged = {record.key for record in records if before.get(record.key) == record}
        return touched_minutes(
            (one for key, one in before.items() if key not in unchanged),
            (one for one in records if one.key not in unchanged),
        )

    def forget_runs(self, before: datetime) -> int:
        """Old runs, old traces, old counts."""
        at = seconds(before)
        with self.writing() as connection:
            connection.execute(delete(_TRACE).where(_TRACE.c.last_at < at, _TRACE.c.sealed == 1))
            connection.execute(delete(_COUNT).where(_COUNT.c.minute < int(at // 60)))
            return connection.execute(delete(_RUN).where(_RUN.c.ended < at)).rowcount

    def note_spans(self, counts: Sequence[SpanCount]) -> None:
        """Add up."""
        if not counts:
            return
        with self.writing() as connection:
            statement = insert_or(connection, _COUNT)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["minute", "kind", "name", "detail"],
                    set_={"times": _COUNT.c.times + statement.excluded["times"]},
                ),
                [one._asdict() for one in sorted(counts)],
            )

    def span_counts(self, since: int) -> Sequence[SpanCount]:
        """Sums since a minute."""
        names = (_COUNT.c.kind, _COUNT.c.name, _COUNT.c.detail)
        query = (
            select(func.max(_COUNT.c.minute), *names, func.sum(_COUNT.c.times))
            .where(_COUNT.c.minute >= since)
            .group_by(*names)
            .order_by(*names)
        )
        with self.looking() as connection:
            return [SpanCount(*row[:4], int(row[4])) for row in connection.execute(query)]

    def waiting_spans(self) -> int:
        """Spans that are kept."""
        query = select(func.coalesce(func.sum(_TRACE.c.spans), 0)).where(_TRACE.c.sealed == 0)
        with self.looking() as connection:
            return int(connection.execute(query).scalar_one())


def _parts(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    rest = iter(items)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _among(table: Table, keys: Sequence[TraceKey]) -> ColumnElement[bool]:
    return tuple_(table.c.trace, table.c.writer).in_([tuple(key) for key in keys])


def _unchanged(claims: Sequence[TraceClaim]) -> ColumnElement[bool]:
    """Those of the traces of which nothing came since they were claimed."""
    mine = [(claim.key.trace, claim.key.writer, claim.seq) for claim in claims]
    return tuple_(_TRACE.c.trace, _TRACE.c.writer, _TRACE.c.seq).in_(mine)


def _stored(connection: Connection, where: ColumnElement[bool]) -> Iterator[StoredRun]:
    query = select(_RUN.c.trace, _RUN.c.writer, _RUN.c.task_id, _RUN.c.body).where(where)
    for trace, writer, task_id, body in connection.execute(query):
        yield StoredRun(TraceKey(trace, writer), run_json.validate_json(body), task_id)


def _run_row(one: StoredRun) -> dict[str, object]:
    return {
        "trace": one.key.trace,
        "writer": one.key.writer,
        "span": one.run.span,
        "agent": one.run.agent,
        "offers": one.run.offers,
        "wants": one.run.wants,
        "ended": one.run.end,
        "task_id": one.task_id,
        "body": run_json.dump_json(one.run).decode(),
    }
