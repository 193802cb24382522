"""What a folder of `bot/sources` says of itself: its `KIND`. Everything that differs by kind stands in that folder."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.core.health.finding import Finding
from bot.core.telemetry.traces.trace_rules import TraceRules
from bot.engine.detection.source_checks.source_check import SourceQuestions, ask_each_query
from bot.ports.clock import Clock
from bot.ports.sources import Source

Faults = Iterable[tuple[str, str]]
"""(part or `by`, why it cannot work)."""


class PushSettings(BaseModel):
    """A source that comes to us (`POST /v1/tasks`, `POST /v1/samples`) has nothing to set."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _no_faults(parts: Mapping[str, str], by: Mapping[str, str]) -> Faults:  # noqa: ARG001 - the shape of `check`
    return ()


def _no_agents(settings: Mapping[str, object]) -> Iterable[tuple[tuple[str, ...], str]]:  # noqa: ARG001 - see above
    return ()


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of source. `make` None: values are pushed. `docs` is its section of `docs/sources.md`.

    `check` says what is wrong with a query, whose parts are all among `roles`; `online_check` asks the source something
    and stores nothing.
    """

    name: str
    summary: str
    use_when: str
    settings: type[BaseModel]
    docs: Path
    make: Callable[[str, Any, Clock], Source] | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    labels: Collection[str] = ("agent", "workflow")
    """What `by` may name."""
    by: Mapping[str, str] = field(default_factory=dict)
    tells_tasks: bool = False
    """Whether it tells single tasks, so that percentiles can be made of them."""
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """SLIs it answers for by itself, with the query texts that do."""
    check: Callable[[Mapping[str, str], Mapping[str, str]], Faults] = _no_faults
    online_check: Callable[[SourceQuestions], Iterator[Finding]] = ask_each_query
    spans: Callable[[Mapping[str, object]], TraceRules] | None = None
    """How spans that come to it are read, by its settings; None: no spans come to it."""
    agents: Callable[[Mapping[str, object]], Iterable[tuple[tuple[str, ...], str]]] = _no_agents
    """Agents that its settings name: where, and the key."""

    @property
    def polled(self) -> bool:
        """False where values are pushed, so that there is nothing to ask."""
        return self.make is not None

    @property
    def takes_spans(self) -> bool:
        """Whether spans come to it."""
        return self.spans is not None

    def agents_named(self, settings: Mapping[str, object]) -> Iterable[tuple[tuple[str, ...], str]]:
        """Agents that its settings name: where, and the key."""
        return self.agents(settings)

    def faults(self, parts: Mapping[str, str], by: Mapping[str, str]) -> Faults:
        """(part or `by`, why it cannot work)."""
        return self.check(parts, by)
