"""Alembic's entry: one history for SQLite and PostgreSQL."""

from alembic import context
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from bot.store import tables

assert tables  # noqa: S101 - imported so that the metadata knows every table

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        user_module_prefix="sqlmodel.sql.sqltypes.",
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
