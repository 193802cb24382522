"""What Slack's client checks before it sends a modal: required fields, lengths, numbers, addresses."""

import re

from bot.localslack.people.interaction import is_empty
from bot.localslack.state.refusal import Json

REQUIRED = "Please complete this required field."
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def problems(blocks: list[Json], values: Json) -> dict[str, str]:
    """block_id to what the user is told; empty when the modal may be sent."""
    found: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        entry = values.get(block["block_id"], {}).get(block["element"]["action_id"], {"type": ""})
        if problem := _problem(block, entry):
            found[block["block_id"]] = problem
    return found


def _problem(block: Json, entry: Json) -> str | None:
    if is_empty(entry):
        return None if block.get("optional") else REQUIRED
    value, element = entry.get("value"), block["element"]
    if not isinstance(value, str):
        return None
    if len(value) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(value) > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    return _TYPED.get(element["type"], lambda _element, _value: None)(element, value)


def _number(element: Json, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Please enter a number."
    if not element.get("is_decimal_allowed") and number != int(number):
        return "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def _email(_element: Json, value: str) -> str | None:
    return None if EMAIL.fullmatch(value) else "Please enter an e-mail address."


def _address(_element: Json, value: str) -> str | None:
    return None if re.match(r"https?://\S+$", value) else "Please enter a URL."


_TYPED = {"number_input": _number, "email_text_input": _email, "url_text_input": _address}
