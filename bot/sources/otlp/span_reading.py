"""One span or evaluation to its facts, by the table in `conventions`."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from bot.core.telemetry.traces.span_facts import AGENT, CHAIN, HANDOFF, MODEL, OTHER, PERSON, TOOL, About
from bot.sources.otlp.conventions import (
    CONVENTIONS,
    DEFERRAL,
    ENDED_TO_WAIT,
    NAMES,
    READINGS,
    STOPPING,
    Form,
)
from bot.sources.otlp.quirks import QUIRKS, Does, Quirk

Attributes = Mapping[str, object]
MOST: Final = 10**12
"""Tokens of a run; none has more."""
TEXT: Final = 200
"""Characters of a text that are kept."""
ERROR_TYPE: Final = "error.type"
SPAN_TYPE: Final = "logfire.span_type"
_FAILING: Final = frozenset({ERROR_TYPE, "gen_ai.tool.status", "is_error", "success"})
"""Attributes that may say that a span failed."""
PLAIN: Final = (*sorted(_FAILING), DEFERRAL, SPAN_TYPE)
WANTED: Final = frozenset(
    {
        *(convention.mark for convention in CONVENTIONS),
        *(name for reading in READINGS for name in reading.attributes),
        *PLAIN,
    }
)
"""Attributes that are looked at; a span may carry ten thousand others."""
_NO_MODEL = frozenset({"unknown", "None"})
_Place = tuple[str, int, Callable[[object], object]]
_MARKS: Final = tuple((one.mark, one.roles, one.roles.get("", OTHER), one.name) for one in CONVENTIONS)
_ASKS = re.compile(r"tool[-_]?(?:calls?|use)")
MESSAGES: Final = "gen_ai.output.messages"
_ASKED = re.compile(r'\{"type":\s*"tool_call",\s*"id":\s*"([^"\\]{1,200})"')
"""The first tool that a model asked for, by the id of the call."""
_ADDRESS = re.compile(r" at 0x[0-9a-f]{1,16}\b")
_HANDOFFS: Final[tuple[Does, ...]] = ("handoff by name", "handoff by tool", "handed to argument")
_FINISH = re.compile(r'"finish_reason":\s*"(\w+)"')


def role_of(name: str, attributes: Attributes) -> tuple[str, str]:
    """(role, the convention that says so); OTHER and "" for a span that is nothing of an agent."""
    if name in NAMES:
        return NAMES[name], "Claude Code"
    for mark, roles, otherwise, convention in _MARKS:
        if mark in attributes and (said := attributes[mark]) is not None:
            return roles.get(str(said)) or otherwise, convention
    return OTHER, ""


@lru_cache(maxsize=1024)
def quirks_of(scope: str) -> Mapping[Does, Quirk]:
    """What an instrumentation does differently."""
    return {one.does: one for one in QUIRKS if fnmatchcase(scope, one.scope)}


def about_of(role: str, attributes: Attributes, quirks: Mapping[Does, Quirk]) -> dict[str, object]:
    """What the span says, under the names of `About`."""
    found: dict[str, object] = {}
    ranks: dict[str, int] = {}
    readings = _BY_ROLE.get(role, _NOTHING)
    for name, given in attributes.items():
        if name not in readings:
            continue
        about, rank, form = readings[name]
        if about in ranks and ranks[about] < rank:
            continue
        value = form(given)
        if value is not None:
            found[about], ranks[about] = value, rank
    if role == TOOL:
        _settle_tool(found, attributes, quirks)
    elif About.ASKS in found and found[About.ASKS] and (asked := _ASKED.search(str(attributes.get(MESSAGES, "")))):
        found[About.ASKED] = clean(asked[1])
    if About.MODEL in found and found[About.MODEL] in _NO_MODEL:
        del found[About.MODEL]
    own = quirks.get("no agent of its own") if quirks else None
    if own is not None and found.get(About.AGENT) == own.detail:
        del found[About.AGENT]
    return found


def is_nothing(name: str, attributes: Attributes, quirks: Mapping[Does, Quirk]) -> bool:
    """Whether a span only looks like a call of a tool or a model."""
    if "no model" in quirks and name.endswith(quirks["no model"].detail):
        return True
    return "no call" in quirks and attributes.get("gen_ai.tool.name") == quirks["no call"].detail


def is_run(role: str, name: str, quirks: Mapping[Does, Quirk]) -> bool:
    """Whether a span that says nothing of itself is a run, by its name."""
    return role == OTHER and "run by name" in quirks and name == quirks["run by name"].detail


def handed_to(role: str, name: str, attributes: Attributes, quirks: Mapping[Does, Quirk]) -> str | None:
    """The agent that a span hands over to, where its name or tool says so; None where it is no such span."""
    if role != TOOL:
        return None
    by_name, by_tool, told = (quirks.get(one) for one in _HANDOFFS)
    is_named = by_name is not None and name.startswith(by_name.detail)
    if not is_named and (by_tool is None or attributes.get("tool.name") != by_tool.detail):
        return None
    if told is not None:
        return _part(_arguments(attributes), told.detail)
    return name.removeprefix(by_name.detail) if by_name is not None else ""


def by_finish(role: str, reasons: Iterable[str]) -> dict[str, object]:
    """What the reason for which a run or a model ended says, under the names of `About`; the last word counts."""
    reason = next(iter(reversed([*reasons])), "")
    if role == MODEL and reason:
        return {About.ASKS: bool(_ASKS.search(reason))}
    return {About.STOPS: ENDED_TO_WAIT[reason]} if reason in ENDED_TO_WAIT else {}


def finish_reasons(key: str, text: str) -> Iterable[str]:
    """Finish reasons in an event's attribute: said by itself, or within the messages."""
    if key == "finish_reason":
        return [text]
    return _FINISH.findall(text) if key == MESSAGES else ()


def stops_at(error: str, attributes: Attributes) -> str | None:
    """PERSON or WORK where the run stopped here to be resumed."""
    return STOPPING.get(error) or STOPPING.get(str(attributes.get(DEFERRAL, "")))


def says_failed(attributes: Attributes) -> bool:
    """Whether attributes, apart from the span's status, say that it failed."""
    return not _FAILING.isdisjoint(attributes) and (
        bool(attributes.get(ERROR_TYPE))
        or attributes.get("gen_ai.tool.status") == "error"
        or attributes.get("is_error") is True
        or attributes.get("success") in {False, "false"}
    )


def clean(text: str) -> str:
    """Text that any database and terminal can take, at most so long."""
    text = text[:TEXT]
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)


def digest(text: bytes) -> str:
    """Sixteen hex digits that stand for a text."""
    return blake2b(text, digest_size=8).hexdigest()


def _settle_tool(found: dict[str, object], attributes: Attributes, quirks: Mapping[Does, Quirk]) -> None:
    """What is particular to tools: arguments among other things, and a missing result that says something."""
    result = found.pop("result", None)
    if "tells results" in quirks and result is None and About.ARGUMENTS in found:
        found[About.SILENT] = True
    waits = quirks.get("waits by result")
    if waits is not None and any(waits.detail in str(attributes.get(name, "")) for name in _RESULTS):
        found[About.STOPS] = PERSON
    if About.ARGUMENTS not in found:
        return
    if (part := quirks.get("arguments in")) is not None:
        found[About.ARGUMENTS] = _digest(_part(_arguments(attributes), part.detail))
    elif "addresses in arguments" in quirks:
        found[About.ARGUMENTS] = _digest(_ADDRESS.sub("", _arguments(attributes)))


def _arguments(attributes: Attributes) -> str:
    """A tool call's arguments as they stand there."""
    return next((str(attributes[name]) for name in _ARGUMENTS if name in attributes), "")


def _part(whole: str, path: str) -> str:
    """One field of a JSON text, `outer.inner`; the text itself where it has none."""
    try:
        found = json.loads(whole)
    except (ValueError, RecursionError):
        return whole
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return whole
        found = found[name]
    return str(found)


def _text(value: object) -> object:
    if isinstance(value, str):
        return clean(value) if value else None
    return None if value is None or isinstance(value, list) else clean(str(value))


def _count(value: object) -> object:
    if type(value) is int and 0 <= value < MOST:
        return value
    number = _amount(value)
    return int(number) if isinstance(number, float) and 0 <= number < MOST else None


def _amount(value: object) -> object:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and abs(number) < 1e15 else None  # noqa: PLR2004 - as for samples


def _digest(value: object) -> object:
    return digest(str(value).encode("utf-8", "surrogatepass")) if value is not None else None


def _calls(value: object) -> object:
    """Whether a model asked for tools: finish reasons, or what it said with the newest word last."""
    return bool(_ASKS.search(str(value))) if value is not None else None


def _present(value: object) -> object:
    return True if value is not None else None


_FORMS: Final[Mapping[Form, Callable[[object], object]]] = {
    "text": _text,
    "count": _count,
    "amount": _amount,
    "digest": _digest,
    "calls": _calls,
    "present": _present,
}
_RESULTS = next(reading.attributes for reading in READINGS if reading.about == "result")
_ARGUMENTS = next(reading.attributes for reading in READINGS if reading.about == About.ARGUMENTS)


def _by_role() -> Mapping[str, Mapping[str, _Place]]:
    """Role -> attribute -> what it tells, how much it is believed (0 most), and its form."""
    roles = {AGENT, CHAIN, MODEL, TOOL, HANDOFF, *(role for reading in READINGS for role in reading.roles)}
    return {
        role: {
            name: (one.about, rank, _FORMS[one.form])
            for one in READINGS
            if not one.roles or role in one.roles
            for rank, name in enumerate(one.attributes)
        }
        for role in roles
    }


_BY_ROLE: Final = _by_role()
_NOTHING: Final[Mapping[str, _Place]] = {}
