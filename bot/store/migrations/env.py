"""Alembic's entry: one history for SQLite and PostgreSQL. Two upgrades at once wait for one another on PostgreSQL."""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bot.store import tables

assert tables  # noqa: S101 - imported so that the metadata knows every table

UPGRADE = 0x5D1
"""The advisory lock under which a schema changes; it goes with the session."""

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=NullPool)
with engine.connect() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": UPGRADE})
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=tables.TableModel.metadata,
        render_as_batch=True,
        user_module_prefix="sqlmodel.sql.sqltypes.",
    )
    with context.begin_transaction():
        context.run_migrations()
