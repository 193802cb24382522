"""A receiver of one's own: pages are told apart by their webhook-id."""

from bot.core.model.people import Way
from bot.pagers import KINDS, PagerDependencies
from bot.pagers.http import PagerHttp
from tests.contracts.odd_server import OddServer
from tests.contracts.pager_harnesses import SIGNING, TOKEN, Harness


def harness(server: OddServer, url: str, within: float) -> Harness:
    pager = KINDS["webhook"].make(PagerDependencies(PagerHttp(within)))
    way = Way("webhook", f"{url}/{TOKEN} {SIGNING}")
    return Harness(pager, way, lambda: {asked.headers["webhook-id"] for asked in server.asked})
