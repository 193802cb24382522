"""Ways to reach a person besides Slack: a folder each, found by looking (`bot/config/kinds/discovery.py`)."""

import sys
from collections.abc import Mapping

from bot.config.kinds.discovery import kinds_in
from bot.pagers.http import PagerHttp
from bot.pagers.kind import PAGERDUTY_US as PAGERDUTY
from bot.pagers.kind import PagerDependencies, PagerKind
from bot.ports.pagers import Pager

__all__ = ["KINDS", "PAGERDUTY", "PagerDependencies", "PagerKind", "build_pagers"]

KINDS: Mapping[str, PagerKind] = kinds_in(sys.modules[__name__], PagerKind)


def build_pagers(pagerduty_url: str = PAGERDUTY, kinds: Mapping[str, PagerKind] = KINDS) -> dict[str, Pager]:
    """Every pager there is, by the kind of way it serves."""
    dependencies = PagerDependencies(PagerHttp(), pagerduty_url)
    return {name: kind.make(dependencies) for name, kind in kinds.items()}
