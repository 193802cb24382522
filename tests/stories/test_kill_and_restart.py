"""Promise 1: no page is lost and none is sent twice, across `kill -9` between the commit and the delivery."""

import time
from pathlib import Path

import httpx
import pytest

from bench.launch import BotProcess, bad_minutes, control, pushed_fleet
from bot.localslack.server import LocalSlack
from bot.tabletop import demo_fleet

CHANNEL = demo_fleet.CHANNELS["agents-refunds"]


def _pages(slack: LocalSlack) -> list[str]:
    where = {"channel": "@U0ANA", "user": "U0ANA"}
    found = httpx.get(f"{slack.url}/_control/messages", params=where, timeout=10).json()["messages"]
    return [message["text"] for message in found if "refunds" in message["text"]]


def _wait_for_a_page(slack: LocalSlack) -> None:
    deadline = time.monotonic() + 30
    while not _pages(slack):
        assert time.monotonic() < deadline, "the page never came"
        time.sleep(0.1)


@pytest.fixture
def bot(tmp_path: Path, slack: LocalSlack) -> BotProcess:
    return BotProcess(tmp_path, slack, pushed_fleet(["refunds"], CHANNEL))


def test_killed_after_the_commit_and_before_the_page_it_goes_out_once(bot: BotProcess, slack: LocalSlack) -> None:
    bot.start()
    control(slack, "faults", {"fault": "server_error", "method": "chat.postMessage", "times": 1000})
    assert bot.push(bad_minutes("refunds", time.time())).status_code < 300
    bot.kill()
    assert _pages(slack) == []
    control(slack, "faults", {"fault": "clear"})
    bot.start()
    try:
        _wait_for_a_page(slack)
        time.sleep(2)
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
    control(slack, "faults", {"fault": "clear"})
    bot.start()
    try:
        time.sleep(4)
        assert len(_pages(slack)) == 1
    finally:
        bot.stop()
