"""The outbox: effects that are wanted, claimed, and finished (`architecture.md`, "Outbox").

`pending -> sending -> sent | failed | unknown | folded`. A claim takes a lease and a new fence; finishing works only
where the fence still matches, so a worker that slept through its lease changes nothing. `folded` means nobody needs it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    Update,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    update,
)
from sqlalchemy import select as sql_select
from sqlmodel import col, select

from bot.core.incident.effects import LINES, EditCard, Effect, Lane, order_of
from bot.ports.chat import Receipt
from bot.ports.store import Finished, Job
from bot.store.codec import effect_json, moment, receipt_json
from bot.store.database.transactions import Database, SqlRepository
from bot.store.database.upsert import keep_first
from bot.store.tables import OutboxRow, table_of

_OUTBOX = table_of(OutboxRow)
_HELD = _OUTBOX.alias("held")
_BEFORE = _OUTBOX.alias("before")
TIDYING = ("edit_card", "take_down", "settle_page")
"""Effects that can wait for what has not been said to anybody yet."""


def _one_of(column: ColumnElement[str], *words: str) -> ColumnElement[bool]:
    """The words stand in the text of a kept statement; as parameters they would be written out at each call."""
    return column.in_([literal_column(f"'{word}'", String) for word in words])


_UNFINISHED = _one_of(_OUTBOX.c.state, "pending", "sending")
_RECEIPT = select(OutboxRow.receipt).where(col(OutboxRow.key) == bindparam("of"), col(OutboxRow.receipt).is_not(None))
_BEGINS = col(OutboxRow.key).like(bindparam("begins"), escape="/")
_RECEIPTS = select(OutboxRow.key, OutboxRow.receipt).where(_BEGINS, col(OutboxRow.receipt).is_not(None))
_OUTSTANDING = select(OutboxRow.id).where(col(OutboxRow.key) == bindparam("of"), _UNFINISHED)
_YOUNGER = (
    select(OutboxRow.id)
    .where(
        col(OutboxRow.incident_id) == bindparam("incident"),
        _BEGINS,
        col(OutboxRow.key).like(bindparam("ends"), escape="/"),
        col(OutboxRow.id) > bindparam("than"),
    )
    .limit(1)
)
_YOUNGER_UNFINISHED = _YOUNGER.where(_UNFINISHED)
_YOUNGER_EVEN_DONE = _YOUNGER.where(_one_of(_OUTBOX.c.state, "pending", "sending", "sent"))
_PENDING_OF = update(_OUTBOX).where(
    col(OutboxRow.incident_id) == bindparam("incident"), _BEGINS, col(OutboxRow.state) == "pending"
)
_FENCED = update(_OUTBOX).where(
    col(OutboxRow.id) == bindparam("job"), col(OutboxRow.fence) == bindparam("held"), col(OutboxRow.state) == "sending"
)

IN_ORDER = frozenset({"slack"})
"""Lanes in which what belongs to one incident is carried out in order, by one worker of one replica at a time."""


class SqlOutbox(SqlRepository):
    """The outbox part of the store. All its times are wall time, as seconds since the epoch."""

    def claim(self, lane: Lane, wall: float, limit: int, lease: float, part: tuple[int, int] = (0, 1)) -> Sequence[Job]:
        """Claim due rows of a lane, edits after everything else.

        `part` (i, of): only incidents whose id is i modulo `of`, so that one worker carries out what belongs to one
        incident, in order.
        """
        with self.looking() as connection:
            if connection.execute(_peek(lane, self.database.clock, part), self.database.at(wall)).first() is None:
                return []
        now = self.database.now(wall)
        with self.writing() as connection:
            if self.database.shared and lane in IN_ORDER:
                due = self._in_turn(connection, _due(lane, now, part), lane, now, limit)
                ids = list(connection.scalars(due.limit(limit).with_for_update(skip_locked=True)))
            else:
                kept = _next_due(lane, self.database.clock, part, limit)
                ids = list(connection.scalars(kept, self.database.at(wall)))
            if not ids:
                return []
            claimed = (
                update(_OUTBOX)
                .where(col(OutboxRow.id).in_(ids))
                .values(
                    state="sending",
                    attempts=col(OutboxRow.attempts) + 1,
                    fence=col(OutboxRow.fence) + 1,
                    lease_until=now + lease,
                )
                .returning(_OUTBOX)
            )
            rows = sorted(connection.execute(claimed), key=lambda row: ids.index(row.id))
        return [_job(row, wall + lease) for row in rows]

    def _in_turn(
        self, connection: Connection, due: Select[tuple[int]], lane: Lane, now: ColumnElement[float], limit: int
    ) -> Select[tuple[int]]:
        """Only incidents of which no other worker, here or in another replica, holds an effect of this lane.

        First the incident's turn is taken, then, in a statement that sees what was committed until then, looked whether
        somebody holds one: the other way round two workers could hold one each.
        """
        waiting = dict.fromkeys(connection.scalars(due.with_only_columns(col(OutboxRow.incident_id)).limit(limit)))
        mine = self.database.lock_incidents(connection, list(waiting))
        held = select(_HELD.c.incident_id).where(
            _HELD.c.lane == lane, _HELD.c.state == "sending", _HELD.c.lease_until >= now
        )
        return due.where(col(OutboxRow.incident_id).in_(mine), col(OutboxRow.incident_id).not_in(held))

    def finish(self, job: Job, wall: float, state: str, *, receipt: Receipt | None = None, why: str = "") -> bool:
        """Write an outcome where the fence still matches."""
        with self.writing() as connection:
            return finish(connection, Finished(job, wall, state, receipt, why))

    def retry(
        self, job: Job, due: float, why: str, *, untried: bool = False, aside: bool = False, after: str = ""
    ) -> bool:
        """Give a row back, to be tried again at `due`; `untried` gives the try back too, `aside` its place in order.

        `after`: not before the effect with that key is due itself.
        """
        values: dict[str, object] = {"state": "pending", "why": why[:500], "lease_until": 0.0}
        if untried:
            values["attempts"] = job.attempts - 1
        if aside:
            values["order_key"] = ""
        with self.writing() as connection:
            at = self.database.moment(connection, due)
            if not after:
                return _fenced(connection, job, {**values, "due_at": at})
            first = select(_BEFORE.c.due_at).where(_BEFORE.c.key == after, _BEFORE.c.due_at > at).scalar_subquery()
            return _fenced(connection, job, values, _FENCED.values(due_at=func.coalesce(first, at)))

    def enqueue(self, effects: Sequence[Effect], wall: float) -> None:
        """Want effects outside a decision."""
        with self.writing() as connection:
            want_at_once(self.database, connection, effects, wall)

    def receipt(self, key: str) -> Receipt | None:
        """Where the effect with this key landed."""
        with self.looking() as connection:
            found = connection.execute(_RECEIPT, {"of": key}).scalar()
        return None if found is None else receipt_json.validate_json(found)

    def receipts(self, prefix: str) -> Mapping[str, Receipt]:
        """Receipts of all effects whose key begins so."""
        with self.looking() as connection:
            found = connection.execute(_RECEIPTS, {"begins": f"{_literally(prefix)}%"}).all()
        return {key: receipt_json.validate_json(body) for key, body in found}

    def outstanding(self, key: str) -> bool:
        """True while the effect with this key is still to be done."""
        with self.looking() as connection:
            return connection.execute(_OUTSTANDING, {"of": key}).first() is not None

    def newer(self, job: Job, prefix: str, suffix: str = "", *, done: bool = False) -> bool:
        """True when a younger effect whose key begins and ends so is still to be done: this one may be folded into it.

        `done`: one that was done counts too, for what would otherwise be written over it.
        """
        wanted = {
            "incident": job.effect.incident_id,
            "begins": f"{_literally(prefix)}%",
            "ends": f"%{_literally(suffix)}",
            "than": job.id,
        }
        with self.looking() as connection:
            return connection.execute(_YOUNGER_EVEN_DONE if done else _YOUNGER_UNFINISHED, wanted).first() is not None

    def backlog(self) -> Mapping[str, int]:
        """Rows still to be done, by lane."""
        query = select(OutboxRow.lane, func.count()).where(_UNFINISHED).group_by(col(OutboxRow.lane))
        with self.looking() as connection:
            return {lane: int(count) for lane, count in connection.execute(query)}


@cache
def _peek(lane: Lane, clock: ColumnElement[float], part: tuple[int, int]) -> Select[tuple[int]]:
    """Whether anything is due. Ten workers ask each second for ever: writing the statement anew took most of that."""
    return _due(lane, clock, part).limit(1)


@cache
def _next_due(lane: Lane, clock: ColumnElement[float], part: tuple[int, int], limit: int) -> Select[tuple[int]]:
    """The next rows of a lane, to be claimed."""
    return _due(lane, clock, part).limit(limit).with_for_update(skip_locked=True)


def _due(lane: Lane, now: ColumnElement[float], part: tuple[int, int]) -> Select[tuple[int]]:
    """Rows of a lane that anybody may claim now: what asks somebody, what announces, what tidies up.

    Of pages those that do not need Slack come first, and what settles pages last; in Slack the lines come after cards
    and questions, and edits after the lines.

    Pages of one incident are shared out: a Slack that hangs must not hold up the telephone.
    """
    index, of = part
    shared_by = col(OutboxRow.id) if lane == "pagers" else col(OutboxRow.incident_id)
    free = (col(OutboxRow.state) == "pending") | (
        (col(OutboxRow.state) == "sending") & (col(OutboxRow.lease_until) < now)
    )
    by_slack = (col(OutboxRow.kind) == "page") & col(OutboxRow.key).endswith("/slack")
    announces = col(OutboxRow.order_key).endswith(LINES)
    order = case((_one_of(_OUTBOX.c.kind, *TIDYING), 2), (by_slack | announces, 1), else_=0)
    query: Select[tuple[int]] = sql_select(_OUTBOX.c.id).where(
        col(OutboxRow.lane) == lane, free, col(OutboxRow.due_at) <= now, shared_by % of == index, _first_in_order()
    )
    return query.order_by(order, col(OutboxRow.id))


def _first_in_order() -> ColumnElement[bool]:
    """Nothing that has to come before it is still to be done."""
    waiting = select(_BEFORE.c.id).where(
        _BEFORE.c.order_key == col(OutboxRow.order_key),
        _BEFORE.c.id < col(OutboxRow.id),
        _one_of(_BEFORE.c.state, "pending", "sending"),
    )
    return or_(col(OutboxRow.order_key) == "", ~waiting.exists())


def lanes(effects: Sequence[Effect]) -> list[str]:
    """What other replicas have to hear of wanted effects: `outbox LANE`, once for each lane."""
    return [f"outbox {lane}" for lane in sorted({effect.lane for effect in effects})]


def want_at_once(database: Database, connection: Connection, effects: Sequence[Effect], wall: float) -> None:
    """Insert effects that are due now, by the clock that leases are judged by, and tell every replica of them."""
    if effects:
        want(connection, effects, database.moment(connection, wall))
        database.announce(connection, lanes(effects))


def want(connection: Connection, effects: Sequence[Effect], at: float) -> None:
    """Insert effects; a key that was wanted before is left as it is."""
    rows = [
        {
            "key": effect.key,
            "lane": effect.lane,
            "kind": effect.kind,
            "incident_id": effect.incident_id,
            "order_key": order_of(effect),
            "body": effect_json.dump_json(effect).decode(),
            "state": "pending",
            "due_at": at,
            "created_at": at,
            "attempts": 0,
            "fence": 0,
            "lease_until": 0.0,
            "why": "",
        }
        for effect in effects
    ]
    keep_first(connection, _OUTBOX, rows, ["key"])
    for effect in effects:
        if isinstance(effect, EditCard):
            _fold_older(connection, effect)


def _fold_older(connection: Connection, edit: EditCard) -> None:
    """Edits of the same card that nobody has claimed: this one shows all that they would have shown.

    Only those that were wanted before it, and only while it is still to be done itself.
    """
    card = _literally(f"inc-{edit.incident_id}/edit/{edit.card}/")
    which = {"incident": edit.incident_id, "begins": f"{card}%", "of": edit.key}
    connection.execute(_OLDER_EDITS, {**which, "state": "folded", "why": "a younger edit shows the same"})


_OLDER_EDITS = _PENDING_OF.where(
    col(OutboxRow.id)
    < select(_HELD.c.id)
    .where(_HELD.c.key == bindparam("of"), _one_of(_HELD.c.state, "pending", "sending"))
    .scalar_subquery()
)


def _literally(text: str) -> str:
    """As a part of a pattern of LIKE that stands for nothing but itself."""
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


def drop_pending(connection: Connection, incident_id: int, prefix: str, why: str) -> int:
    """Fold what of an incident begins so and has not been claimed."""
    which = {"incident": incident_id, "begins": f"{_literally(prefix)}%"}
    return connection.execute(_PENDING_OF, {**which, "state": "folded", "why": why}).rowcount


def finish(connection: Connection, done: Finished) -> bool:
    """Write an outcome where the fence still matches; False where it does not."""
    values: dict[str, object] = {
        "state": done.state,
        "why": done.why[:500],
        "finished_at": done.wall,
        "lease_until": 0.0,
    }
    if done.receipt is not None:
        values["receipt"] = receipt_json.dump_json(done.receipt).decode()
    return _fenced(connection, done.job, values)


def _fenced(connection: Connection, job: Job, values: Mapping[str, object], statement: Update = _FENCED) -> bool:
    return connection.execute(statement, {"job": job.id, "held": job.fence, **values}).rowcount == 1


def _job(row: Row[Any], lease_until: float) -> Job:
    return Job(
        id=row.id,
        key=row.key,
        effect=effect_json.validate_json(row.body),
        attempts=row.attempts,
        fence=row.fence,
        created_at=moment(row.created_at),
        lease_until=moment(lease_until),
    )
