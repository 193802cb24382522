"""Every kind of source, pager, control, integration and sender of alerts, for whoever needs all of them at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot import alerts, controls, integrations, pagers, sources
from bot.alerts.kind import AlertKind
from bot.controls.kind import ControlKind
from bot.integrations.kind import IntegrationKind
from bot.pagers.kind import PagerKind
from bot.sources.kind import SourceKind


@dataclass(frozen=True, slots=True)
class Registry:
    """The kinds, each by its name. Fits `bot.config.kinds.rules.Kinds`."""

    sources: Mapping[str, SourceKind]
    pagers: Mapping[str, PagerKind]
    controls: Mapping[str, ControlKind]
    integrations: Mapping[str, IntegrationKind]
    alerts: Mapping[str, AlertKind]


REGISTRY = Registry(sources.KINDS, pagers.KINDS, controls.KINDS, integrations.KINDS, alerts.KINDS)
"""What ships with Stepdown."""
