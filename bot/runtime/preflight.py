"""`stepdown check --online`: everything the fleet file and the settings name is looked at, and nothing is changed."""

from collections.abc import Iterator

from bot.config import Settings
from bot.controls.online_check import inspect as inspect_controls
from bot.core.health.finding import Finding
from bot.core.model.fleet import Fleet
from bot.integrations.online_check import inspect as inspect_integrations
from bot.pagers.online_check import inspect as inspect_pagers
from bot.runtime.clock import RealClock
from bot.runtime.process import RunError, slack_access
from bot.runtime.registry import REGISTRY, Registry
from bot.slack.client.web_api import asking_client
from bot.slack.online_check import Inspection
from bot.sources.online_check import inspect as inspect_sources


def inspect(settings: Settings, fleet: Fleet, registry: Registry = REGISTRY) -> Iterator[Finding]:
    """Slack first, then each kind's own look: sources, ways besides Slack, controls, integrations."""
    yield from _slack(settings, fleet)
    yield from inspect_sources(fleet, RealClock(), registry.sources)
    yield from inspect_pagers(fleet, settings.pagerduty_url, kinds=registry.pagers)
    yield from inspect_controls(fleet, kinds=registry.controls)
    yield from inspect_integrations(settings, registry.integrations)


def _slack(settings: Settings, fleet: Fleet) -> Iterator[Finding]:
    try:
        access = slack_access(settings)
    except RunError as error:
        yield Finding("slack", "settings", "problem", str(error), "see docs/slack-setup.md")
        return
    client = asking_client(access.bot_token, access.base_url)
    yield from Inspection(client, access.app_token, fleet, access.team_id).findings()
