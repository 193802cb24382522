"""YAML inside a runbook: its front matter and its step blocks, every value checked and with its line."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import NamedTuple, get_args

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.core.formatting import durations
from bot.core.runbooks.runbook import Settler, StepKind

_SLI = re.compile(r"[a-z][a-z0-9_-]*")
_EVIDENCE = re.compile(r"slis|rung|instances|timeline|sli:[a-z][a-z0-9_-]*|source:[A-Za-z0-9_-]+:.+")
_EVIDENCE_ALLOWED = "`slis`, `sli:NAME`, `rung`, `instances`, `timeline` and `source:NAME:QUERY`"
_WORDS = ("slis", "rung", "instances", "timeline")
MOST_MINUTES = 24 * 60


class Field(NamedTuple):
    """A value and the line of the file on which its key stands."""

    value: object
    line: int


class NotAllowed(ValueError):  # noqa: N818 - the sentence is for whoever wrote the file
    """A value that does not fit its key; the message says what is allowed."""


Check = Callable[[object], object]
"""Turns a raw value into a checked one; raises ValueError with what is allowed."""
Problems = list[tuple[int, str]]


def read(source: str, first_line: int, keys: Mapping[str, Check]) -> tuple[dict[str, Field], Problems]:
    """Read a YAML mapping whose first line is `first_line` of its file. Returns the good fields and what is wrong."""
    try:
        loaded = YAML(typ="rt").load(source)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return {}, [(first_line + (mark.line if mark else 0), f"not YAML: {error.problem}")]
    except (YAMLError, ValueError) as error:
        return {}, [(first_line, f"not YAML: {error}")]
    if loaded is None:
        return {}, []
    if not isinstance(loaded, CommentedMap):
        return {}, [(first_line, f"is {type(loaded).__name__}; write `key: value` lines with {_names(keys)}")]
    return _fields(loaded, first_line, keys)


def _fields(loaded: CommentedMap, first_line: int, keys: Mapping[str, Check]) -> tuple[dict[str, Field], Problems]:
    fields: dict[str, Field] = {}
    problems: Problems = []
    for key, value in loaded.items():
        line = first_line + loaded.lc.key(key)[0]
        if key not in keys:
            problems.append((line, _unknown(str(key), keys)))
            continue
        try:
            fields[key] = Field(keys[key](value), line)
        except ValueError as error:
            problems.append((line, f"{key}: {error}"))
    return fields, problems


def _unknown(key: str, keys: Mapping[str, Check]) -> str:
    near = get_close_matches(key, list(keys), n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"unknown key {key!r}{hint}; allowed: {_names(keys)}"


def _names(keys: Mapping[str, Check]) -> str:
    return ", ".join(keys)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise NotAllowed(f"{value!r} is not text")
    return value.strip()


def _words(value: object) -> tuple[str, ...]:
    """Read a list of words, or one word."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(word, str) and word.strip() for word in listed):
        raise NotAllowed(f"{value!r} is not a list of words, such as [her, dqr]")
    return tuple(word.strip() for word in listed)


def _slis(value: object) -> tuple[str, ...]:
    names = _words(value)
    for name in names:
        if not _SLI.fullmatch(name):
            raise NotAllowed(f"{name!r} is not an SLI's name; write it in lower case, such as her")
    return names


def _day(value: object) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise NotAllowed(f"{value!r} is not a date; write YYYY-MM-DD")
    return value


def _kind(value: object) -> str:
    if value in get_args(StepKind):
        return str(value)
    raise NotAllowed(f"{value!r} is not one of {', '.join(get_args(StepKind))}")


def _settler(value: object) -> str:
    if value in get_args(Settler):
        return str(value)
    near = get_close_matches(str(value), get_args(Settler), n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise NotAllowed(f"{value!r} settles nothing{hint}; allowed: {', '.join(get_args(Settler))}")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise NotAllowed(f"{value!r} is neither true nor false")
    return value


def _minutes(value: object) -> int:
    """Whole minutes: a number, or a span such as `10m` or `1h 30m`."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise NotAllowed(f"{value!r} is not a time; write whole minutes, or a span such as 10m")
    minutes = float(value) if isinstance(value, int) else durations.seconds(value) / 60
    if minutes != int(minutes) or not 1 <= minutes <= MOST_MINUTES:
        raise NotAllowed(f"{value!r} is not between 1 and {MOST_MINUTES} whole minutes")
    return int(minutes)


def _evidence(value: object) -> tuple[str, ...]:
    names = _words(value)
    for name in names:
        if not _EVIDENCE.fullmatch(name):
            near = get_close_matches(name, _WORDS, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise NotAllowed(f"unknown evidence {name!r}{hint}; allowed: {_EVIDENCE_ALLOWED}")
    return names


FRONT: Mapping[str, Check] = {
    "title": _text,
    "reviewed": _day,
    "owner": _text,
    "summary": _text,
    "slis": _slis,
    "failure_modes": _words,
}
STEP: Mapping[str, Check] = {
    "id": _text,
    "kind": _kind,
    "evidence": _evidence,
    "timebox": _minutes,
    "condition": _text,
    "required": _flag,
    "settled_by": _settler,
}
