"""Promise 1: no page is lost and none is sent twice, across `kill -9` between the commit and the delivery."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from bench.harness.launch import BotProcess, bad_minutes, control, pushed_fleet
from bot.localslack.server import LocalSlack
from bot.simulation import demo_fleet
from tests.support.patience import PATIENCE

CHANNEL = demo_fleet.CHANNELS["agents-refunds"]


def _pages(slack: LocalSlack) -> list[str]:
    where = {"channel": "@U0ANA", "user": "U0ANA"}
    found = httpx.get(f"{slack.url}/_control/messages", params=where, timeout=PATIENCE).json()["messages"]
    return [message["text"] for message in found if "refunds" in message["text"]]


def _until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def _wait_for_a_page(slack: LocalSlack) -> None:
    _until(lambda: _pages(slack), "the page never came")


def _wait_for_nothing_wanted(bot: BotProcess) -> None:
    """Until every effect the bot has written down is done: from then on nothing is sent for what came so far."""

    def wanted() -> int:
        with closing(sqlite3.connect(bot.folder / "stepdown.db", timeout=60)) as database:
            (count,) = database.execute("SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')").fetchone()
        return int(count)

    _until(lambda: wanted() == 0, "effects are still wanted")


def _leases_run_out(bot: BotProcess) -> None:
    """What the killed bot was sending is anybody's again after 30 s; the test does not wait for them."""
    with closing(sqlite3.connect(bot.folder / "stepdown.db", timeout=60)) as database, database:
        (page,) = database.execute("SELECT state FROM outbox WHERE kind = 'page'").fetchall()
        database.execute("UPDATE outbox SET lease_until = 0 WHERE state = 'sending'")
    assert page in {("pending",), ("sending",)}, "the bot has not written that the page was sent"


@pytest.fixture
def bot(tmp_path: Path, slack: LocalSlack) -> BotProcess:
    return BotProcess(tmp_path, slack, pushed_fleet(["refunds"], CHANNEL))


def test_killed_after_the_commit_and_before_the_page_it_goes_out_once(bot: BotProcess, slack: LocalSlack) -> None:
    bot.start()
    control(slack, "faults", {"fault": "server_error", "method": "chat.postMessage", "times": 1000})
    assert bot.push(bad_minutes("refunds", time.time())).status_code < 300
    bot.kill()
    _leases_run_out(bot)
    assert _pages(slack) == []
    control(slack, "faults", {"fault": "clear"})
    bot.start()
    try:
        _wait_for_a_page(slack)
        _wait_for_nothing_wanted(bot)
        assert len(_pages(slack)) == 1
    finally:
        bot.stop()


def test_killed_after_the_page_landed_and_before_that_was_written_it_is_not_sent_again(
    bot: BotProcess, slack: LocalSlack
) -> None:
    bot.start()
    control(slack, "faults", {"fault": "drop_reply", "method": "chat.postMessage", "times": 1000})
    assert bot.push(bad_minutes("refunds", time.time())).status_code < 300
    _wait_for_a_page(slack)
    bot.kill()
    _leases_run_out(bot)
    control(slack, "faults", {"fault": "clear"})
    bot.start()
    try:
        _wait_for_nothing_wanted(bot)
        assert len(_pages(slack)) == 1
    finally:
        bot.stop()
