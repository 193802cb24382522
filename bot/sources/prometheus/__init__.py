"""Prometheus and whatever answers its HTTP API."""

from pathlib import Path

from bot.ports.clock import Clock
from bot.sources.http import HttpClient
from bot.sources.kind import SourceKind
from bot.sources.prometheus.adapter import Prometheus
from bot.sources.prometheus.queries import NAMES, ROLES, faults
from bot.sources.prometheus.settings import PrometheusSettings


def _made(name: str, settings: PrometheusSettings, clock: Clock) -> Prometheus:  # noqa: ARG001 - asked by minute
    return Prometheus(name, settings, HttpClient(name, settings))


KIND = SourceKind(
    name="prometheus",
    summary="Stepdown asks it once a minute, in PromQL",
    use_when="your agents export metrics to Prometheus, Mimir, Thanos, VictoriaMetrics or Grafana Cloud",
    settings=PrometheusSettings,
    docs=Path(__file__).with_name("docs.md"),
    make=_made,
    roles=ROLES,
    labels=("agent", "workflow", "part"),
    by={"agent": "agent"},
    names=NAMES,
    check=faults,
)
