"""A JSON Schema of the fleet file, so that editors complete and check it (`stepdown schema`).

Generated from the models that read the file, with the settings of each kind of source, way and control put in beside
`kind`.
"""

from collections.abc import Mapping
from typing import Any

from bot.config.fleet import ControlEntry, FleetFile
from bot.config.kinds.rules import KindRules, Kinds

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def fleet_schema(kinds: Kinds) -> dict[str, Any]:
    """The schema as plain data (draft 2020-12). `kinds` is the registry (`bot.runtime.registry`)."""
    schema = FleetFile.model_json_schema()
    usual = str(ControlEntry.model_fields["kind"].default)
    for entry, word, known, default in (
        ("SourceEntry", "Source", kinds.sources, ""),
        ("WayEntry", "Way", kinds.pagers, ""),
        ("SenderEntry", "Sender", kinds.alerts, ""),
        ("ControlEntry", "Control", kinds.controls, usual),
    ):
        _spread(schema["$defs"], entry, word, known, default)
    finished: dict[str, Any] = _finished({"$schema": DIALECT, **schema, "title": "Stepdown fleet file"})
    return finished


def _spread(definitions: dict[str, Any], entry: str, word: str, known: Mapping[str, KindRules], default: str) -> None:
    """Put one closed object for each kind in the place of what they have in common."""
    general = definitions.pop(entry)
    names = []
    for kind, rules in known.items():
        own = rules.settings.model_json_schema()
        definitions |= own.pop("$defs", {})
        names.append(f"{word}_{kind}")
        definitions[names[-1]] = _closed(kind, general, own, needed=kind != default)
    definitions[entry] = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in names]}


def _closed(kind: str, general: dict[str, Any], own: dict[str, Any], *, needed: bool) -> dict[str, Any]:
    """What every entry has and what this kind has, in one closed object. `needed`: `kind` must be written."""
    return {
        **own,
        "properties": {**general["properties"], **own.get("properties", {}), "kind": {"const": kind}},
        "required": [*(["kind"] if needed else []), *own.get("required", [])],
        "additionalProperties": False,
    }


def _finished(node: Any) -> Any:  # noqa: ANN401 - JSON
    """Two things pydantic does not know: keys that fit no pattern are refused, and any text may come by `${NAME}`."""
    if isinstance(node, list):
        return [_finished(one) for one in node]
    if not isinstance(node, dict):
        return node
    done = {key: _finished(one) for key, one in node.items()}
    if "patternProperties" in done:
        done.setdefault("additionalProperties", False)
    if isinstance(done.get("pattern"), str):
        done["pattern"] = rf"\$\{{|{done['pattern']}"
    return done
