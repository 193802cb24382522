"""What happens once, who covers for whom, and what was wrong with Stepdown itself from when to when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from bot.core.incident.effects import Effect
from bot.core.paging.override import OnCallOverride
from bot.ports.store import EffectOutcome, Episode, OnceMarker
from bot.store.codec import moment, receipt_json, seconds
from bot.store.database.transactions import SqlRepository
from bot.store.repositories.outbox import want_at_once
from bot.store.tables import EpisodeRow, OnceMarkerRow, OutboxRow, OverrideRow, table_of

_ONCE_MARKER = table_of(OnceMarkerRow)
_OVERRIDE = table_of(OverrideRow)
_EPISODE = table_of(EpisodeRow)
_OF_KIND = _ONCE_MARKER.select().where(col(OnceMarkerRow.kind) == bindparam("sort"))
_OF_PERIOD = _OF_KIND.where(col(OnceMarkerRow.period) == bindparam("span"))
_NEWEST = _OF_KIND.order_by(col(OnceMarkerRow.at).desc()).limit(1)
_OF_KINDS = (
    _ONCE_MARKER.select()
    .where(col(OnceMarkerRow.kind).in_(bindparam("sorts", expanding=True)), col(OnceMarkerRow.at) >= bindparam("since"))
    .order_by(col(OnceMarkerRow.at), col(OnceMarkerRow.period))
)
"""Every poll asks this, every card the covers and each tick the episodes: written once, and read without the ORM."""
_COVERS = (
    _OVERRIDE.select()
    .where(
        col(OverrideRow.until) > bindparam("now"),
        col(OverrideRow.since) <= bindparam("now"),
        col(OverrideRow.ended_at).is_(None),
    )
    .order_by(col(OverrideRow.since), col(OverrideRow.id))
)
_COVERS_OVER = (
    _OVERRIDE.select()
    .where(col(OverrideRow.until) <= bindparam("now"), col(OverrideRow.ended_at).is_(None), col(OverrideRow.said) == 0)
    .order_by(col(OverrideRow.id))
)
_EPISODES = _EPISODE.select().where(col(EpisodeRow.ended_at).is_(None)).order_by(col(EpisodeRow.began_at))


class SqlOnceMarkers(SqlRepository):
    """The part of the store that remembers what was done and said beside the incidents."""

    def once(
        self, kind: str, period: str, now: datetime, effects: Sequence[Effect] = (), *, wall: float, detail: str = ""
    ) -> bool:
        """Take the marker of a period and want its effects, in one transaction; False where it was taken before."""
        row = {"kind": kind, "period": period, "at": seconds(now), "outcome": "", "detail": detail}
        if self.once_marker(kind, period) is not None:
            return False
        try:
            with self.writing() as connection:
                connection.execute(insert(_ONCE_MARKER).values(**row))
                want_at_once(self.database, connection, effects, wall)
        except IntegrityError:  # another replica was first
            return False
        return True

    def once_marker(self, kind: str, period: str) -> OnceMarker | None:
        """The marker of a period, None where it has not come."""
        return self._once_marker(_OF_PERIOD, {"sort": kind, "span": period})

    def once_markers(self, kinds: Sequence[str], since: datetime) -> Sequence[OnceMarker]:
        """The markers of these kinds from then on, oldest first."""
        with self.looking() as connection:
            return [_marker(row) for row in connection.execute(_OF_KINDS, {"sorts": kinds, "since": seconds(since)})]

    def last_once_marker(self, kind: str) -> OnceMarker | None:
        """The newest marker of a kind."""
        return self._once_marker(_NEWEST, {"sort": kind})

    def _once_marker(self, query: Select[Any], asked: Mapping[str, str]) -> OnceMarker | None:
        with self.looking() as connection:
            row = connection.execute(query, asked).first()
        return None if row is None else _marker(row)

    def set_outcome(
        self, kind: str, period: str, outcome: str, detail: str, effects: Sequence[Effect] = (), *, wall: float
    ) -> None:
        """Write down how it went; a second word on it changes nothing."""
        open_ = (col(OnceMarkerRow.kind) == kind, col(OnceMarkerRow.period) == period, col(OnceMarkerRow.outcome) == "")
        with self.writing() as connection:
            written = connection.execute(update(_ONCE_MARKER).where(*open_).values(outcome=outcome, detail=detail))
            if written.rowcount:
                want_at_once(self.database, connection, effects, wall)

    def outcome(self, key: str) -> EffectOutcome | None:
        """What became of a wanted effect; None where it is not known."""
        with self.read_models() as session:
            row = session.exec(select(OutboxRow).where(OutboxRow.key == key)).first()
            if row is None:
                return None
            receipt = None if row.receipt is None else receipt_json.validate_json(row.receipt)
            return EffectOutcome(row.state, row.why, receipt)

    def put_cover(self, cover: OnCallOverride, effects: Sequence[Effect], wall: float) -> None:
        """Hand a pager over; an earlier cover of the same person that still runs ends with it."""
        row = {
            "person": cover.person,
            "by": cover.by,
            "since": seconds(cover.since),
            "until": seconds(cover.until),
            "made_by": cover.made_by,
            "said": 0,
        }
        with self.writing() as connection:
            _end(connection, cover.person, cover.since)
            connection.execute(insert(_OVERRIDE).values(**row))
            want_at_once(self.database, connection, effects, wall)

    def end_cover(self, person: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Take a pager back before its time; False where nobody covers for that person."""
        with self.writing() as connection:
            ended = _end(connection, person, now)
            if ended:
                want_at_once(self.database, connection, effects, wall)
        return bool(ended)

    def covers(self, now: datetime) -> Sequence[OnCallOverride]:
        """Covers in force, oldest first."""
        with self.looking() as connection:
            return [_override(row) for row in connection.execute(_COVERS, {"now": seconds(now)})]

    def covers_over(self, now: datetime) -> Sequence[OnCallOverride]:
        """Covers whose time ran out and of which nobody was told."""
        with self.looking() as connection:
            return [_override(row) for row in connection.execute(_COVERS_OVER, {"now": seconds(now)})]

    def say_cover_over(self, cover: OnCallOverride, effects: Sequence[Effect], wall: float) -> None:
        """Want the words that a cover is over, once."""
        fresh = update(_OVERRIDE).where(col(OverrideRow.id) == cover.id, col(OverrideRow.said) == 0)
        with self.writing() as connection:
            if connection.execute(fresh.values(said=1)).rowcount:
                want_at_once(self.database, connection, effects, wall)

    def begin_episode(self, key: str, text: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Write down that something is wrong, and want the words; False where it is known already."""
        known = select(EpisodeRow.key).where(EpisodeRow.key == key, col(EpisodeRow.ended_at).is_(None))
        with self.writing() as connection:
            self.database.lock(connection, f"episode {key}")
            if connection.execute(known).first() is not None:
                return False
            connection.execute(insert(_EPISODE).values(key=key, began_at=seconds(now), text=text[:500]))
            want_at_once(self.database, connection, effects, wall)
        return True

    def end_episode(self, key: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Write down that it is over; False where it was not wrong."""
        open_ = update(_EPISODE).where(col(EpisodeRow.key) == key, col(EpisodeRow.ended_at).is_(None))
        with self.writing() as connection:
            ended = connection.execute(open_.values(ended_at=seconds(now))).rowcount
            if ended:
                want_at_once(self.database, connection, effects, wall)
        return bool(ended)

    def episodes(self) -> Sequence[Episode]:
        """What is wrong now, as written down, oldest first."""
        with self.looking() as connection:
            return [Episode(row.key, moment(row.began_at), row.text) for row in connection.execute(_EPISODES)]


def _marker(row: Row[Any]) -> OnceMarker:
    return OnceMarker(row.kind, row.period, moment(row.at), row.outcome, row.detail)


def _end(connection: Connection, person: str, now: datetime) -> int:
    at = seconds(now)
    running = (col(OverrideRow.person) == person, col(OverrideRow.until) > at, col(OverrideRow.ended_at).is_(None))
    return connection.execute(update(_OVERRIDE).where(*running).values(ended_at=at)).rowcount


def _override(row: Row[Any]) -> OnCallOverride:
    return OnCallOverride(
        person=row.person,
        by=row.by,
        since=moment(row.since),
        until=moment(row.until),
        made_by=row.made_by,
        id=row.id or 0,
    )
