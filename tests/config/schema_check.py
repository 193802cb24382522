"""Enough of JSON Schema 2020-12 to hold a document against what pydantic generates, and to refuse any other keyword."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Any

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v),
}
CHECKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minLength": lambda value, least: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda value, most: not isinstance(value, str) or len(value) <= most,
    "type": lambda v, word: TYPES[word](v),
    "const": lambda v, word: v == word,
    "enum": lambda v, word: v in word,
    "pattern": lambda v, word: not isinstance(v, str) or bool(re.search(word, v)),
    "minimum": lambda v, word: not TYPES["number"](v) or v >= word,
    "maximum": lambda v, word: not TYPES["number"](v) or v <= word,
    "exclusiveMinimum": lambda v, word: not TYPES["number"](v) or v > word,
    "minItems": lambda v, word: not isinstance(v, list) or len(v) >= word,
    "maxItems": lambda v, word: not isinstance(v, list) or len(v) <= word,
    "required": lambda v, word: not isinstance(v, dict) or set(word) <= v.keys(),
}
INSIDE = {"properties", "patternProperties", "additionalProperties", "propertyNames", "items", "anyOf", "$ref"}
NOTES = {"title", "description", "default", "format", "writeOnly", "$defs", "$schema"}


def faults(value: Json, schema: Json, root: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Where and why a document does not fit."""
    if isinstance(schema, bool):
        if not schema:
            yield f"{path}: nothing is allowed here"
        return
    unknown = schema.keys() - CHECKS.keys() - INSIDE - NOTES
    assert not unknown, f"teach the check {unknown}"
    for word, check in CHECKS.items():
        if word in schema and not check(value, schema[word]):
            yield f"{path}: {word} {schema[word]!r} refuses {value!r:.60}"
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, path)
    if "anyOf" in schema:
        tries = [list(faults(value, one, root, path)) for one in schema["anyOf"]]
        if all(tries):
            yield from min(tries, key=len)
    yield from _inside(value, schema, root, path)


def _inside(value: Json, schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults(item, schema.get("items", True), root, f"{path}.{index}")
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from faults(key, schema.get("propertyNames", True), root, f"{path}.{key} (key)")
        for inner in _named(key, schema) or [schema.get("additionalProperties", True)]:
            yield from faults(item, inner, root, f"{path}.{key}")


def _named(key: str, schema: Mapping[str, Any]) -> list[Json]:
    patterns = schema.get("patternProperties", {})
    own = [schema["properties"][key]] if key in schema.get("properties", {}) else []
    return own + [inner for pattern, inner in patterns.items() if re.search(pattern, key)]
