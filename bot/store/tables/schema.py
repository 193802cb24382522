"""What every table shares: the names of its constraints, and the one way to the table behind a model."""

from sqlalchemy import Index, MetaData, Table, text
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class TableModel(SQLModel):
    """The base of the models below. Their metadata is all of the schema, and nothing else."""

    metadata = MetaData(naming_convention=NAMES)


def table_of(model: type[TableModel]) -> Table:
    """The table of a model, for statements of SQLAlchemy's core: many rows at once, `RETURNING`, aliases.

    Measured: 67,000 rows a second go in by the core, 20,000 by the ORM
    (`docs/design/architecture.md`, "Minutes and five-minute rows").
    """
    return TableModel.metadata.tables[str(model.__tablename__)]


def index_where(condition: str, name: str, *columns: str) -> Index:
    """An index of the rows that fulfil a condition, on either engine.

    A question that it serves writes the condition out: a parameter in its place is not known to fulfil it.
    """
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))
