"""Apprise, which can neither look nor merge: each message is one more."""

from bot.core.model.people import Way
from bot.pagers.apprise.adapter import ApprisePager
from tests.contracts.odd_server import OddServer
from tests.contracts.pager_harnesses import TOKEN, Harness


def harness(server: OddServer, url: str, within: float) -> Harness:
    way = Way("apprise", f"{url.replace('http', 'json')}/{TOKEN}")
    pages = lambda: set(map(str, range(len(server.asked))))  # noqa: E731 - it has nothing to be told apart by
    return Harness(ApprisePager(within), way, pages, tells_when=False, merges=False)
