"""Database URLs taken apart, and named without what is secret in them."""

from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL, make_url

from bot.ports.database_url import database_url
from bot.store.database.errors import StoreError

SECRET_PARAMETERS = ("password", "sslpassword")
HIDDEN = "***"


def parsed(url: str) -> URL:
    """The URL, taken apart. Raises StoreError with a sentence that holds nothing of it."""
    try:
        return make_url(database_url(url))
    except ValueError as error:
        raise StoreError(f"The database URL {error}.") from None  # the cause would show the URL in a traceback


def place_of(url: URL) -> str:
    """The URL without password and without parameters, which may hold one too."""
    return url.set(query={}).render_as_string(hide_password=True)


def redacted(text: str, url: URL) -> str:
    """Somebody else's words on this database, without its passwords, as they are and as URLs write them."""
    values = [url.password, *(url.query.get(name) for name in SECRET_PARAMETERS)]
    secrets = [one for value in values if value for one in ([value] if isinstance(value, str) else value)]
    for secret in sorted(map(str, secrets), key=len, reverse=True):
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(form, HIDDEN)
    return text


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL; None for another engine or a database in memory."""
    found = parsed(url)
    if found.get_backend_name() != "sqlite" or found.database in (None, "", ":memory:"):
        return None
    return Path(str(found.database))


def same_place(one: str, other: str) -> bool:
    """Whether two URLs lead to one database, as far as can be seen."""
    paths = [sqlite_path(url) for url in (one, other)]
    if None not in paths:
        return len({str(path.resolve()) for path in paths if path is not None}) == 1
    first, second = (parsed(url) for url in (one, other))
    return first.set(password=None, username=None) == second.set(password=None, username=None)
