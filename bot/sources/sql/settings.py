"""What a SQL source has beside `kind` in the fleet file."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.ports.database_url import database_url
from bot.sources.http import Span


def _database(given: SecretStr) -> SecretStr:
    """As the driver takes it. The words never repeat the address: it holds a password."""
    try:
        return SecretStr(database_url(given.get_secret_value()))
    except ValueError as why:
        raise ValueError(f"the address of the database {why}") from None


class SqlSettings(BaseModel):
    """The database, and the bounds of one question."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    url: Annotated[SecretStr, AfterValidator(_database)]
    """A user that may only read is enough, and best."""
    timeout: Annotated[Span, Field(gt=0, le=60)] = 10
    """For the whole call."""
    max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
