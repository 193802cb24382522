"""The fleet file, read whole: every problem at once, each with its place, or a `Fleet` (`product.md` section 2).

1. `document`    bytes to data with places; the environment put in
2. `secrecy`     literal secrets refused
3. `shape`       data to models: keys, types, units
4. `references`  people, rungs, kinds held against each other
5. `assembly`    SLIs resolved, queries grouped, values of the core

A fault found by one step never keeps the next from looking at the rest.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path as FilePath

from bot.config.assembly import assembled, ladder_of
from bot.config.fleet import FleetFile, SourceEntry
from bot.config.model_validation import shaped
from bot.config.problems import FleetErrors, Problem
from bot.config.references import check_references
from bot.config.secrets_check import refuse_secrets
from bot.config.source_kinds import Kinds
from bot.config.yaml_document import Path, YamlDocument, read_document
from bot.core.model.fleet import Fleet
from bot.core.model.slis import SourceSpec


def load_fleet(path: FilePath, env: Mapping[str, str], kinds: Kinds) -> Fleet:
    """Read the fleet file. `env` fills `${NAME}`; `kinds` are the sources there are (`bot.sources.KINDS`).

    Raises FleetErrors with all problems, in the order of the lines.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise FleetErrors([Problem(0, 0, str(path), "", f"the fleet file cannot be read: {why}")]) from error
    return parse_fleet(str(path), content, env, kinds)


def parse_fleet(name: str, content: bytes, env: Mapping[str, str], kinds: Kinds) -> Fleet:
    """The same for bytes that are there already; `name` stands in the messages."""
    document = read_document(name, content, env)
    fleet = _fleet(document, kinds) if document.data is not None else None
    if document.problems or fleet is None:
        raise FleetErrors(document.problems)
    return replace(fleet, warnings=tuple(str(warning) for warning in sorted(set(document.warnings))))


def _fleet(document: YamlDocument, kinds: Kinds) -> Fleet | None:
    document.settle()
    hidden = refuse_secrets(document)
    document.settle()
    file = shaped(document, FleetFile, document.data, (), hidden)
    if file is None:
        return None
    specs = _specs(document, file, kinds, hidden)
    document.settle()
    check_references(document, file, ladder_of(file).names(), kinds)
    document.settle()
    return assembled(document, file, specs, kinds)


def _specs(document: YamlDocument, file: FleetFile, kinds: Kinds, hidden: Collection[Path]) -> dict[str, SourceSpec]:
    """Each source with the settings of its kind as written, checked by that kind's own model."""
    found = {}
    for name, entry in file.sources.items():
        if entry.kind in kinds:
            own = entry.model_extra or {}
            shaped(document, kinds[entry.kind].settings, own, ("sources", name), hidden, also=SourceEntry.model_fields)
            found[name] = SourceSpec(name, entry.kind, own)
    return found
