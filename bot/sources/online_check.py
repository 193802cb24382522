"""Whether the sources answer: each kind asks what it can, and nothing is stored."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from bot.core.health.finding import Finding
from bot.core.model.fleet import Fleet
from bot.engine.detection.source_checks.source_check import SourceQuestions
from bot.ports.clock import Clock
from bot.sources import KINDS, build_all
from bot.sources.kind import SourceKind


def inspect(fleet: Fleet, clock: Clock, kinds: Mapping[str, SourceKind] = KINDS) -> Iterator[Finding]:
    """Every source of the fleet file, in its order."""
    with ExitStack() as stack:
        sources = build_all(fleet.sources, clock, kinds)
        for source in sources.values():
            stack.callback(source.close)
        for name, spec in fleet.sources.items():
            questions = SourceQuestions(fleet, spec, sources.get(name), clock.now())
            yield from kinds[spec.kind].online_check(questions)
