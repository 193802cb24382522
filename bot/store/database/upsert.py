"""Insert or update, in the words of the engine a connection leads to: the one place that knows `ON CONFLICT`."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, cast, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

Rows = Sequence[Mapping[str, object]]
MANY = 20
"""More rows than this go to PostgreSQL as one statement instead of one each."""


def insert_or(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that understands `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def keep_first(connection: Connection, table: Table, rows: Rows, key: Sequence[str]) -> int:
    """Insert rows; one whose key is there already is left as it is. Returns how many are new (of a single row)."""
    if not rows:
        return 0
    statement = insert_or(connection, table).on_conflict_do_nothing(index_elements=list(key))
    return _run(connection, statement, rows)


def keep_newest(connection: Connection, table: Table, rows: Rows, key: Sequence[str], *, newer: str = "") -> None:
    """Insert rows; one whose key is there already takes the new values. A row that says the same is not written.

    `newer`: a column; a row in which it is lower than in the one that is there changes nothing.
    """
    if not rows:
        return
    names = [name for name in rows[0] if name not in key]
    whole = connection.dialect.name == "postgresql" and len(rows) > MANY
    statement = _as_arrays(table, rows, key) if whole else insert_or(connection, table)
    given = tuple_(*(statement.excluded[name] for name in names))
    kept = tuple_(*(table.c[name] for name in names))
    changed = kept.is_distinct_from(given)
    newest = statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: statement.excluded[name] for name in names},
        where=changed & (table.c[newer] <= statement.excluded[newer]) if newer else changed,
    )
    if whole:
        connection.execute(newest)
    else:
        _run(connection, newest, rows)


def _as_arrays(table: Table, rows: Rows, key: Sequence[str]) -> postgresql.Insert:
    """All rows in one statement, a parameter for each column. Of two with one key the later one goes in."""
    last = {tuple(row[name] for name in key): row for row in rows}
    names = list(rows[0])
    columns = [
        func.unnest(cast([row[name] for row in last.values()], postgresql.ARRAY(table.c[name].type))) for name in names
    ]
    return postgresql.insert(table).from_select(names, select(*columns))


def _run(connection: Connection, statement: Insert, rows: Rows) -> int:
    plain = [dict(row) for row in rows]  # alone, a row is not sent as a batch, of which nobody counts the rows
    return connection.execute(
        statement.inline().execution_options(preserve_rowcount=True), plain[0] if len(plain) == 1 else plain
    ).rowcount
