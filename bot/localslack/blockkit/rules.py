"""Rules that look at one JSON value and say what Slack would say about it.

A rule is called with the value, its JSON pointer and the report it complains to.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.localslack.state.refusal import Json


class Report:
    """The complaints about one set of blocks, worded as Slack words them."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def say(self, complaint: str, at: str) -> None:
        """Note a complaint about the value at a JSON pointer."""
        self.complaints.append(f"{complaint} [json-pointer:{at}]")


Rule = Callable[[Any, str, Report], None]


def anything(_value: object, _at: str, _report: Report) -> None:
    """Any value will do."""


def string(most: int = 3000, least: int = 1) -> Rule:
    """Text of `least` to `most` characters."""

    def check(value: object, at: str, report: Report) -> None:
        if not isinstance(value, str):
            report.say("must be a string", at)
        elif len(value) > most:
            report.say(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            report.say(f"must be more than {least - 1} characters", at)

    return check


def address(most: int = 3000) -> Rule:
    """An http(s) or mail address."""
    length = string(most)

    def check(value: object, at: str, report: Report) -> None:
        length(value, at, report)
        if isinstance(value, str) and not re.match(r"(https?://|mailto:|slack://|tel:)\S+$", value):
            report.say("must be a valid URL", at)

    return check


def pattern(expression: str, what: str) -> Rule:
    """Text that matches the whole expression."""

    def check(value: object, at: str, report: Report) -> None:
        if not isinstance(value, str) or not re.fullmatch(expression, value):
            report.say(f"must be {what}", at)

    return check


def one_of(*allowed: str) -> Rule:
    """One of the given words."""

    def check(value: object, at: str, report: Report) -> None:
        if value not in allowed:
            report.say(f"must be a valid enum value: {', '.join(allowed)}", at)

    return check


def boolean(value: object, at: str, report: Report) -> None:
    """True or false."""
    if not isinstance(value, bool):
        report.say("must be a boolean", at)


def number(low: float = float("-inf"), high: float = float("inf")) -> Rule:
    """A number from `low` to `high`."""

    def check(value: object, at: str, report: Report) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            report.say("must be a number", at)
        elif not low <= value <= high:
            report.say(f"must be between {low:g} and {high:g}", at)

    return check


def array(rule: Rule, most: int, least: int = 1) -> Rule:
    """A list of `least` to `most` values that each obey the rule."""

    def check(value: object, at: str, report: Report) -> None:
        if not isinstance(value, list):
            report.say("must be an array", at)
            return
        if len(value) > most:
            report.say(f"no more than {most} items allowed", at)
        if len(value) < least:
            report.say(f"no fewer than {least} items allowed", at)
        for place, item in enumerate(value):
            rule(item, f"{at}/{place}", report)

    return check


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """An object with exactly these fields; `type` is looked at by `tagged`."""
    known = {**required, **(optional or {})}

    def check(value: object, at: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.say("must be an object", at)
            return
        for name in required:
            if value.get(name) is None:
                report.say(f"missing required field: {name}", at)
        for name, content in value.items():
            if name in known:
                if content is not None:
                    known[name](content, f"{at}/{name}", report)
            elif name != "type":
                report.say(f"invalid additional property: {name}", at)

    return check


def tagged(table: Mapping[str, Rule]) -> Rule:
    """An object whose `type` chooses the rule."""

    def check(value: object, at: str, report: Report) -> None:
        if not isinstance(value, dict):
            report.say("must be an object", at)
            return
        kind = value.get("type")
        if kind is None:
            report.say("missing required field: type", at)
        elif not isinstance(kind, str) or kind not in table:
            report.say(f"unsupported type: {kind}", f"{at}/type")
        else:
            table[kind](value, at, report)

    return check


def both(*rules: Rule) -> Rule:
    """Every one of the rules."""

    def check(value: object, at: str, report: Report) -> None:
        for rule in rules:
            rule(value, at, report)

    return check


def exactly_one(*names: str) -> Rule:
    """An object with one of these fields, not several and not none."""

    def check(value: object, at: str, report: Report) -> None:
        if isinstance(value, dict) and sum(value.get(name) is not None for name in names) != 1:
            report.say(f"must provide exactly one of {' or '.join(names)}", at)

    return check


def at_least_one(*names: str) -> Rule:
    """An object with one of these fields at least."""

    def check(value: object, at: str, report: Report) -> None:
        if isinstance(value, dict) and not any(value.get(name) for name in names):
            report.say(f"must provide at least one of {', '.join(names)}", at)

    return check


def only(table: Mapping[str, Rule], *kinds: str) -> dict[str, Rule]:
    """The part of a table that a place takes."""
    return {kind: table[kind] for kind in kinds}


def unique(field: str) -> Rule:
    """A list of objects no two of which share this field."""

    def check(value: object, at: str, report: Report) -> None:
        seen: set[str] = set()
        for place, item in enumerate(value if isinstance(value, list) else []):
            name = item.get(field) if isinstance(item, dict) else None
            if isinstance(name, str) and name in seen:
                what = "action" if field == "action_id" else "block" if field == "block_id" else "entry"
                report.say(f'`{field}` "{name}" already exists for another {what}', f"{at}/{place}/{field}")
            seen.add(str(name))

    return check


def walk(value: object) -> list[Json]:
    """Every object inside a JSON value, the outermost first."""
    if isinstance(value, dict):
        return [value, *(found for inner in value.values() for found in walk(inner))]
    if isinstance(value, list):
        return [found for inner in value for found in walk(inner)]
    return []
