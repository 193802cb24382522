"""What rows say, worked by hand, on a real SQLite file and a real PostgreSQL; and what neither lets through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from bot.core.model.samples import Sample, Series, minute_start
from bot.core.model.slis import PollQuery, SourceSpec
from bot.ports.errors import SourceError
from bot.ports.sources import Source
from bot.simulation.clock import MovableClock
from bot.sources import build
from bot.sources.sql.statement import fault
from tests.config.fleet_text import problems

M = 29_400_000
AGENTS = frozenset({("refunds", ""), ("kyc", "")})
COLUMNS = "SELECT agent, minute, bad, total FROM tasks WHERE minute >= :start AND minute < :end"
HER = PollQuery(
    "her", "db", "her", "ratio", {"query": COLUMNS, "bad": "bad", "total": "total"}, {"agent": "agent"}, serves=AGENTS
)


@dataclass
class Table:
    """A database with a table of tasks, the source that reads it, and a way to make another one."""

    url: str
    engine: Engine
    source: Source
    made: list[Source]

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def other(self, **settings: object) -> Source:
        made = build(SourceSpec("db", "sql", {"url": self.url, **settings}), MovableClock(minute_start(M + 1)))
        assert made is not None
        self.made.append(made)
        return made


@pytest.fixture(params=["sqlite", "postgresql"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Table]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'tasks.db'}"
    else:
        url = str(request.getfixturevalue("postgres").empty()).replace("+psycopg", "")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    source = build(SourceSpec("db", "sql", {"url": url}), MovableClock(minute_start(M + 1)))
    assert source is not None
    found = Table(url, engine, source, [source])
    found.run("CREATE TABLE tasks (agent text, flow text, minute bigint, bad integer, total integer)")
    yield found
    for made in found.made:
        made.close()
    engine.dispose()


def rows(*values: tuple[str, str, int, int, int]) -> str:
    told = ", ".join(f"('{agent}', '{flow}', {minute * 60}, {bad}, {n})" for agent, flow, minute, bad, n in values)
    return f"INSERT INTO tasks VALUES {told}"  # noqa: S608 - our own values


def test_one_row_answers_both_numbers_of_each_minute(table: Table) -> None:
    """9 of 50, then 1 of 4: 18 % and 25 %; what lies outside the minutes asked for is not answered."""
    table.run(rows(("refunds", "", M, 9, 50), ("refunds", "", M + 1, 1, 4), ("kyc", "", M + 2, 1, 1)))
    found = table.source.fetch(HER, M, M + 1)
    series = Series("refunds", "", "her")
    assert found.warnings == ()
    assert sorted(found.samples, key=lambda one: one.at) == [
        Sample(series, minute_start(M), 18.0, 50.0),
        Sample(series, minute_start(M + 1), 25.0, 4.0),
    ]


def test_workflows_stand_in_a_column(table: Table) -> None:
    table.run(
        rows(("refunds", "refund", M, 1, 10), ("refunds", "chargeback", M, 2, 10), ("refunds", "other", M, 9, 10))
    )
    statement = COLUMNS.replace("agent,", "agent, flow,")
    query = replace(
        HER,
        parts={**HER.parts, "query": statement},
        by={"agent": "agent", "workflow": "flow"},
        serves=frozenset({("refunds", "refund"), ("refunds", "chargeback")}),
    )
    found = table.source.fetch(query, M, M)
    assert {(one.series.workflow, one.value) for one in found.samples} == {("refund", 10.0), ("chargeback", 20.0)}


def test_the_database_may_count_itself_and_name_its_time(table: Table) -> None:
    """Sums are decimals in PostgreSQL; a time may be a timestamp, ISO 8601 or seconds."""
    table.run(rows(("refunds", "", M, 4, 20), ("refunds", "", M, 2, 30)))
    at = "to_timestamp(minute)" if "postgresql" in table.url else "datetime(minute, 'unixepoch')"
    statement = (
        f"SELECT agent, {at} AS happened, sum(bad) AS b, sum(total) AS t FROM tasks "  # noqa: S608 - our own words
        "WHERE minute >= :start AND minute < :end GROUP BY 1, 2"
    )
    query = replace(HER, parts={"query": statement, "bad": "b", "total": "t", "time": "happened"})
    (sample,) = table.source.fetch(query, M, M).samples
    assert (sample.value, sample.n) == (12.0, 50.0)


def test_a_value_with_its_count_and_a_query_of_one_agent(table: Table) -> None:
    table.run(rows(("refunds", "", M, 42, 10)))
    statement = "SELECT minute, bad AS calls, total FROM tasks WHERE minute >= :start AND minute < :end"
    parts = {"query": statement, "value": "calls", "count": "total"}
    query = PollQuery("tie", "db", "tie", "gauge", parts, {}, agent="refunds", workflow="refund")
    (sample,) = table.source.fetch(query, M, M).samples
    assert (sample.series, sample.value, sample.n) == (Series("refunds", "refund", "tie"), 42.0, 10.0)


def test_a_runbook_step_asks_by_the_statement_alone(table: Table) -> None:
    table.run(rows(("refunds", "", M, 42, 10)))
    query = PollQuery("evidence", "db", "evidence", "gauge", {"value": "SELECT 7 AS value"}, agent="refunds")
    assert [one.value for one in table.source.fetch(query, M, M).samples] == [7.0]


def test_null_and_text_are_unknown_and_said(table: Table) -> None:
    table.run(rows(("refunds", "", M, 1, 5)), "UPDATE tasks SET bad = NULL")
    assert table.source.fetch(HER, M, M).samples == ()
    query = replace(HER, parts={**HER.parts, "bad": "agent"})
    found = table.source.fetch(query, M, M)
    assert (found.samples, found.warnings) == ((), ("db: refunds/her: `agent` is 'refunds', not a number",))


def test_a_time_that_is_none_is_said(table: Table) -> None:
    table.run(rows(("refunds", "", M, 1, 5)))
    found = table.source.fetch(replace(HER, parts={**HER.parts, "time": "agent"}), M, M)
    assert (found.samples, found.warnings) == ((), ("db: refunds/her: `agent` is 'refunds', not a time",))


def test_rows_without_a_time_cannot_tell_of_several_minutes(table: Table) -> None:
    table.run(rows(("refunds", "", M, 1, 5)))
    query = replace(HER, parts={**HER.parts, "query": COLUMNS.replace("minute, bad", "bad")})
    assert len(table.source.fetch(query, M, M).samples) == 1
    with pytest.raises(SourceError, match=r"db: her: the statement answers without the column `minute`; it has agent,"):
        table.source.fetch(query, M - 1, M)


WRITES = {
    "insert": "WITH x AS (INSERT INTO tasks VALUES ('a', '', 0, 1, 1) RETURNING agent) SELECT agent FROM x",
    "delete": "WITH x AS (DELETE FROM tasks RETURNING agent) SELECT agent FROM x",
}


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES.keys())
def test_nothing_is_ever_written(table: Table, statement: str) -> None:
    table.run(rows(("refunds", "", M, 1, 5)))
    with pytest.raises(SourceError, match="refuses the statement"):
        table.source.fetch(replace(HER, parts={**HER.parts, "query": statement}), M, M)
    assert len(table.source.fetch(HER, M, M).samples) == 1


def test_not_even_past_the_check_of_the_text(table: Table) -> None:
    """The database itself refuses: the transaction, or the file, is read-only."""
    with pytest.raises(SourceError) as caught:
        table.source.fetch(replace(HER, parts={**HER.parts, "query": "DELETE FROM tasks"}), M, M)
    assert "read" in str(caught.value)
    assert "only" in str(caught.value)


def test_an_answer_with_too_many_rows_is_refused(table: Table) -> None:
    table.run(rows(*(("refunds", "", M, 1, 5) for _ in range(6))))
    with pytest.raises(SourceError, match=r"answered more than 5 rows; ask for fewer \(GROUP BY\)"):
        table.other(max_rows=5).fetch(HER, M, M)


def test_a_statement_ends_at_the_deadline_and_its_connection_is_used_again(table: Table) -> None:
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) AS bad FROM c"
    source = table.other(timeout="0.3s")
    for _ in range(6):  # more than there are connections, and then the breaker is open
        with pytest.raises(SourceError) as caught:
            source.fetch(replace(HER, parts={**HER.parts, "query": endless}), M, M)
        assert caught.value.passing
    assert "not asked after 5 failures in a row" in str(caught.value)


def test_a_table_that_somebody_locked_holds_nobody(table: Table) -> None:
    """PostgreSQL ends the wait by the statement's timeout, SQLite by its own."""
    with table.engine.connect() as holder:
        if "sqlite" in table.url:
            holder.execute(text("BEGIN EXCLUSIVE"))
        else:
            holder.execute(text("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(SourceError) as caught:
            table.other(timeout="0.4s").fetch(HER, M, M)
        holder.rollback()
    assert caught.value.passing
    assert table.source.fetch(HER, M, M).samples == ()


@pytest.mark.parametrize("url", ["postgresql://reader:s3cret@127.0.0.1:9/tasks", "sqlite:////nowhere/at/all/tasks.db"])
def test_a_database_that_is_not_there_is_said_without_its_password(url: str) -> None:
    source = build(SourceSpec("db", "sql", {"url": url}), MovableClock(minute_start(M + 1)))
    assert source is not None
    with pytest.raises(SourceError) as caught:
        source.fetch(HER, M, M)
    assert caught.value.passing
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    source.close()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (COLUMNS, ""),
        (f"-- all of them\n{COLUMNS} AND agent <> 'a;b'", ""),
        (f"with x as ({COLUMNS}) select * from x where minute::bigint > 0", ""),  # noqa: S608 - never sent
        ("DELETE FROM tasks", "one SELECT is needed"),
        ("", "one SELECT is needed"),
        (f"{COLUMNS}; DROP TABLE tasks", "one statement is allowed"),
        ("SELECT 1 WHERE 1 > :start", "`:end` is missing"),
        ("SELECT 1", "`:start and :end` is missing"),
        (f"{COLUMNS} AND agent = :agent", "`:agent` is not known (allowed: `:start`, `:end`)"),
    ],
)
def test_what_a_statement_must_be_is_said_before_it_is_asked(statement: str, says: str) -> None:
    assert says in fault(statement)
    assert bool(fault(statement)) is bool(says)


FLEET = """\
people: {{ana: {{name: Ana Lima, slack: U0ANA}}}}
sources: {{db: {{kind: sql, url: "${{DB}}"{more}}}}}
slis:
  her: {{query: "{query}", bad: b, total: t{parts}}}
agents: {{refunds: {{owner: ana}}}}
"""


def checked(db: str = "sqlite:////data/tasks.db", more: str = "", query: str = COLUMNS, parts: str = "") -> list[str]:
    return problems(FLEET.format(more=more, query=query, parts=parts), DB=db)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, ""),
        ({"db": "postgresql://u:p%40ss@host/db"}, ""),
        (
            {"db": "postgresql://u:p@ss@host/db"},
            "has more than one @: in a user name or a password",
        ),
        ({"db": "postgresql://u:pass@host:port/db"}, "has a port that is not a number from 1 to 65535"),
        (
            {"db": "mysql://u:pass@host/db"},
            "sources.db.url: the address of the database must begin with sqlite:",
        ),
        ({"db": "pass"}, "must begin with sqlite:/// or postgresql+psycopg://"),
        ({"more": ", max_rows: 0"}, "sources.db.max_rows: 0 is out of range"),
        ({"query": "DELETE FROM pass"}, "slis.her.query: one SELECT is needed"),
        ({"parts": ", items: x"}, "slis.her.items: for sql 'items' is not known"),
        ({"parts": ", by: {agent: a, part: p}"}, "slis.her.by: for sql 'part' is not known (allowed: agent, workflow)"),
    ],
)
def test_check_says_what_is_wrong_and_no_password(wrong: dict[str, str], says: str) -> None:
    make: Callable[..., list[str]] = checked
    found = make(**wrong)
    assert len(found) == bool(says), found
    assert says in "".join(found)
    assert "pass@" not in "".join(found)
    assert "ss@host" not in "".join(found)


def test_a_query_without_its_statement_is_refused() -> None:
    text = FLEET.format(more="", query="", parts="").replace('query: "", ', "")
    assert "slis.her: `query` is missing" in problems(text, DB="sqlite:////data/tasks.db")[0]
