"""Reading what others send: each part by its own, so that a field nobody knows or one of another type costs nothing."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic_core import from_json

from bot.core.formatting.unicode_text import is_storable
from bot.ports.alerts import AlertError, AlertMessage

LONGEST: Final = 200
"""Characters of a fingerprint."""
Json = Mapping[str, object]
NOTHING: Final[Json] = {}


def json_of(message: AlertMessage) -> object:
    """The body as JSON. Raises AlertError."""
    try:
        parsed: object = from_json(message.body)
    except ValueError as error:
        raise AlertError(f"the body is not JSON: {error}") from None
    return parsed


def object_of(message: AlertMessage) -> Json:
    """The body as a JSON object. Raises AlertError."""
    parsed = json_of(message)
    if not isinstance(parsed, dict):
        raise AlertError(f"a JSON object is needed, and this is {_kind(parsed)}")
    return parsed


def mapping(of: Json, name: str) -> Json:
    """A part that is an object; empty where it is none."""
    found = of.get(name)
    return found if isinstance(found, dict) else NOTHING


def items(of: Json, name: str) -> Sequence[Json]:
    """A part that is a list of objects. Raises AlertError where it is none."""
    found = of.get(name)
    if not isinstance(found, list):
        raise AlertError(f"`{name}` has to be a list, and it is {_kind(found)}")
    for place, one in enumerate(found):
        if not isinstance(one, dict):
            raise AlertError(f"`{name}[{place}]` has to be an object, and it is {_kind(one)}")
    return found


def text(of: Json, *names: str) -> str:
    """The first of these parts that says something, as text; numbers too."""
    for name in names:
        found = of.get(name)
        if isinstance(found, str) and found.strip():
            return storable(found.strip())
        if isinstance(found, int | float) and not isinstance(found, bool):
            return f"{found}"
    return ""


def needed(of: Json, name: str, where: str = "") -> str:
    """A part that must be there. Raises AlertError."""
    found = text(of, name)
    if not found:
        raise AlertError(f"`{where}{name}` is missing or empty; it has to be text")
    return found


def labels(of: Json) -> dict[str, str]:
    """Every part of an object that is text or a number, by its name."""
    return {storable(name): found for name in of if (found := text(of, name))}


def moment(value: object, where: str) -> datetime:
    """A time: ISO 8601 with an offset, or seconds (or milliseconds) since 1970. Raises AlertError."""
    try:
        if isinstance(value, str) and value.strip():
            if value.strip().replace(".", "", 1).isdigit():
                return moment(float(value), where)
            found = datetime.fromisoformat(value.strip())
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise AlertError(f"`{where}` has to be a time (ISO 8601, or seconds since 1970), and it is {_shown(value)}")


_MILLISECONDS: Final = 100_000_000_000
"""From here on a number of seconds would lie in the year 5138: it counts milliseconds."""


def storable(words: str) -> str:
    """Text that any database can take."""
    return words if is_storable(words) else words.encode("utf-8", "replace").decode().replace("\x00", " ")


def fingerprint(*parts: str) -> str:
    """What an alert is known by, of parts that are joined."""
    return "/".join(part for part in parts if part)[:LONGEST]


def dumped(body: object) -> bytes:
    """A body as it is sent."""
    return json.dumps(body, separators=(",", ":")).encode()


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "missing or null"}
    return names.get(type(value), "a number")


def _shown(value: object) -> str:
    return repr(value)[:60] if isinstance(value, str | int | float) else _kind(value)
