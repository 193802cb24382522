"""What a SQL source has beside `kind` in the fleet file."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.sources.http import Span

DIALECTS = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite"}
ALLOWED = "write postgresql://USER:PASSWORD@HOST/NAME or sqlite:////PATH/TO/FILE"


def _database(given: SecretStr) -> SecretStr:
    """Its words never repeat the address: it holds a password."""
    try:
        url = make_url(given.get_secret_value())
        port = url.port
    except (ArgumentError, ValueError):
        raise ValueError(f"this is not the address of a database; {ALLOWED}") from None
    if url.get_backend_name() not in DIALECTS:
        raise ValueError(f"this kind of database is not known; {ALLOWED}")
    if "@" in (url.host or "") or (port is not None and not 0 < port < 65536):  # noqa: PLR2004 - TCP's ports
        raise ValueError("the host cannot be told from the password: in a password write @ as %40, / as %2F, : as %3A")
    return given


class SqlSettings(BaseModel):
    """The database, and the bounds of one question."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    url: Annotated[SecretStr, AfterValidator(_database)]
    """A user that may only read is enough, and best."""
    timeout: Annotated[Span, Field(gt=0, le=60)] = 10
    """For the whole call."""
    max_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
