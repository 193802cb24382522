"""How long the local Slack's page with 500 messages takes, as a person sees it first: nothing has been drawn before."""

import time
from pathlib import Path

import httpx
from slack_sdk import WebClient

from bench.harness.rows import Row, percentile
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet

MESSAGES = 500
PROMISE_MS = 1_000.0


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """Milliseconds until the whole page has arrived, for each person of the workspace once."""
    place = demo_fleet.CHANNELS["incidents"]
    with LocalSlack(Workspace.load(demo_fleet.workspace())) as slack:
        client = WebClient(slack.bot_token, base_url=slack.api_url)
        for number in range(MESSAGES):
            client.chat_postMessage(channel=place, text=f"message {number} with *words* and `code`")
        took = [_open(slack.url, person.key, place) for person in demo_fleet.PEOPLE]
    return [
        Row("page_500_p50_ms", percentile(took, 0.5)),
        Row("page_500_max_ms", max(took), promise=PROMISE_MS),
        Row("n", len(took)),
    ]


def _open(url: str, person: str, place: str) -> float:
    began = time.perf_counter()
    answer = httpx.get(f"{url}/u/{person}/{place}", timeout=30, trust_env=False)
    took = (time.perf_counter() - began) * 1000
    if answer.text.count("<article") != MESSAGES:
        raise RuntimeError(f"the page shows {answer.text.count('<article')} of {MESSAGES} messages")
    return took
