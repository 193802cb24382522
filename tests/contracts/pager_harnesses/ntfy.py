"""An ntfy server: what has one sequence is one notification (2.16 and later)."""

import json

from bot.core.model.people import Way
from bot.pagers import KINDS, PagerDependencies
from bot.pagers.http import PagerHttp
from tests.contracts.odd_server import OddServer
from tests.contracts.pager_harnesses import ROUTING_KEY, TOKEN, Harness


def harness(server: OddServer, url: str, within: float) -> Harness:
    pager = KINDS["ntfy"].make(PagerDependencies(PagerHttp(within)))
    way = Way("ntfy", f"{url}/{TOKEN}", {"token": ROUTING_KEY})
    return Harness(pager, way, lambda: {json.loads(asked.body)["sequence_id"] for asked in server.asked})
