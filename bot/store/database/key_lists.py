"""Many keys in one question: a list that is a single parameter, so that the statement is the same for any number.

A parameter for each value is written into the statement anew each time, 16 us a key; and SQLite scans the whole table
for keys of two columns that are given so, where it searches by index for those of a subquery.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, cast, func, select, tuple_
from sqlalchemy.dialects import postgresql

__all__ = ["among"]


def among(
    connection: Connection, columns: Sequence[ColumnElement[Any]], keys: Collection[Sequence[object]]
) -> ColumnElement[bool]:
    """Whether a row's values in `columns` are those of one of `keys`: text and numbers, one for each column."""
    lists = _arrays(columns, keys) if connection.dialect.name == "postgresql" else _json(columns, keys)
    return tuple_(*columns).in_(select(*lists)) if len(columns) > 1 else columns[0].in_(select(*lists))


def _arrays(columns: Sequence[ColumnElement[Any]], keys: Collection[Sequence[object]]) -> list[ColumnElement[Any]]:
    return [
        func.unnest(cast([key[place] for key in keys], postgresql.ARRAY(column.type)))
        for place, column in enumerate(columns)
    ]


def _json(columns: Sequence[ColumnElement[Any]], keys: Collection[Sequence[object]]) -> list[ColumnElement[Any]]:
    each = func.json_each(json.dumps([list(key) for key in keys])).table_valued("value")
    return [func.json_extract(each.c.value, f"$[{place}]") for place in range(len(columns))]
