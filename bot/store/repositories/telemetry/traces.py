"""Spans meet in the database: whichever replica one reached, the run is counted from all of them, and once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    Table,
    and_,
    case,
    delete,
    func,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import Insert

from bot.core.telemetry.task_records import TaskRecord, touched_minutes
from bot.core.telemetry.traces.span_facts import SpanFacts
from bot.ports.store.traces import LookedAt, SpanChunk, SpanCount, StoredRun, TraceClaim, TraceKey
from bot.store.codec import run_json, seconds, spans_of_json
from bot.store.database.key_lists import among
from bot.store.database.upsert import insert_or, keep_first, keep_newest, write_rows
from bot.store.repositories.tasks import SqlTaskRows, known_tasks, task_row
from bot.store.tables import RunRow, SpanChunkRow, SpanCountRow, TaskRow, TraceRow, table_of

_CHUNK, _TRACE, _RUN, _COUNT, _TASK = (table_of(one) for one in (SpanChunkRow, TraceRow, RunRow, SpanCountRow, TaskRow))
Item = TypeVar("Item")
NEVER = 1e15
"""A time that does not come. A trace that is counted is due that long after its last span came, so that those to be
sealed are found in order; one that is sealed, later still."""
SEALED = 2 * NEVER
NOTHING: Final = literal_column("''", String)
ZERO, ONE = literal_column("0", Integer), literal_column("1", Integer)
"""Written into statements: an index of a part of the rows serves no parameter."""
AT_ONCE = 400
"""Keys in one question."""


class SqlTraces(SqlTaskRows):
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
            write_rows(connection, traces, _more_of_a_trace)

    def claim_traces(self, now: float, limit: int, lease: float) -> Sequence[TraceClaim]:
        """Claim what is due, the most overdue first."""
        due = select(_TRACE.c.trace, _TRACE.c.writer).where(_TRACE.c.due <= now).order_by(_TRACE.c.due)
        with self.looking() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self.writing() as connection:
            claim = update(_TRACE).where(_some_of(due, limit)).values(due=now + lease)
            claimed = connection.execute(claim.returning(*_TRACE.c)).all()
        return [
            TraceClaim(TraceKey(row.trace, row.writer), row.seq, row.spans, row.first_at, row.last_at, bool(row.sealed))
            for row in claimed
        ]

    def spans_of(self, keys: Collection[TraceKey], most: int) -> Mapping[TraceKey, Sequence[SpanFacts]]:
        """Every span of these traces, up to so many of each."""
        found: dict[TraceKey, list[SpanFacts]] = {}
        with self.looking() as connection:
            for some in _parts(keys):
                query = select(_CHUNK.c.trace, _CHUNK.c.writer, _CHUNK.c.body).where(_of(connection, _CHUNK, some))
                for trace, writer, body in connection.execute(query):
                    spans = found.setdefault(TraceKey(trace, writer), [])
                    if len(spans) < most:
                        spans += spans_of_json(body)[: most - len(spans)]
        return found

    def finish_traces(self, done: Sequence[LookedAt]) -> None:
        """Set when each is due again, where nothing came meanwhile."""
        with self.writing() as connection:
            by_due: dict[float | None, list[TraceClaim]] = {}
            for one in done:
                if not one.forget:
                    by_due.setdefault(one.due, []).append(one.claim)
            for due, claims in by_due.items():
                for some in _parts(claims):
                    rest = case((_TRACE.c.sealed == 1, SEALED), else_=NEVER + _TRACE.c.last_at)
                    changed = update(_TRACE).where(_unchanged(connection, some))
                    connection.execute(changed.values(due=rest if due is None else due))
            for some in _parts(one.claim for one in done if one.claim.sealed):
                _let_go(connection, some)
                connection.execute(update(_TRACE).where(_unchanged(connection, some)).values(spans=0))
            for some in _parts(one.claim for one in done if one.forget):
                _let_go(connection, some)
                connection.execute(delete(_TRACE).where(_unchanged(connection, some)))

    def seal_traces(self, before: float, limit: int) -> int:
        """Drop the spans of what is long over."""
        old = and_(_TRACE.c.due.between(NEVER, NEVER + before), _TRACE.c.sealed == 0, _TRACE.c.last_at < before)
        some_old = _some_of(select(_TRACE.c.trace, _TRACE.c.writer).where(old), limit)
        seal = update(_TRACE).where(some_old).values(sealed=1, spans=0, due=SEALED)
        with self.writing() as connection:
            keys = [TraceKey(*row) for row in connection.execute(seal.returning(_TRACE.c.trace, _TRACE.c.writer))]
            for some in _parts(keys):
                connection.execute(delete(_CHUNK).where(_of(connection, _CHUNK, some)))
        return len(keys)

    def runs_of(self, keys: Collection[TraceKey]) -> Sequence[StoredRun]:
        """The runs of these traces."""
        with self.looking() as connection:
            return [one for some in _parts(keys) for one in _stored(connection, _of(connection, _RUN, some))]

    def runs_known_by(
        self, offers: Collection[tuple[str, str]], wants: Collection[tuple[str, str]]
    ) -> Sequence[StoredRun]:
        """Runs that may go with others."""
        found: dict[tuple[TraceKey, str], StoredRun] = {}
        with self.looking() as connection:
            for column, keys in ((_RUN.c.offers, offers), (_RUN.c.wants, wants)):
                for some in _parts(sorted(keys)):
                    known = among(connection, (_RUN.c.agent, column), some) & (column != NOTHING)
                    found |= {(one.key, one.run.span): one for one in _stored(connection, known)}
        return list(found.values())

    def put_runs(
        self,
        runs: Sequence[StoredRun],
        gone: Sequence[StoredRun],
        records: Sequence[TaskRecord],
        withdrawn: Collection[tuple[str, str]],
    ) -> Sequence[int]:
        """Runs and their tasks, in one transaction."""
        keys = {*withdrawn, *(record.key for record in records)}
        with self.writing_tasks(keys) as (connection, written):
            written.update({record.key: record for record in records})
            before = known_tasks(connection, keys)
            for some in _parts([(one.key.trace, one.key.writer, one.run.span) for one in gone]):
                connection.execute(delete(_RUN).where(among(connection, list(_RUN.primary_key), some)))
            keep_newest(connection, _RUN, [_run_row(one) for one in runs], ["trace", "writer", "span"])
            for agents in _parts(sorted(withdrawn)):
                connection.execute(delete(_TASK).where(among(connection, (_TASK.c.agent, _TASK.c.task_id), agents)))
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
            connection.execute(delete(_TRACE).where(_TRACE.c.last_at < at, _TRACE.c.sealed == ONE))
            connection.execute(delete(_COUNT).where(_COUNT.c.minute < int(at // 60)))
            return connection.execute(delete(_RUN).where(_RUN.c.ended < at)).rowcount

    def note_spans(self, counts: Sequence[SpanCount]) -> None:
        """Add up."""
        if not counts:
            return
        with self.writing() as connection:
            statement = insert_or(connection.dialect.name, _COUNT)
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
        query = select(func.coalesce(func.sum(_TRACE.c.spans), 0)).where(_TRACE.c.sealed == ZERO)
        with self.looking() as connection:
            return int(connection.execute(query).scalar_one())


def _more_of_a_trace(dialect: str) -> Insert:
    statement = insert_or(dialect, _TRACE)
    new = statement.excluded
    earlier = func.least if dialect == "postgresql" else func.min
    return statement.on_conflict_do_update(
        index_elements=["trace", "writer"],
        set_={
            "seq": _TRACE.c.seq + 1,
            "spans": _TRACE.c.spans + new.spans,
            "due": earlier(_TRACE.c.due, new.due),
            "last_at": new.last_at,
        },
    )


def _some_of(traces: Select[tuple[str, str]], limit: int) -> ColumnElement[bool]:
    """The first so many of these traces that nobody else is at just now."""
    some = traces.limit(limit).with_for_update(skip_locked=True).cte("some")  # by itself: it must be asked once
    return tuple_(_TRACE.c.trace, _TRACE.c.writer).in_(select(some.c.trace, some.c.writer))


def _parts(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    rest = iter(items)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _of(connection: Connection, table: Table, keys: Sequence[TraceKey]) -> ColumnElement[bool]:
    return among(connection, (table.c.trace, table.c.writer), keys)


def _unchanged(connection: Connection, claims: Sequence[TraceClaim]) -> ColumnElement[bool]:
    """Those of the traces of which nothing came since they were claimed."""
    mine = [(claim.key.trace, claim.key.writer, claim.seq) for claim in claims]
    return among(connection, (_TRACE.c.trace, _TRACE.c.writer, _TRACE.c.seq), mine)


def _let_go(connection: Connection, claims: Sequence[TraceClaim]) -> None:
    """Delete the spans of traces of which nothing came since they were claimed."""
    held = select(_TRACE.c.trace, _TRACE.c.writer).where(_unchanged(connection, claims))
    connection.execute(delete(_CHUNK).where(tuple_(_CHUNK.c.trace, _CHUNK.c.writer).in_(held)))


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
