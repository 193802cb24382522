"""Ways to reach a person besides Slack. To add one: a file, a line here, a harness in `test_pager_contract.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.pagers.apprise import ApprisePager
from bot.pagers.client import Client
from bot.pagers.pagerduty import US as PAGERDUTY
from bot.pagers.pagerduty import PagerDuty
from bot.pagers.webhook import WebhookPager
from bot.ports import Pager

__all__ = ["PAGERDUTY", "PAGERS", "Means", "build_pagers"]


@dataclass(frozen=True, slots=True)
class Means:
    """What pagers are made of. `pagerduty_url` is one of PagerDuty's two hosts, or a stand-in on this machine."""

    client: Client
    pagerduty_url: str


PAGERS: Mapping[str, Callable[[Means], Pager]] = {
    PagerDuty.kind: lambda means: PagerDuty(means.client, means.pagerduty_url),
    ApprisePager.kind: lambda _: ApprisePager(),
    WebhookPager.kind: lambda means: WebhookPager(means.client),
}


def build_pagers(pagerduty_url: str = PAGERDUTY) -> dict[str, Pager]:
    """Every pager there is, by the kind of way it serves."""
    means = Means(Client(), pagerduty_url)
    return {kind: make(means) for kind, make in PAGERS.items()}
