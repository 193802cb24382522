"""Where SLI values come from. One file an adapter, one line of `KINDS` each; the contract test takes them from here."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.core.model.slis import SourceSpec
from bot.core.telemetry.task_records import TASK_SLIS
from bot.ports.clock import Clock
from bot.ports.sources import Source
from bot.sources.http import HttpClient
from bot.sources.http_json import adapter as http_json
from bot.sources.prometheus import adapter as prometheus

__all__ = ["KINDS", "Kind", "build", "build_all"]


class PushSettings(BaseModel):
    """A source that comes to us (`POST /v1/tasks`, `POST /v1/samples`) has nothing to set."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _no_fault(role: str, text: str) -> str:  # noqa: ARG001 - the shape of `Kind.fault`
    return ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the fleet file and the composition root need to know of an adapter. `make` None: values are pushed."""

    settings: type[BaseModel]
    make: Callable[[str, Any, Clock], Source] | None = None
    roles: Collection[str] = ()
    by: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """SLIs it answers for by itself, with the query texts that do."""
    check: Callable[[str, str], str] = _no_fault

    @property
    def polled(self) -> bool:
        """False where values are pushed, so that there is nothing to ask."""
        return self.make is not None

    def fault(self, role: str, text: str) -> str:
        """Why a query text cannot work; empty where nothing is known against it."""
        return self.check(role, text)


def _prometheus(name: str, settings: prometheus.PrometheusSettings, clock: Clock) -> Source:  # noqa: ARG001 - asked by minute
    return prometheus.Prometheus(name, settings, HttpClient(name, settings))


def _http_json(name: str, settings: http_json.HttpJsonSettings, clock: Clock) -> Source:
    return http_json.HttpJson(name, HttpClient(name, settings), clock)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "prometheus": Kind(
            prometheus.PrometheusSettings,
            _prometheus,
            ("value", "count", "good", "bad", "total"),
            {"agent": "agent"},
            prometheus.NAMES,
        ),
        "http_json": Kind(
            http_json.HttpJsonSettings,
            _http_json,
            (*http_json.NUMBERS, "items", "time", "path"),
            check=http_json.fault,
        ),
        "tasks": Kind(PushSettings, names={name: {} for name in sorted(TASK_SLIS)}),
        "samples": Kind(PushSettings),
    }
)


def build(spec: SourceSpec, clock: Clock) -> Source | None:
    """The adapter of a source, ready to be asked; None for a source that pushes.

    Raises KeyError for a kind that is not in `KINDS` and pydantic's ValidationError for settings that do not fit; the
    fleet file was checked for both.
    """
    kind = KINDS[spec.kind]
    settings = kind.settings.model_validate(dict(spec.settings))
    return kind.make(spec.name, settings, clock) if kind.make else None


def build_all(specs: Mapping[str, SourceSpec], clock: Clock) -> dict[str, Source]:
    """Every source that is asked; those that push come in through HTTP."""
    built = {name: build(spec, clock) for name, spec in specs.items()}
    return {name: source for name, source in built.items() if source is not None}
