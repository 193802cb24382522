"""Where SLI values come from: a folder for each kind, found by looking (`bot/config/kinds/discovery.py`)."""

import sys
from collections.abc import Mapping

from bot.config.kinds.discovery import kinds_in
from bot.core.model.slis import SourceSpec
from bot.core.telemetry.traces.trace_rules import TraceRules
from bot.ports.clock import Clock
from bot.ports.sources import Source
from bot.sources.kind import SourceKind

__all__ = ["KINDS", "SourceKind", "build", "build_all", "span_rules"]

KINDS: Mapping[str, SourceKind] = kinds_in(sys.modules[__name__], SourceKind)


def build(spec: SourceSpec, clock: Clock, kinds: Mapping[str, SourceKind] = KINDS) -> Source | None:
    """The adapter of a source, ready to be asked; None for a source that pushes.

    Raises KeyError for a kind that is not in `kinds` and pydantic's ValidationError for settings that do not fit; the
    fleet file was checked for both.
    """
    kind = kinds[spec.kind]
    settings = kind.settings.model_validate(dict(spec.settings))
    return kind.make(spec.name, settings, clock) if kind.make else None


def build_all(
    specs: Mapping[str, SourceSpec], clock: Clock, kinds: Mapping[str, SourceKind] = KINDS
) -> dict[str, Source]:
    """Every source that is asked; those that push come in through HTTP."""
    built = {name: build(spec, clock, kinds) for name, spec in specs.items()}
    return {name: source for name, source in built.items() if source is not None}


def span_rules(specs: Mapping[str, SourceSpec], kinds: Mapping[str, SourceKind] = KINDS) -> TraceRules | None:
    """How spans are read: by the one source that takes them; None where no source does."""
    for spec in specs.values():
        read = kinds[spec.kind].spans
        if read is not None:
            return read(spec.settings)
    return None
