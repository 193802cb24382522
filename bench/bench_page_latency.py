"""Breach to page: from handing in the sample that completes a breach to the page standing in the local Slack.

The bot is a process of its own, on SQLite, over a real Socket Mode connection. 200 agents breach one after the other,
each opening an incident with its channel and cards, so pages compete with that work.
"""

import tempfile
import time
from collections.abc import Collection
from pathlib import Path

import httpx

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bench.harness.rows import Row, percentile
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest

INCIDENTS = 200
A_SECOND = 4.0
PROMISE_MS = 1_000.0


def run(out: Path) -> list[Row]:
    """Measure, and return the percentiles in milliseconds."""
    del out
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    with LocalSlack(Workspace.load(workspace)) as slack, tempfile.TemporaryDirectory() as folder:
        agents = [f"agent-{number:03d}" for number in range(INCIDENTS)]
        bot = BotProcess(Path(folder), slack, pushed_fleet(agents, demo_fleet.CHANNELS["incidents"]))
        bot.start()
        try:
            handed_in = _breach(bot, agents)
            paged = pages(slack, agents)
        finally:
            bot.stop()
    missing = [agent for agent in agents if agent not in paged]
    if missing:
        raise RuntimeError(f"{len(missing)} pages never came, the first of {missing[0]}")
    took = sorted((paged[agent] - handed_in[agent]) * 1000 for agent in agents)
    return [
        Row("p50_ms", percentile(took, 0.5)),
        Row("p99_ms", percentile(took, 0.99), promise=PROMISE_MS),
        Row("n", len(took)),
    ]


def _breach(bot: BotProcess, agents: list[str]) -> dict[str, float]:
    """Hand in the samples, a few a second; when each was handed in, in epoch seconds."""
    handed_in: dict[str, float] = {}
    for agent in agents:
        handed_in[agent] = time.time()
        bot.push(bad_minutes(agent, handed_in[agent])).raise_for_status()
        time.sleep(max(0.0, handed_in[agent] + 1 / A_SECOND - time.time()))
    return handed_in


def pages(slack: LocalSlack, agents: Collection[str]) -> dict[str, float]:
    """Agent -> when its first page stood in Ana's direct messages, by the message's own time.

    Other messages stand there too; they are no pages and are not counted as such.
    """
    deadline = time.monotonic() + 60
    while True:
        found = httpx.get(f"{slack.url}/_control/messages", params={"channel": "@U0ANA", "user": "U0ANA"}, timeout=30)
        first: dict[str, float] = {}
        for message in found.json()["messages"]:
            first.setdefault(message["text"].split(":")[0].removeprefix("*"), float(message["ts"]))
        if first.keys() >= set(agents) or time.monotonic() > deadline:
            return first
        time.sleep(0.5)
