"""Alerts of other systems: the newest state of each, one row by sender and fingerprint."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, update
from sqlmodel import col

from bot.core.model.alert import AlertOutcome, AlertState, outcome
from bot.store.codec import moment, seconds
from bot.store.database.key_lists import among
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_newest
from bot.store.tables import AlertRow, table_of

_ALERT = table_of(AlertRow)
_KEY = ("sender", "fingerprint")
_COLUMNS = tuple(_ALERT.c[name] for name in _KEY)
_UNTOLD = (
    _ALERT.select().where(_ALERT.c.told == 0).order_by(col(AlertRow.agent)).limit(bindparam("most", type_=Integer))
)
_TELL = (
    update(_ALERT)
    .where(
        _ALERT.c.sender == bindparam("from_sender"),
        _ALERT.c.fingerprint == bindparam("known_by"),
        _ALERT.c.at == bindparam("since"),
        _ALERT.c.firing == bindparam("state"),
        _ALERT.c.agent == bindparam("whose"),
    )
    .values(told=1, incident_id=bindparam("told_to"))
)
_NEWEST = _ALERT.select().order_by(col(AlertRow.seen_at).desc()).limit(bindparam("most", type_=Integer))
_NEWEST_OF = _NEWEST.where(col(AlertRow.agent) == bindparam("of"))

Known = dict[tuple[str, str], AlertState]


class SqlAlerts(SqlRepository):
    """The alerts' part of the store."""

    def take_alerts(self, alerts: Sequence[AlertState]) -> Sequence[AlertOutcome]:
        """Hold alerts against what is known, and store what is new, in one transaction."""
        if not alerts:
            return []
        keys = {(alert.sender, alert.fingerprint) for alert in alerts}
        with self.writing() as connection:
            for sender in sorted({alert.sender for alert in alerts}):
                self.database.lock(connection, f"alerts of {sender}")
            known = _known(connection, keys)
            found = [_take(known, alert) for alert in alerts]
            keep_newest(connection, _ALERT, [_values(known[key]) for key in sorted(keys)], _KEY)
        return found

    def untold_alerts(self, limit: int) -> Sequence[AlertState]:
        """States that no incident was told of, by agent."""
        with self.looking() as connection:
            return [_state(row) for row in connection.execute(_UNTOLD, {"most": limit})]

    def tell_alerts(self, alerts: Sequence[AlertState], incident_id: int) -> None:
        """Mark states as told, where they are still the newest."""
        if not alerts:
            return
        rows = [
            {
                "from_sender": alert.sender,
                "known_by": alert.fingerprint,
                "since": seconds(alert.at),
                "state": int(alert.firing),
                "whose": alert.agent,
                "told_to": incident_id,
            }
            for alert in alerts
        ]
        with self.writing() as connection:
            connection.execute(_TELL, rows)

    def alerts(self, agent: str, limit: int) -> Sequence[AlertState]:
        """What is known, the newest word first."""
        given: Mapping[str, object] = {"most": limit, **({"of": agent} if agent else {})}
        with self.looking() as connection:
            return [_state(row) for row in connection.execute(_NEWEST_OF if agent else _NEWEST, given)]


def _take(known: Known, alert: AlertState) -> AlertOutcome:
    """Hold one alert against what is known, which it then is a part of."""
    key = (alert.sender, alert.fingerprint)
    before = known.get(key)
    found = outcome(before, alert)
    if before is None:
        known[key] = alert
    elif found in ("late", "repeated"):
        known[key] = replace(before, seen_at=alert.seen_at, times=before.times + 1)
    else:
        known[key] = replace(alert, times=before.times + 1, incident_id=before.incident_id)
    return found


def _known(connection: Connection, keys: set[tuple[str, str]]) -> Known:
    rows = connection.execute(_ALERT.select().where(among(connection, _COLUMNS, sorted(keys))))
    return {(row.sender, row.fingerprint): _state(row) for row in rows}


def _state(row: Row[Any]) -> AlertState:
    return AlertState(
        sender=row.sender,
        fingerprint=row.fingerprint,
        agent=row.agent,
        named=row.named,
        firing=bool(row.firing),
        at=moment(row.at),
        title=row.title,
        severity=row.severity,
        summary=row.summary,
        url=row.url,
        seen_at=moment(row.seen_at),
        times=row.times,
        told=bool(row.told),
        incident_id=row.incident_id,
    )


def _values(alert: AlertState) -> dict[str, object]:
    return {
        "sender": alert.sender,
        "fingerprint": alert.fingerprint,
        "agent": alert.agent,
        "named": alert.named,
        "firing": int(alert.firing),
        "at": seconds(alert.at),
        "title": alert.title,
        "severity": alert.severity,
        "summary": alert.summary,
        "url": alert.url,
        "seen_at": seconds(alert.seen_at or alert.at),
        "times": alert.times,
        "told": int(alert.told),
        "incident_id": alert.incident_id,
    }
