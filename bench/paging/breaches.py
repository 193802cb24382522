"""Agents that breach one after the other, and when each of their pages arrived, in Slack and at a webhook.

The bot is a process of its own, on SQLite, over a real Socket Mode connection. Each breach opens an incident with its
channel and cards, so that pages compete with that work.
"""

import base64
import json
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bench.paging.receiver import Receiver, of_stepdown
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest

ARRIVE_WITHIN = 60.0
SECRET = "whsec_" + base64.b64encode(b"a bench's own secret, 32 letters").decode()
TRACED = ("bench.paging.traced_bot",)


@dataclass(frozen=True, slots=True)
class Pages:
    """Agent -> epoch seconds: when its sample was handed in, when its page stood in Slack and came to the webhook."""

    handed_in: dict[str, float]
    in_slack: dict[str, float]
    at_webhook: dict[str, float]
    traced: list[dict[str, Any]]
    """What a traced bot noted (`traced_bot.Stretch`); empty otherwise."""

    def took(self, arrived: dict[str, float]) -> list[float]:
        """Milliseconds, sorted. Raises RuntimeError where a page never came."""
        missing = sorted(self.handed_in.keys() - arrived.keys())
        if missing:
            raise RuntimeError(f"{len(missing)} pages never came, the first of {missing[0]}")
        return sorted((arrived[agent] - at) * 1000 for agent, at in self.handed_in.items())


def breach_all(
    folder: Path,
    agents: Sequence[str],
    a_second: float,
    *,
    traced: bool = False,
    watch: Callable[[int], None] = lambda _: None,
) -> Pages:
    """Let every agent breach, `a_second` of them a second, and wait for the pages. `watch` is told the bot's pid."""
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    receiver = Receiver(of_stepdown)
    trace = folder / "trace.json"
    with LocalSlack(Workspace.load(workspace)) as slack:
        fleet = _with_webhook(pushed_fleet(agents, demo_fleet.CHANNELS["incidents"]))
        more = {"PAGE_TRACE": str(trace), "ANA_WEBHOOK": f"{receiver.url} {SECRET}"}
        bot = BotProcess(folder, slack, fleet, more=more)
        if traced:
            bot.module = TRACED
        bot.start()
        if bot.process is not None:
            watch(bot.process.pid)
        try:
            handed_in = _breach(bot, agents, a_second)
            in_slack = slack_pages(slack, agents)
            _wait_for(receiver, agents)
        finally:
            bot.stop()
            receiver.close()
    noted = json.loads(trace.read_text()) if traced else []
    return Pages(handed_in, in_slack, receiver.heard, noted)


def _with_webhook(fleet: str) -> str:
    """Ana is paged by a webhook as well."""
    way = "ways: [{kind: webhook, target: '${ANA_WEBHOOK}'}]"
    return fleet.replace("slack: U0ANA,", f"slack: U0ANA, {way},", 1)


def _breach(bot: BotProcess, agents: Sequence[str], a_second: float) -> dict[str, float]:
    """Hand in the samples; when each was handed in."""
    handed_in: dict[str, float] = {}
    for agent in agents:
        handed_in[agent] = time.time()
        bot.push(bad_minutes(agent, handed_in[agent])).raise_for_status()
        time.sleep(max(0.0, handed_in[agent] + 1 / a_second - time.time()))
    return handed_in


def _wait_for(receiver: Receiver, agents: Collection[str]) -> None:
    deadline = time.monotonic() + ARRIVE_WITHIN
    while receiver.heard.keys() < set(agents) and time.monotonic() < deadline:
        time.sleep(0.1)


def slack_pages(slack: LocalSlack, agents: Collection[str]) -> dict[str, float]:
    """When each first page stood in Ana's direct messages, by the message's own time.

    Other messages stand there too; they are no pages and are not counted as such.
    """
    deadline = time.monotonic() + ARRIVE_WITHIN
    while True:
        found = httpx.get(f"{slack.url}/_control/messages", params={"channel": "@U0ANA", "user": "U0ANA"}, timeout=30)
        first: dict[str, float] = {}
        for message in found.json()["messages"]:
            first.setdefault(message["text"].split(":")[0].removeprefix("*"), float(message["ts"]))
        if first.keys() >= set(agents) or time.monotonic() > deadline:
            return first
        time.sleep(0.5)
