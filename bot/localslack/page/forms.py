"""From a posted form back to values: the name of a field is block_id and action_id."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from starlette.datastructures import FormData

from bot.localslack.people import interaction
from bot.localslack.state.mrkdwn import rich_text
from bot.localslack.state.refusal import Json, Refusal


def field(block: Json, element: Json) -> str:
    """The name of an element's form field; browsers mangle quotes in names, so there are none."""
    return f"{quote(str(block.get('block_id')), safe='')}/{quote(str(element.get('action_id')), safe='')}"


def values(blocks: list[Json], form: FormData) -> Json:
    """What stands in the form, as `{block_id: {action_id: value}}`; fields that were not drawn are left out."""
    found: Json = {}
    for block, element in interaction.elements(blocks):
        name = field(block, element)
        if element["type"] in interaction.NO_STATE or f"has:{name}" not in form:
            continue
        found.setdefault(block["block_id"], {})[element["action_id"]] = _value(element, form.getlist(name))
    return found


def _value(element: Json, given: list[Any]) -> object:
    kind = element["type"]
    if kind in interaction.MANY_OPTIONS or kind.startswith("multi_"):
        return [entry for entry in given if entry]
    if kind == "file_input":
        return [entry for entry in given if isinstance(entry, str) and entry]
    value = str(given[-1]) if given else ""
    if not value:
        return None
    if kind == "datetimepicker":
        return seconds(value)
    if kind == "rich_text_input":
        return rich_text(value, "")
    return value


def seconds(moment: str) -> int:
    """Seconds since 1970 from a `datetime-local` field, read as UTC."""
    try:
        return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise Refusal("invalid_arguments", detail=f"not a date and time: {moment!r}") from error


def used(form: FormData) -> tuple[str | None, str, str | None]:
    """Block, action and choice of the element that was used: `use` is a field's name or a JSON list of three."""
    use = str(form.get("use", ""))
    if "/" in use and not use.startswith("["):
        block, _, action = use.partition("/")
        return unquote(block), unquote(action), None
    try:
        parts = json.loads(use)
        block_id, action_id = parts[0], parts[1]
    except (ValueError, IndexError, TypeError) as error:
        raise Refusal("invalid_arguments", detail="the form does not say what was used") from error
    return block_id, str(action_id), str(parts[2]) if len(parts) > 2 else None  # noqa: PLR2004  the choice comes third
