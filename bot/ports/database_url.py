"""Which database URLs are good, in sentences that never hold what stands in one: a part of it is a password.

A password whose `@` is not escaped is cut in two by every parser, and what comes after it then passes for a host that
messages may name; one without a host passes for a port. Both are refused here, before anything is taken apart.
"""

import re

SQLITE, POSTGRES = "sqlite:///", "postgresql+psycopg://"
ALLOWED = f"{SQLITE}FILE or {POSTGRES}USER:PASSWORD@HOST:PORT/NAME"
LAST_PORT = 65_535


def database_url(url: str) -> str:
    """The URL as the store takes it. Raises ValueError with a sentence that goes on after the setting's name."""
    if url.startswith(SQLITE):
        return url
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgresql+psycopg"):
        raise ValueError(f"must begin with {SQLITE} or {POSTGRES}")
    if why := _wrong(rest):
        raise ValueError(f"{why}; write {ALLOWED}. The URL is not shown: it may hold a password")
    return POSTGRES + rest


def _wrong(rest: str) -> str:
    """What is wrong with all that follows the scheme, "" where nothing is."""
    user, at, place = rest.rpartition("@")
    if "@" in user:
        return "has more than one @: in a user name or a password an @ is written %40"
    if at and re.search(r"[/?#\[\]\s]", user):
        return (
            "has a /, ?, #, bracket or space before its @: in a user name or a password they are written "
            "%2F, %3F, %23, %5B, %5D and %20"
        )
    return _wrong_place(place)


def _wrong_place(place: str) -> str:
    host = re.split(r"[/?]", place, maxsplit=1)[0]
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?::(.*))?", host, re.DOTALL)
    if found is None:
        return "names a host with characters that no host has"
    port = found[2]
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= LAST_PORT):
        return f"has a port that is not a number from 1 to {LAST_PORT}"
    return ""
