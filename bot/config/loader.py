"""The fleet file, read whole: every problem at once, each with its place, or a `Fleet` (`product.md` section 2).

1. `document`    bytes to data with places; the environment put in
2. `secrecy`     literal secrets refused
3. `shape`       data to models: keys, types, units
4. `references`  people, rungs, kinds held against each other
5. `assembly`    SLIs resolved, queries grouped, values of the core

A fault found by one step never keeps the next from looking at the rest.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath

from bot.config.assembly import assembled, ladder_of
from bot.config.fleet import ControlEntry, FleetFile, SenderEntry, SourceEntry, WayEntry
from bot.config.kinds.query_check import check_listed
from bot.config.kinds.rules import KindRules, Kinds
from bot.config.model_validation import shaped
from bot.config.problems import FleetErrors, Problem, misnamed
from bot.config.references import check_references
from bot.config.secrets_check import refuse_secrets
from bot.config.yaml_document import Path, YamlDocument, read_document
from bot.core.model.fleet import Fleet
from bot.core.model.slis import SourceSpec

KindEntry = SourceEntry | WayEntry | ControlEntry | SenderEntry
"""What names a kind, with that kind's settings beside it."""


def load_fleet(path: FilePath, env: Mapping[str, str], kinds: Kinds) -> Fleet:
    """Read the fleet file. `env` fills `${NAME}`; `kinds` is the registry (`bot.runtime.registry`).

    Raises FleetErrors with all problems, in the order of the lines.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        if isinstance(error, FileNotFoundError):
            why += "; STEPDOWN_FLEET names it, and `stepdown examples` writes one to begin with"
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
    specs = {
        name: SourceSpec(name, entry.kind, entry.model_extra or {})
        for name, entry in file.sources.items()
        if entry.kind in kinds.sources
    }
    document.settle()
    _check_own(document, file, kinds, hidden)
    check_listed(document, file, kinds)
    document.settle()
    check_references(document, file, ladder_of(file).names(), kinds)
    document.settle()
    return assembled(document, file, specs, kinds)


def _check_own(document: YamlDocument, file: FleetFile, kinds: Kinds, hidden: Collection[Path]) -> None:
    """Hold what stands beside each `kind` against that kind's own settings, and blame a kind that there is not."""
    for path, entry, known, what in _with_kinds(file, kinds):
        if entry.kind in known:
            settings, own = known[entry.kind].settings, _own(entry)
            shaped(document, settings, own, path, hidden, also=type(entry).model_fields)
        elif entry.kind or (*path, "kind") in document.values:
            document.blame((*path, "kind"), misnamed(f"the kind of {what}", entry.kind, list(known)))


def _own(entry: KindEntry) -> Mapping[str, object]:
    """What a kind reads: every way has a target, and each kind says what one looks like."""
    own = entry.model_extra or {}
    return {"target": entry.target, **own} if isinstance(entry, WayEntry) else own


def _with_kinds(file: FleetFile, kinds: Kinds) -> Iterator[tuple[Path, KindEntry, Mapping[str, KindRules], str]]:
    """(where, what stands there, the kinds that are allowed, what they are called)."""
    for name, source in file.sources.items():
        yield ("sources", name), source, kinds.sources, "source"
    for key, person in file.people.items():
        for index, way in enumerate(person.ways):
            yield ("people", key, "ways", index), way, kinds.pagers, "way"
    for name, sender in file.alerts.senders.items():
        yield ("alerts", "senders", name), sender, kinds.alerts, "sender"
    for key, agent in file.agents.items():
        yield ("agents", key, "control"), agent.control, kinds.controls, "control"
