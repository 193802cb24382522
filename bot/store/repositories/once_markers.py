"""What happens once, who covers for whom, and what was wrong with Stepdown itself from when to when."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.core.incident.effects import Effect
from bot.core.paging.override import OnCallOverride
from bot.ports.store import EffectOutcome, Episode, OnceMarker
from bot.store.codec import moment, receipt_json, seconds
from bot.store.database.transactions import SqlRepository
from bot.store.repositories.outbox import lanes, want
from bot.store.tables import EpisodeRow, OnceMarkerRow, OutboxRow, OverrideRow

_OCCASION = OnceMarkerRow.__table__  # type: ignore[attr-defined]
_COVER = OverrideRow.__table__  # type: ignore[attr-defined]
_EPISODE = EpisodeRow.__table__  # type: ignore[attr-defined]
_OUTBOX = OutboxRow.__table__  # type: ignore[attr-defined]


class SqlOnceMarkers(SqlRepository):
    """The part of the store that remembers what was done and said beside the incidents."""

    def once(
        self, kind: str, period: str, now: datetime, effects: Sequence[Effect] = (), *, wall: float, detail: str = ""
    ) -> bool:
        """Take an occasion and want its effects, in one transaction; False where it was taken before."""
        row = {"kind": kind, "period": period, "at": seconds(now), "outcome": "", "detail": detail}
        if self.occasion(kind, period) is not None:
            return False
        try:
            with self.writing() as connection:
                connection.execute(insert(_OCCASION).values(**row))
                self._want(connection, effects, wall)
        except IntegrityError:  # another replica was first
            return False
        return True

    def _want(self, connection: Connection, effects: Sequence[Effect], wall: float) -> None:
        if effects:
            want(connection, effects, self.database.moment(connection, wall))
            self.database.announce(connection, lanes(effects))

    def occasion(self, kind: str, period: str) -> OnceMarker | None:
        """The occasion of a period, None where it has not come."""
        return self._occasion(select(_OCCASION).where(_OCCASION.c.kind == kind, _OCCASION.c.period == period))

    def last_occasion(self, kind: str) -> OnceMarker | None:
        """The newest occasion of a kind."""
        return self._occasion(select(_OCCASION).where(_OCCASION.c.kind == kind).order_by(_OCCASION.c.at.desc()))

    def _occasion(self, query: object) -> OnceMarker | None:
        with self.looking() as connection:
            row = connection.execute(query).first()  # type: ignore[call-overload]
        return None if row is None else OnceMarker(row.kind, row.period, moment(row.at), row.outcome, row.detail)

    def set_outcome(
        self, kind: str, period: str, outcome: str, detail: str, effects: Sequence[Effect] = (), *, wall: float
    ) -> None:
        """Write down how an occasion went; a second word on it changes nothing."""
        open_ = (_OCCASION.c.kind == kind, _OCCASION.c.period == period, _OCCASION.c.outcome == "")
        with self.writing() as connection:
            said = connection.execute(update(_OCCASION).where(*open_).values(outcome=outcome, detail=detail))
            if said.rowcount:
                self._want(connection, effects, wall)

    def outcome(self, key: str) -> EffectOutcome | None:
        """What became of a wanted effect; None where it is not known."""
        with self.looking() as connection:
            row = connection.execute(select(_OUTBOX).where(_OUTBOX.c.key == key)).first()
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
            connection.execute(insert(_COVER).values(**row))
            self._want(connection, effects, wall)

    def end_cover(self, person: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Take a pager back before its time; False where nobody covers for that person."""
        with self.writing() as connection:
            ended = _end(connection, person, now)
            if ended:
                self._want(connection, effects, wall)
        return bool(ended)

    def covers(self, now: datetime) -> Sequence[OnCallOverride]:
        """Covers in force, oldest first."""
        at = seconds(now)
        query = select(_COVER).where(_COVER.c.until > at, _COVER.c.since <= at, _COVER.c.ended_at.is_(None))
        with self.looking() as connection:
            return [_cover(row) for row in connection.execute(query.order_by(_COVER.c.since, _COVER.c.id))]

    def covers_over(self, now: datetime) -> Sequence[OnCallOverride]:
        """Covers whose time ran out and of which nobody was told."""
        query = select(_COVER).where(_COVER.c.until <= seconds(now), _COVER.c.ended_at.is_(None), _COVER.c.said == 0)
        with self.looking() as connection:
            return [_cover(row) for row in connection.execute(query.order_by(_COVER.c.id))]

    def say_cover_over(self, cover: OnCallOverride, effects: Sequence[Effect], wall: float) -> None:
        """Want the words that a cover is over, once."""
        fresh = update(_COVER).where(_COVER.c.id == cover.id, _COVER.c.said == 0)
        with self.writing() as connection:
            if connection.execute(fresh.values(said=1)).rowcount:
                self._want(connection, effects, wall)

    def begin_episode(self, key: str, text: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Write down that something is wrong, and want the words; False where it is known already."""
        known = select(_EPISODE.c.key).where(_EPISODE.c.key == key, _EPISODE.c.ended_at.is_(None))
        with self.writing() as connection:
            self.database.one_at_a_time(connection, f"episode {key}")
            if connection.execute(known).first() is not None:
                return False
            connection.execute(insert(_EPISODE).values(key=key, began_at=seconds(now), text=text[:500]))
            self._want(connection, effects, wall)
        return True

    def end_episode(self, key: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Write down that it is over; False where it was not wrong."""
        open_ = update(_EPISODE).where(_EPISODE.c.key == key, _EPISODE.c.ended_at.is_(None))
        with self.writing() as connection:
            ended = connection.execute(open_.values(ended_at=seconds(now))).rowcount
            if ended:
                self._want(connection, effects, wall)
        return bool(ended)

    def episodes(self) -> Sequence[Episode]:
        """What is wrong now, as written down, oldest first."""
        query = select(_EPISODE).where(_EPISODE.c.ended_at.is_(None)).order_by(_EPISODE.c.began_at)
        with self.looking() as connection:
            return [Episode(row.key, moment(row.began_at), row.text) for row in connection.execute(query)]


def _end(connection: Connection, person: str, now: datetime) -> int:
    at = seconds(now)
    running = (_COVER.c.person == person, _COVER.c.until > at, _COVER.c.ended_at.is_(None))
    return connection.execute(update(_COVER).where(*running).values(ended_at=at)).rowcount


def _cover(row: object) -> OnCallOverride:
    return OnCallOverride(
        person=row.person,  # type: ignore[attr-defined]
        by=row.by,  # type: ignore[attr-defined]
        since=moment(row.since),  # type: ignore[attr-defined]
        until=moment(row.until),  # type: ignore[attr-defined]
        made_by=row.made_by,  # type: ignore[attr-defined]
        id=row.id,  # type: ignore[attr-defined]
    )
