"""`stepdown check --online`: everything the fleet file and the settings name is looked at, and nothing is changed."""

from collections.abc import Iterator
from contextlib import ExitStack

from bot.config import Settings
from bot.core.health.finding import Finding
from bot.core.model.fleet import Fleet
from bot.engine.detection.source_check import inspect as inspect_sources
from bot.pagers.online_check import inspect as inspect_pagers
from bot.runtime.clock import RealClock
from bot.runtime.process import RunError, slack_access
from bot.slack.client.web_api import asking_client
from bot.slack.online_check import Inspection
from bot.sources import build


def inspect(settings: Settings, fleet: Fleet) -> Iterator[Finding]:
    """Slack first, then the sources, then the ways besides Slack."""
    yield from _slack(settings, fleet)
    clock = RealClock()
    with ExitStack() as stack:
        built = {name: build(spec, clock) for name, spec in fleet.sources.items()}
        sources = {name: source for name, source in built.items() if source is not None}
        for source in sources.values():
            stack.callback(source.close)
        yield from inspect_sources(fleet, sources, clock.now())
    yield from inspect_pagers(fleet, settings.pagerduty_url)


def _slack(settings: Settings, fleet: Fleet) -> Iterator[Finding]:
    try:
        access = slack_access(settings)
    except RunError as error:
        yield Finding("slack", "settings", "problem", str(error), "see docs/slack-setup.md")
        return
    client = asking_client(access.bot_token, access.base_url)
    yield from Inspection(client, access.app_token, fleet, access.team_id).findings()
