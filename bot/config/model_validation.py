"""Data to models, with every fault said in plain words at its place.

pydantic finds all faults of shape at once, but gives no model while there is one. So the faulty parts are cut out (a
missing text becomes empty) and the rest is read again: what remains can still be checked for what it refers to.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.problems import misnamed
from bot.config.secrets_check import HIDDEN
from bot.config.value_types import NOWHERE, FromEnv
from bot.config.yaml_document import Path, YamlDocument

Model = TypeVar("Model", bound=BaseModel)

_ROUNDS = 6
_MUST_BE = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping (key: value)",
    "model": "a mapping (key: value)",
    "list": "a list",
}
_PATTERN = {
    "slack": "a Slack member ID begins with U (profile, three dots, Copy member ID)",
    "responder_group": "a Slack user group ID begins with S",
    "channel": "a Slack channel ID begins with C (channel details, at the end); a name can be taken by another channel",
}
_PATTERN["url"] = "an address begins with http:// or https:// and holds neither user, password nor #"
_PATTERN["announcements"] = _PATTERN["channel"]
_BOUND = {
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "at most {le:g}",
    "too_long": "at most {max_length} of them",
    "too_short": "at least {min_length} of them",
    "finite_number": "a finite number",
}


def shaped(
    document: YamlDocument,
    model: type[Model],
    raw: Any,  # noqa: ANN401 - raw YAML
    prefix: Path,
    hidden: Collection[Path],
    also: Collection[str] = (),
) -> Model | None:
    """Read one part of the document. Blames every fault; None only where nothing could be saved.

    `hidden` are paths whose values must not be shown; `also` keys that are allowed here and checked elsewhere.
    """
    cut: set[Path] = set()
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(raw)
        except ValidationError as invalid:
            faults = invalid.errors(include_url=False)
        for fault in reversed(faults):  # from the back, so that cutting a list item moves no fault still to come
            loc = _location(fault)
            here = (*prefix, *loc)
            # what we cut ourselves is missing now
            if not _inside_of(loc, cut) and not _borrowed(fault["input"]):
                key = fault["type"] in {"extra_forbidden", "missing"} or _is_key(fault)
                document.blame(here, _sentence(fault, loc, model, also, secret=here in hidden), key=key)
            again = loc in cut
            if again and len(loc) == 1:
                return None
            raw = _without(raw, loc[:-1] if again else loc, missing=fault["type"] == "missing" and not again)
            cut |= {loc[:-1]} if again else {loc}
    return None


def _inside_of(loc: Path, cut: Collection[Path]) -> bool:
    """Whether something inside (or the thing itself) was cut already."""
    return any(path[: len(loc)] == loc for path in cut)


def _borrowed(given: object) -> bool:
    """Whether a value stands for a secret that is not needed now, so that nothing can be said against it."""
    return isinstance(given, str) and NOWHERE in given


def _is_key(fault: ErrorDetails) -> bool:
    return bool(fault["loc"]) and fault["loc"][-1] == "[key]"


def _location(fault: ErrorDetails) -> Path:
    return tuple(part for part in fault["loc"] if part != "[key]")


def _without(raw: Any, loc: Path, *, missing: bool) -> Any:  # noqa: ANN401 - raw YAML
    """A copy without what stands at `loc`; where it was missing, with an empty text there."""
    if not loc:
        return {}
    head, rest = loc[0], loc[1:]
    if isinstance(raw, dict):
        if rest and head in raw:
            return {**raw, head: _without(raw[head], rest, missing=missing)}
        return {**raw, head: ""} if missing else {key: value for key, value in raw.items() if key != head}
    if isinstance(raw, list) and isinstance(head, int) and head < len(raw):
        inner = [_without(raw[head], rest, missing=missing)] if rest else []
        return [*raw[:head], *inner, *raw[head + 1 :]]
    return {}


def _sentence(fault: ErrorDetails, loc: Path, model: type[BaseModel], also: Collection[str], *, secret: bool) -> str:
    kind, given, context = fault["type"], HIDDEN if secret else fault["input"], fault.get("ctx", {})
    name = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        return misnamed("the key", name, list(dict.fromkeys([*also, *_fields(model, loc[:-1])])))
    if kind == "missing":
        return f"`{name}` is missing"
    if kind == "literal_error":
        return misnamed(
            "the key" if _is_key(fault) else "the value", _shown(given), re.findall(r"'([^']*)'", context["expected"])
        )
    if kind == "string_pattern_mismatch":
        return _misfit(name, given, is_key=_is_key(fault))
    if bound := _BOUND.get(kind):
        return f"{_amount(given)} is out of range; {bound.format(**context)}{_unit(name, given)} is allowed"
    wanted = _MUST_BE.get(kind.removesuffix("_type").removesuffix("_parsing"))
    if wanted:
        return _mistyped(name, given, wanted)
    return "this value is not allowed here" if secret else fault["msg"].removeprefix("Value error, ")


def _misfit(name: str, given: object, *, is_key: bool) -> str:
    if name == "slack" and str(given).startswith("S"):
        return f"{_shown(given)} is a user group; one person has to be named, and a member ID begins with U"
    why = "" if is_key else _PATTERN.get(name, "")
    why = why or "a name has small letters, digits, and - _ . between them (a rung: letters and - only)"
    return f"{_shown(given, quoted=True)} does not fit: {why}"


def _mistyped(name: str, given: object, wanted: str) -> str:
    if name in {"owner", "deputy", "manager"} and isinstance(given, list | dict):
        return f"`{name}` is one person, a key of `people`, not {_kind(given)}"
    hint = "; put it in quotes" if wanted == "text" and isinstance(given, int | float) else ""
    return f"{_kind(given)} stands here; {wanted} is needed{hint}"


def _kind(given: object) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return f"the truth value {str(given).lower()}"
    if isinstance(given, int | float):
        return f"the number {given}"
    if isinstance(given, list):
        return "a list"
    return "a mapping" if isinstance(given, dict) else f"the text {_shown(given, quoted=True)}"


def _shown(given: object, *, quoted: bool = False) -> str:
    """What was found, as it stands in the file: never what the environment put there, and never at length."""
    text = given.written if isinstance(given, FromEnv) else str(given)
    text = text if len(text) <= 60 else f"{text[:60]}..."  # noqa: PLR2004 - as much as a line bears
    return repr(text) if quoted else text


def _amount(given: object) -> str:
    return f"a list of {len(given)}" if isinstance(given, list) else _shown(given, quoted=isinstance(given, str))


def _unit(name: str, given: object) -> str:
    """Spans of time are written as text and bounded as numbers."""
    if not isinstance(given, str):
        return ""
    return " minutes" if name == "window" else " seconds"


def _fields(model: type[BaseModel], loc: Path) -> Collection[str]:
    """The keys that are allowed at a place inside a model."""
    here: Any = model
    for part in loc:
        here = next(_inside(here, part), None)
    found = next((one for one in _models(here)), None)
    return list(found.model_fields) if found else ()


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:  # noqa: ANN401 - a type
    """The annotations one step further in: a field's, or those of a container's items."""
    fields: Mapping[str, Any] = next((one.model_fields for one in _models(annotation)), {})
    if part in fields:
        yield fields[str(part)].annotation
    elif not fields:
        yield from reversed(get_args(annotation))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - a type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif not isinstance(annotation, type):
        origin_is_container = getattr(annotation, "__origin__", None) in {dict, list}
        for argument in () if origin_is_container else get_args(annotation):
            yield from _models(argument)
