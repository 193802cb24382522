"""PagerDuty's Events API: pages are told apart by their dedup key."""

import json

from bot.core.model.people import Way
from bot.pagers import KINDS, PagerDependencies
from bot.pagers.http import PagerHttp
from tests.contracts.odd_server import OddServer
from tests.contracts.pager_harnesses import ROUTING_KEY, Harness


def harness(server: OddServer, url: str, within: float) -> Harness:
    pager = KINDS["pagerduty"].make(PagerDependencies(PagerHttp(within), url))
    way = Way("pagerduty", ROUTING_KEY)
    return Harness(pager, way, lambda: {json.loads(asked.body)["dedup_key"] for asked in server.asked})
