"""A partition of minutes for each UTC day on PostgreSQL: made before it is needed, dropped as a whole when it is old.

A partition is named after its day, counted from 1970-01-01 (`minute_day_20514`). SQLite keeps one table.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text

DAY = 1440
"""Minutes."""
MAKING = 0x5D2
"""The advisory lock under which partitions are made and dropped; it goes with the transaction."""
_PREFIX = "minute_day_"


def days_of(connection: Connection) -> set[int]:
    """The days that have a partition."""
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'minute'::regclass")
    return {int(name.removeprefix(_PREFIX)) for name in connection.scalars(query)}


def make_days(connection: Connection, days: Iterable[int]) -> None:
    """Make the partitions that are missing. Attaching a ready table leaves readers and writers of other days alone."""
    _hold(connection)
    for day in sorted(set(days) - days_of(connection)):
        name, first, end = f"{_PREFIX}{int(day)}", int(day) * DAY, (int(day) + 1) * DAY
        check = f"CONSTRAINT {name}_day CHECK (minute >= {first} AND minute < {end})"
        connection.execute(text(f"CREATE TABLE {name} (LIKE minute, {check})"))
        connection.execute(text(f"ALTER TABLE minute ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})"))
        connection.execute(text(f"ALTER TABLE {name} DROP CONSTRAINT {name}_day"))


def drop_days(connection: Connection, before: int) -> int:
    """Drop the partitions of days before this one; returns how many minutes stood in them."""
    _hold(connection)
    dropped = 0
    for day in sorted(day for day in days_of(connection) if day < before):
        dropped += int(connection.execute(text(f"SELECT count(*) FROM {_PREFIX}{int(day)}")).scalar_one())  # noqa: S608 - a number
        connection.execute(text(f"DROP TABLE {_PREFIX}{int(day)}"))
    return dropped


def _hold(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MAKING})
