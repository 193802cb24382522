"""A SQL database that is asked by one statement a query."""

from pathlib import Path

from bot.ports.clock import Clock
from bot.ports.sources import Source
from bot.sources.kind import SourceKind
from bot.sources.query_results import NUMBERS
from bot.sources.sql.settings import SqlSettings
from bot.sources.sql.statement import faults


def _made(name: str, settings: SqlSettings, clock: Clock) -> Source:  # noqa: ARG001 - asked by minute
    from bot.sources.sql.adapter import Sql  # noqa: PLC0415 - SQLAlchemy, only where there is such a source
    from bot.sources.sql.database import SqlClient  # noqa: PLC0415 - see above

    return Sql(name, SqlClient(name, settings))


KIND = SourceKind(
    name="sql",
    summary="Stepdown asks it once a minute, by one SELECT that reads and never writes",
    use_when="the tasks of your agents stand in a table of PostgreSQL or SQLite",
    settings=SqlSettings,
    docs=Path(__file__).with_name("docs.md"),
    make=_made,
    roles={
        "query": "one SELECT with `:start` and `:end`; required",
        **dict.fromkeys(NUMBERS, "a column"),
        "time": "a column; `minute` where it is left out",
    },
    by={"agent": "agent"},
    check=faults,
)
