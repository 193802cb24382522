"""Incidents, their timelines and timers: `commit` is the one place where a decision becomes fact."""

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, bindparam, delete, insert, update
from sqlalchemy import Select as CoreSelect
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from bot.core.incident.followups import Followup
from bot.core.incident.incident import Decision, Incident
from bot.core.incident.timeline import GENESIS, Entry, SealedEntry, seal
from bot.core.model.rungs import RungState
from bot.core.model.samples import minute_of
from bot.ports.errors import Conflict, LostClaim
from bot.ports.store import DueTimer, Finished
from bot.store.codec import entry_of, incident_json, incident_of, moment, record_of, seconds
from bot.store.database.key_lists import among
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import insert_or, keep_first
from bot.store.repositories.followups import put_followup
from bot.store.repositories.outbox import drop_pending, finish, lanes, want
from bot.store.repositories.rungs import add_rung, rung_lock
from bot.store.tables import CounterRow, DeduplicationRow, EntryRow, IncidentRow, TimerRow, table_of

_INCIDENT = table_of(IncidentRow)
_WHOLE = select(IncidentRow.id, IncidentRow.body)
_BY_ID = _WHOLE.where(col(IncidentRow.id) == bindparam("of"))
_OPEN = _WHOLE.where(col(IncidentRow.is_open) == 1).order_by(col(IncidentRow.id))
_OPEN_OF = _OPEN.where(col(IncidentRow.agent) == bindparam("of"))
_AGENTS_WITH_OPEN = select(IncidentRow.agent).where(col(IncidentRow.is_open) == 1)
_CLOSED = (
    _WHOLE.where(
        col(IncidentRow.agent) == bindparam("of"),
        col(IncidentRow.kind) == bindparam("sort"),
        col(IncidentRow.state) == bindparam("how"),
        col(IncidentRow.closed_at) >= bindparam("since"),
    )
    .order_by(col(IncidentRow.closed_at).desc())
    .limit(1)
)
_NEWEST = _WHOLE.order_by(col(IncidentRow.id).desc()).limit(bindparam("most", type_=Integer))
"""What each tick and each card asks is written once: to write a statement takes longer than to carry it out."""
_ENTRY = table_of(EntryRow)
_TIMER = table_of(TimerRow)
_COUNTER = table_of(CounterRow)
_DEDUPLICATION = table_of(DeduplicationRow)
_MOST_INSTALLATIONS = 2**31


class SqlIncidents(SqlRepository):
    """The incident part of the store."""

    first = 0
    """Numbers of incidents are above it."""

    def next_incident_id(self) -> int:
        """A fresh id. Numbers of incidents that were never committed are not used again."""
        with self.writing() as connection:
            return self._number(connection)

    def _number(self, connection: Connection) -> int:
        statement = insert_or(connection.dialect.name, _COUNTER).values(name="incident", value=1)
        statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": col(CounterRow.value) + 1})
        return self.first + int(connection.execute(statement.returning(col(CounterRow.value))).scalar_one())

    def open_incident(self, decide: Callable[[int], Decision], now: datetime, *, wall: float) -> Decision:
        """Number an incident and store what `decide` makes of the number, in one transaction."""
        try:
            with self.writing() as connection:
                decision = decide(self._number(connection))
                self._put(connection, decision, wall)
                self.database.announce(connection, _news(decision, None))
        except IntegrityError as error:
            raise Conflict(f"a new incident at {now:%H:%M:%S}: somebody else was first") from error
        return decision

    def _put(self, connection: Connection, decision: Decision, wall: float) -> None:
        incident = decision.incident
        _put_incident(connection, incident)
        _append(connection, incident, decision.entries)
        _put_timers(connection, incident)
        for prefix in decision.drop:
            drop_pending(connection, incident.id, prefix, "no longer wanted")
        want(connection, decision.effects, self.database.moment(connection, wall))

    def installation(self) -> str:
        """A name of this database, made once: no other database's effects are taken for its own."""
        with self.writing() as connection:
            made = {"name": "installation", "value": secrets.randbelow(_MOST_INSTALLATIONS)}
            keep_first(connection, _COUNTER, [made], ["name"])
            query = select(CounterRow.value).where(col(CounterRow.name) == "installation")
            return f"{connection.execute(query).scalar_one():08x}"

    def commit(
        self,
        decision: Decision,
        now: datetime,
        *,
        rung: RungState | None = None,
        followup: Followup | None = None,
        wall: float,
        done: Finished | None = None,
    ) -> None:
        """Store a decision whole. `wall` is the real time at which its effects are wanted."""
        incident = decision.incident
        try:
            with self.writing() as connection:
                self._put(connection, decision, wall)
                if rung is not None:
                    self.database.lock(connection, rung_lock(rung.agent))
                    add_rung(connection, rung)
                if followup is not None:
                    put_followup(connection, followup)
                if done is not None and not finish(connection, done):
                    raise LostClaim(done.job.key)
                self.database.announce(connection, _news(decision, rung))
        except IntegrityError as error:
            raise Conflict(f"{incident.number} at {now:%H:%M:%S}: somebody else was first") from error

    def incident(self, incident_id: int) -> Incident | None:
        """The incident as stored."""
        return self._one(_BY_ID, {"of": incident_id})

    def open_incidents(self, agent: str = "") -> Sequence[Incident]:
        """Open incidents, oldest first."""
        return self._many(_OPEN_OF, {"of": agent}) if agent else self._many(_OPEN, {})

    def agents_with_incidents(self) -> AbstractSet[str]:
        """Agents that have an open incident, without reading it: asked at every push."""
        with self.looking() as connection:
            return set(connection.scalars(_AGENTS_WITH_OPEN))

    def last_closed(self, agent: str, kind: str, since: datetime, state: str = "resolved") -> Incident | None:
        """The newest incident of an agent and kind that was closed so, at or after `since`."""
        return self._one(_CLOSED, {"of": agent, "sort": kind, "how": state, "since": seconds(since)})

    def incident_in(self, channel: str) -> Incident | None:
        """The newest incident of a channel."""
        query = _WHOLE.where(col(IncidentRow.channel) == channel)
        return self._one(query.order_by(col(IncidentRow.id).desc()).limit(1), {}) if channel else None

    def incidents(self, limit: int) -> Sequence[Incident]:
        """The newest incidents, newest first."""
        return self._many(_NEWEST, {"most": limit})

    def incident_spans(self, agent: str, since: datetime) -> Sequence[tuple[int, int]]:
        """Minutes [first, last) of the agent's incidents, open ones without end."""
        query = select(IncidentRow.first_bad, IncidentRow.closed_at).where(
            col(IncidentRow.agent) == agent,
            (col(IncidentRow.closed_at).is_(None)) | (col(IncidentRow.closed_at) >= seconds(since)),
        )
        with self.looking() as connection:
            rows = connection.execute(query).all()
        return [(int(first // 60), 2**40 if last is None else int(last // 60) + 1) for first, last in rows]

    def entries(self, incident_id: int) -> Sequence[SealedEntry]:
        """The timeline, oldest first."""
        query = select(EntryRow.serial, EntryRow.record, EntryRow.seal).where(col(EntryRow.incident_id) == incident_id)
        with self.looking() as connection:
            return [entry_of(*row) for row in connection.execute(query.order_by(col(EntryRow.serial)))]

    def due_timers(self, now: datetime, limit: int) -> Sequence[DueTimer]:
        """Deadlines that have passed, the most overdue first."""
        query = _TIMER.select().where(col(TimerRow.due_at) <= seconds(now)).order_by(col(TimerRow.due_at)).limit(limit)
        with self.looking() as connection:
            return [DueTimer(r.incident_id, r.kind, r.token, moment(r.due_at)) for r in connection.execute(query)]

    def claim_timers(self, now: datetime, limit: int, lease: float) -> Sequence[DueTimer]:
        """Claim deadlines that have passed. A claimed timer goes with the commit that answers it, or comes again."""
        wall = time.time()
        clock, due = self.database.now(wall), _claimable(self.database.clock)
        given = {"until": seconds(now), "most": limit, **self.database.at(wall)}
        with self.looking() as connection:
            if connection.execute(due, given).first() is None:
                return []
        with self.writing() as connection:
            found = connection.execute(due.with_for_update(skip_locked=True), given).all()
            keys = [(row.incident_id, row.token) for row in found]
            claimed = update(_TIMER).where(among(connection, (_TIMER.c.incident_id, _TIMER.c.token), keys))
            if keys:
                connection.execute(claimed.values(lease_until=clock + lease))
        return [DueTimer(row.incident_id, row.kind, row.token, moment(row.due_at)) for row in found]

    def first_delivery(self, key: str, now: datetime) -> bool:
        """True exactly once for each key."""
        with self.writing() as connection:
            return keep_first(connection, _DEDUPLICATION, [{"key": key, "at": seconds(now)}], ["key"]) == 1

    def _one(self, query: Select[int, str], given: Mapping[str, object]) -> Incident | None:
        with self.looking() as connection:
            row = connection.execute(query, given).first()
        return None if row is None else incident_of(*row)

    def _many(self, query: Select[int, str], given: Mapping[str, object]) -> list[Incident]:
        with self.looking() as connection:
            return [incident_of(*row) for row in connection.execute(query, given)]


@cache
def _claimable(clock: ColumnElement[float]) -> CoreSelect[Any]:
    """Timers that are due and that nobody is at."""
    due = _TIMER.select().where(col(TimerRow.due_at) <= bindparam("until"), col(TimerRow.lease_until) < clock)
    return due.order_by(col(TimerRow.due_at)).limit(bindparam("most", type_=Integer))


def _news(decision: Decision, rung: RungState | None) -> list[str]:
    """What other replicas have to hear of this commit."""
    return [*lanes(decision.effects), *(["rungs"] if rung is not None else [])]


def _put_incident(connection: Connection, incident: Incident) -> None:
    first_bad = min((breach.first_bad for breach in incident.breaches), default=minute_of(incident.opened_at))
    row = {
        "agent": incident.agent,
        "kind": incident.kind,
        "state": incident.state.value,
        "is_open": int(incident.open),
        "version": incident.version,
        "channel": incident.channel,
        "first_bad": first_bad * 60.0,
        "opened_at": seconds(incident.opened_at),
        "closed_at": None if incident.resolved_at is None else seconds(incident.resolved_at),
        "exercise": int(incident.exercise),
        "body": incident_json.dump_json(incident).decode(),
    }
    if incident.version == 1:
        connection.execute(insert(_INCIDENT).values(id=incident.id, **row))
        return
    fenced = update(_INCIDENT).where(
        col(IncidentRow.id) == incident.id, col(IncidentRow.version) == incident.version - 1
    )
    if connection.execute(fenced.values(**row)).rowcount != 1:
        raise Conflict(f"{incident.number} moved on from version {incident.version - 1}")


def _append(connection: Connection, incident: Incident, entries: Sequence[Entry]) -> None:
    first = incident.entries - len(entries) + 1
    query = select(EntryRow.seal).where(col(EntryRow.incident_id) == incident.id, col(EntryRow.serial) == first - 1)
    previous = connection.execute(query).scalar() if first > 1 else GENESIS
    if previous is None:
        raise Conflict(f"{incident.number}: entry {first - 1} is missing")
    rows = []
    for serial, entry in enumerate(entries, start=first):
        record = record_of(entry)
        previous = seal(previous, record)
        body = json.dumps(record, ensure_ascii=False, sort_keys=True)
        rows.append(
            {
                "incident_id": incident.id,
                "serial": serial,
                "at": seconds(entry.at),
                "kind": entry.kind,
                "record": body,
                "seal": previous,
            }
        )
    if rows:
        connection.execute(insert(_ENTRY), rows)


def _put_timers(connection: Connection, incident: Incident) -> None:
    connection.execute(delete(_TIMER).where(col(TimerRow.incident_id) == incident.id))
    rows = [
        {"incident_id": incident.id, "token": timer.token, "kind": timer.kind, "due_at": seconds(timer.due_at)}
        for timer in incident.timers
    ]
    if rows:
        connection.execute(insert(_TIMER), rows)
