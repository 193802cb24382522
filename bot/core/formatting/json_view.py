"""A value of the core as JSON: what `--json` prints, what documents keep beside their Markdown."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from math import isfinite
from typing import Protocol, runtime_checkable

from bot.core.model.samples import Series


@runtime_checkable
class HasJsonView(Protocol):
    """A value that is not written field by field."""

    def json_view(self) -> object:
        """What stands for it in JSON."""
        ...


def json_view(value: object) -> object:
    """Dataclasses as objects, a series as its path, times as ISO 8601; a number that is not finite is null."""
    if isinstance(value, HasJsonView):
        return value.json_view()
    if isinstance(value, Series):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): json_view(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return object_view(value)
    if isinstance(value, tuple | list | set | frozenset):
        return [json_view(item) for item in value]
    return _scalar(value)


def object_view(value: object) -> dict[str, object]:
    """A dataclass as an object."""
    return {one.name: json_view(getattr(value, one.name)) for one in fields(value)}  # type: ignore[arg-type] # the caller has a dataclass


def _scalar(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case float():
            return value if isfinite(value) else None
        case _:
            return value
