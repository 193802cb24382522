"""Ways to reach a person besides Slack. To add one: a file, a line here, a harness in `test_pager_contract.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.pagers.apprise.adapter import ApprisePager
from bot.pagers.http import PagerHttp
from bot.pagers.pagerduty.adapter import US as PAGERDUTY
from bot.pagers.pagerduty.adapter import PagerDuty
from bot.pagers.webhook.adapter import WebhookPager
from bot.ports.pagers import Pager

__all__ = ["PAGERDUTY", "PAGERS", "PagerDependencies", "build_pagers"]


@dataclass(frozen=True, slots=True)
class PagerDependencies:
    """What pagers are made of. `pagerduty_url` is one of PagerDuty's two hosts, or a stand-in on this machine."""

    client: PagerHttp
    pagerduty_url: str


PAGERS: Mapping[str, Callable[[PagerDependencies], Pager]] = {
    PagerDuty.kind: lambda means: PagerDuty(means.client, means.pagerduty_url),
    ApprisePager.kind: lambda _: ApprisePager(),
    WebhookPager.kind: lambda means: WebhookPager(means.client),
}


def build_pagers(pagerduty_url: str = PAGERDUTY) -> dict[str, Pager]:
    """Every pager there is, by the kind of way it serves."""
    means = PagerDependencies(PagerHttp(), pagerduty_url)
    return {kind: make(means) for kind, make in PAGERS.items()}
