"""When nothing is under way any more in a local Slack that tests share."""

import time

from bot.localslack.server import LocalSlack
from tests.support.leftovers import LOOK_EVERY, busy_pools, wait_for


def settled(server: LocalSlack) -> list[str]:
    """Wait until it is; what is still under way when the patience is over."""
    return wait_for(lambda: under_way(server))


def under_way(server: LocalSlack) -> list[str]:
    """What the app has not acknowledged, or works on. Looked at twice: work may just pass from one to another."""
    (first, calls_before), (second, calls) = _look(server), _look(server)
    return first or second or (["calls of the Web API"] if calls > calls_before else [])


def _look(server: LocalSlack) -> tuple[list[str], int]:
    time.sleep(LOOK_EVERY)
    with server.slack.lock:
        journal = server.slack.journal
        sent = [entry.what for entry in list(journal.deliveries) if entry.outcome is None]
        return [*sent, *busy_pools()], len(journal.calls)
