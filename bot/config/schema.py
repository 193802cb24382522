"""A JSON Schema of the fleet file, so that editors complete and check it (`stepdown schema`).

Generated from the models that read the file, with the settings of each kind of source put in beside `kind`.
"""

from typing import Any

from bot.config.fleet import FleetFile
from bot.config.source_kinds import Kinds

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def fleet_schema(kinds: Kinds) -> dict[str, Any]:
    """The schema as plain data (draft 2020-12). `kinds` are the sources there are (`bot.sources.KINDS`)."""
    schema = FleetFile.model_json_schema()
    definitions = schema["$defs"]
    general = definitions.pop("SourceEntry")
    names = []
    for kind, known in kinds.items():
        own = known.settings.model_json_schema()
        definitions |= own.pop("$defs", {})
        names.append(f"Source_{kind}")
        definitions[names[-1]] = _source(kind, general, own)
    definitions["SourceEntry"] = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in names]}
    finished: dict[str, Any] = _finished({"$schema": DIALECT, **schema, "title": "Stepdown fleet file"})
    return finished


def _source(kind: str, general: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """What every source has and what this kind has, in one closed object."""
    return {
        **own,
        "properties": {**general["properties"], **own.get("properties", {}), "kind": {"const": kind}},
        "required": ["kind", *own.get("required", [])],
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
