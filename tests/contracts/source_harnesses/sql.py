"""A table of a real SQLite file and of a real PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, NullPool, create_engine, text

from bot.core.model.slis import PollQuery, SourceSpec
from bot.ports.sources import Source
from bot.simulation.clock import MovableClock
from bot.sources import build
from tests.contracts.source_harnesses import MINUTE, NOW, Conditions, Opened

STATEMENT = "SELECT agent, at AS minute, bad, total FROM tasks WHERE at >= :start AND at < :end"
ROWS = 50
COUNTING = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
"""Never ends, on both."""


@dataclass
class SqlWorld:
    """See SourceHarness. Faults are changes of the table under the same query."""

    engine: Engine
    source: Source
    query: PollQuery

    def says(self, bad: str | None, total: str | None, agent: str = "refunds", times: int = 1) -> None:
        self._table([(agent, number(bad), number(total))] * times)

    def says_nothing(self) -> None:
        self._table([])

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        return {
            "hangs": lambda: self._view(
                f"SELECT 'refunds' AS agent, {MINUTE * 60} AS at, ({COUNTING}) AS bad, 1 AS total"
            ),
            "has no such table": self._drop,
            "lacks a column": lambda: self._view("SELECT 'refunds' AS agent, 0 AS at, 1 AS bad"),
            "says too much": lambda: self._table([("refunds", 1.0, 2.0)] * (ROWS + 1)),
        }

    def _table(self, rows: list[tuple[str, float | None, float | None]]) -> None:
        self._drop()
        with self.engine.begin() as connection:
            connection.execute(text("CREATE TABLE tasks (agent text, at bigint, bad double precision, total text)"))
            for agent, bad, total in rows:
                written = None if total is None else str(total)
                row = {"agent": agent, "at": MINUTE * 60 + 30, "bad": bad, "total": written}
                connection.execute(text("INSERT INTO tasks VALUES (:agent, :at, :bad, :total)"), row)

    def _view(self, statement: str) -> None:
        self._drop()
        with self.engine.begin() as connection:
            connection.execute(text(f"CREATE VIEW tasks AS {statement}"))

    def _drop(self) -> None:
        for kind in ("TABLE", "VIEW"):
            try:
                with self.engine.begin() as connection:
                    connection.execute(text(f"DROP {kind} tasks"))
            except Exception:  # noqa: BLE001, S112 - it is the other kind, or not there
                continue


def number(given: str | None) -> float | None:
    return None if given is None else float(given)


@contextmanager
def world(url: str, conditions: Conditions) -> Iterator[SqlWorld]:
    query = PollQuery(
        "her",
        "src",
        "her",
        "ratio",
        {"query": STATEMENT, "bad": "bad", "total": "total"},
        {"agent": "agent"},
        serves=frozenset({("refunds", "")}),
    )
    settings = {"url": url, "timeout": f"{conditions.patience}s", "max_rows": ROWS}
    source = build(SourceSpec("src", "sql", settings), MovableClock(NOW))
    assert source is not None
    engine = create_engine(url, poolclass=NullPool)
    made = SqlWorld(engine, source, query)
    made.says_nothing()
    yield made
    source.close()
    engine.dispose()


@contextmanager
def sqlite(conditions: Conditions) -> Iterator[SqlWorld]:
    with world(f"sqlite:///{conditions.folder / 'tasks.db'}", conditions) as made:
        yield made


@contextmanager
def postgresql(conditions: Conditions) -> Iterator[SqlWorld]:
    with world(conditions.postgres(), conditions) as made:
        yield made


HARNESSES: dict[str, Opened] = {"sql-sqlite": sqlite, "sql-postgresql": postgresql}
