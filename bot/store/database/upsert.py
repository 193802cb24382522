"""Insert or update, in the words of the engine a connection leads to: the one place that knows `ON CONFLICT`."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Float, Integer, LargeBinary, String, Table, cast, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlmodel import AutoString

Rows = Sequence[Mapping[str, object]]
MANY = 20
"""More rows than this go to PostgreSQL as one statement instead of one each."""
_SQLITE = sqlite.dialect()
_AS_THEY_ARE = (AutoString, String, Integer, Float, LargeBinary)
"""Types of columns whose values the driver takes as they are."""


def insert_or(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that understands `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def keep_first(connection: Connection, table: Table, rows: Rows, key: Sequence[str]) -> int:
    """Insert rows; one whose key is there already is left as it is. Returns how many are new (of a single row)."""
    return write_rows(connection, rows, _first_kept, table, tuple(key)) if rows else 0


def keep_newest(connection: Connection, table: Table, rows: Rows, key: Sequence[str], *, newer: str = "") -> None:
    """Insert rows; one whose key is there already takes the new values. A row that says the same is not written.

    `newer`: a column; a row in which it is lower than in the one that is there changes nothing.
    """
    if not rows:
        return
    names = tuple(name for name in rows[0] if name not in key)
    if connection.dialect.name == "postgresql" and len(rows) > MANY:
        connection.execute(_updating(_as_arrays(table, rows, key), table, names, tuple(key), newer))
    else:
        write_rows(connection, rows, _newest_kept, table, names, tuple(key), newer)


def write_rows(connection: Connection, rows: Rows, build: Callable[..., Insert], *of: Hashable) -> int:
    """Run the insert that `build` makes of a dialect's name and of `of`; returns the count of rows (of a single row).

    On SQLite many rows go past SQLAlchemy, which takes 2.5 us a row to hand on values that need no handling.
    """
    if len(rows) > 1 and connection.dialect.name == "sqlite":
        sql, order, constants = _prepared(build, of, tuple(rows[0]))
        values = [tuple([row[name] if name in row else constants[name] for name in order]) for row in rows]
        return connection.exec_driver_sql(sql, values).rowcount
    plain = [dict(row) for row in rows]  # alone, a row is not sent as a batch, of which nobody counts the rows
    statement = build(connection.dialect.name, *of).inline().execution_options(preserve_rowcount=True)
    return connection.execute(statement, plain[0] if len(plain) == 1 else plain).rowcount


@lru_cache(maxsize=256)
def _prepared(
    build: Callable[..., Insert], of: tuple[Any, ...], names: tuple[str, ...]
) -> tuple[str, Sequence[str], Mapping[str, object]]:
    """A statement as SQLite's driver takes it, the names of its values in their order, and those that no row gives."""
    statement = build("sqlite", *of).inline()
    columns = statement.table.c
    handled = [name for name in names if not isinstance(columns[name].type, _AS_THEY_ARE)]
    if handled:
        raise TypeError(f"{statement.table.name}: values of {', '.join(handled)} are not stored as they are")
    compiled = statement.compile(dialect=_SQLITE, column_keys=list(names))
    order = tuple(getattr(compiled, "positiontup", ()))
    left = {one.name: one.default.arg for one in columns if isinstance(one.default, ScalarElementColumnDefault)}
    return str(compiled), order, {**compiled.params, **left}


def _first_kept(dialect: str, table: Table, key: tuple[str, ...]) -> Insert:
    return insert_or(dialect, table).on_conflict_do_nothing(index_elements=list(key))


def _newest_kept(dialect: str, table: Table, names: tuple[str, ...], key: tuple[str, ...], newer: str) -> Insert:
    return _updating(insert_or(dialect, table), table, names, key, newer)


def _updating(
    statement: postgresql.Insert | sqlite.Insert, table: Table, names: tuple[str, ...], key: tuple[str, ...], newer: str
) -> Insert:
    given = tuple_(*(statement.excluded[name] for name in names))
    kept = tuple_(*(table.c[name] for name in names))
    changed = kept.is_distinct_from(given)
    return statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: statement.excluded[name] for name in names},
        where=changed & (table.c[newer] <= statement.excluded[newer]) if newer else changed,
    )


def _as_arrays(table: Table, rows: Rows, key: Sequence[str]) -> postgresql.Insert:
    """All rows in one statement, a parameter for each column. Of two with one key the later one goes in."""
    last = {tuple(row[name] for name in key): row for row in rows}
    names = list(rows[0])
    columns = [
        func.unnest(cast([row[name] for row in last.values()], postgresql.ARRAY(table.c[name].type))) for name in names
    ]
    return postgresql.insert(table).from_select(names, select(*columns))
