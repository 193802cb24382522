"""Whether a source can be asked what a query says: every part and label is used, or refused with what is allowed."""

from collections.abc import Iterable, Iterator, Mapping

from bot.config.fleet import FleetFile
from bot.config.kinds.rules import Kinds, SourceRules
from bot.config.problems import misnamed
from bot.config.yaml_document import YamlDocument

RATIO = frozenset({"good", "bad", "total"})
Fault = tuple[str, str]
"""(field, sentence); a field of "" is the query as a whole."""


def query_faults(
    source: str, kind: SourceRules, sli: str, parts: Mapping[str, str], by: Mapping[str, str]
) -> list[Fault]:
    """What is wrong with the query of an SLI. `source` is its name and kind, as a person would say it."""
    faults = list(unused(source, kind, parts, by))
    if kind.polled:
        faults += _no_value(source, sli, parts)
        faults += () if faults else kind.faults(parts, by)
    return faults


def unused(source: str, kind: SourceRules, parts: Iterable[str], by: Iterable[str]) -> Iterator[Fault]:
    """The parts and labels that the source does not use."""
    for role in parts:
        if not kind.polled:
            yield role, f"values are pushed to {source}, which is not asked; leave `{role}` out"
        elif role not in kind.roles:
            yield role, misnamed(f"for {kind.name}", role, list(kind.roles))
    for label in by:
        if label not in kind.labels:
            yield "by", misnamed(f"for {kind.name}", label, list(kind.labels))


def _no_value(source: str, sli: str, parts: Mapping[str, str]) -> Iterator[Fault]:
    """Parts that do not make a value."""
    if not ("value" in parts or ("total" in parts and parts.keys() & {"good", "bad"})):
        need = "`good` (or `bad`) and `total`, or `value` (and `count`)"
        yield "", f"the source {source} does not know {sli} by itself; write {need}"
    if "value" in parts and parts.keys() & RATIO:
        yield "value", "`value` stands alone or with `count`; `good`, `bad` and `total` make a ratio"
    elif "count" in parts and parts.keys() & RATIO:
        yield "count", "`count` is the tasks behind `value`; in a ratio they are its `total`"
    if {"good", "bad"} <= parts.keys():
        yield "bad", "`good` and `bad` both stand here; one of them and `total` is enough"


def check_listed(document: YamlDocument, file: FleetFile, kinds: Kinds) -> None:
    """Blame what a source lists and does not use, also where no SLI asks for it."""
    for name, source in file.sources.items():
        kind = kinds.sources.get(source.kind)
        if kind is None:
            continue
        for sli, query in source.slis.items():
            for field, fault in unused(f"{name} ({source.kind})", kind, query.texts(), query.by):
                document.blame(("sources", name, "slis", sli, field), fault)
