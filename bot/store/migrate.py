"""The schema's version, kept where Alembic keeps it, and the upgrade."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bot.store.database.urls import parsed

_HERE = Path(__file__).parent / "migrations"


@cache
def head() -> str:
    """The newest revision: the file in `versions/` that sorts last."""
    return max(path.stem for path in (_HERE / "versions").glob("[0-9]*.py")).split("_")[0]


def stamp(connection: Connection) -> None:
    """Write the newest revision into a database that was just created."""
    connection.execute(
        text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    )
    connection.execute(text("DELETE FROM alembic_version"))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": head()})


def stored_revision(connection: Connection) -> str:
    """The database's revision, "" when it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def upgrade(url: str) -> str:
    """Bring a database to the newest revision; returns it. Alembic is imported here because only this needs it."""
    from alembic import command  # noqa: PLC0415 - 0.3 s that only an upgrade pays
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    whole = parsed(url).render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", whole.replace("%", "%%"))  # a percent sign is its escape character
    command.upgrade(config, "head")
    return head()
