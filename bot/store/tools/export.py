"""Everything that is stored as JSON lines, streamed: one row a line, read from one snapshot, in the order of the keys.

`{"table": "incident", "row": {...}}`. Columns that hold JSON are written as JSON. The first line says what it is of.
"""

import json
from collections.abc import Iterator

from sqlalchemy import Connection, Table

from bot.store.tables import TableModel

JSON_COLUMNS = frozenset({"body", "record", "receipt"})
BATCH = 1_000


def lines(connection: Connection, schema: str) -> Iterator[str]:
    """Every row of every table. Nothing is held but one batch."""
    yield json.dumps({"export": "stepdown", "schema": schema})
    for name, table in sorted(TableModel.metadata.tables.items()):
        for row in rows(connection, table):
            yield json.dumps({"table": name, "row": row}, ensure_ascii=False)


def rows(connection: Connection, table: Table) -> Iterator[dict[str, object]]:
    """The rows of one table, in the order of its key."""
    query = table.select().order_by(*table.primary_key).execution_options(yield_per=BATCH)
    for row in connection.execute(query).mappings():
        yield {column: _plain(column, value) for column, value in row.items()}


def _plain(column: str, value: object) -> object:
    return json.loads(value) if column in JSON_COLUMNS and isinstance(value, str) else value
