"""How long Slack waits: from a slash command or click leaving the local Slack to its acknowledgement.

The bot is a process of its own on SQLite over a real Socket Mode connection. It polls and evaluates 10,000 SLIs (2,000
agents of five) from a metrics server, and 50 incidents are open, when people begin to type and tap. What is measured is
what Slack would measure; the metrics server, the local Slack and whoever taps share the machine.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from bench.harness.launch import BotProcess, control, free_port
from bench.harness.many_series import name_of
from bench.harness.rows import Row, percentile
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest

AGENTS = 2_000
SLIS = ("dqr", "tie", "her", "aqdd", "task_success")
OPEN = 50
SECONDS = 150.0
"""How long people type and tap: every SLI is polled and evaluated at least twice meanwhile."""
PEOPLE = 3
PAUSE = 0.2
PROMISE_MS = 500.0
UP_WITHIN = 400.0
USER = "ana"


def run(out: Path) -> list[Row]:
    """Measure, and return the percentiles in milliseconds."""
    del out
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    port = free_port()
    command = [sys.executable, "-m", "bench.harness.many_series", str(port), str(AGENTS), str(OPEN)]
    with (
        subprocess.Popen(command) as metrics,
        LocalSlack(Workspace.load(workspace)) as slack,
        tempfile.TemporaryDirectory() as folder,
    ):
        bot = BotProcess(Path(folder), slack, fleet(port), tokens=("samples",))
        try:
            bot.start()
            buttons = _pages(slack)
            before = _answered(port)
            took = list(_use(slack, buttons))
            read = (_answered(port) - before) * AGENTS
        finally:
            bot.stop()
            metrics.kill()
    return [
        Row("p50_ms", percentile(took, 0.5)),
        Row("p99_ms", percentile(took, 0.99), promise=PROMISE_MS),
        Row("worst_ms", max(took)),
        Row("n", len(took)),
        Row("incidents_open", len(buttons)),
        Row("slis", AGENTS * len(SLIS)),
        Row("series_read_meanwhile", read),
    ]


def fleet(port: int) -> str:
    """2,000 agents of five SLIs each, answered by five queries a minute."""
    lines = [
        "people:",
        "  ana: {name: Ana Duarte, slack: U0ANA, phone: '+44 20 7946 0001'}",
        "  bo: {name: Bo Lindgren, slack: U0BO, phone: '+44 20 7946 0002'}",
        "sources:",
        f"  metrics: {{kind: prometheus, url: 'http://127.0.0.1:{port}'}}",
        "slis:",
        *(f"  {name}: {{source: metrics, by: {{agent: agent}}}}" for name in SLIS),
        "agents:",
    ]
    room = demo_fleet.CHANNELS["incidents"]
    lines += [
        f"  {name_of(number)}: {{owner: ana, deputy: bo, summary: a test agent, channel: {room}}}"
        for number in range(AGENTS)
    ]
    return "\n".join(lines) + "\n"


def _pages(slack: LocalSlack) -> Sequence[Mapping[str, str]]:
    """Where the page of each open incident stands, once there are as many as there should be."""
    deadline = time.monotonic() + UP_WITHIN
    while True:
        found = httpx.get(f"{slack.url}/_control/messages", params={"channel": "@U0ANA", "user": "U0ANA"}, timeout=60)
        pages = [message for message in found.json()["messages"] if message["text"].startswith("agent-")]
        if len({message["text"].split(":")[0] for message in pages}) >= OPEN:
            return [_where(message) for message in pages][:OPEN]
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {len(pages)} pages came in {UP_WITHIN:g} s")
        time.sleep(1)


def _where(message: Mapping[str, Any]) -> dict[str, str]:
    number = next(
        element["value"]
        for block in message["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id") == "ack"
    )
    return {"ts": message["ts"], "incident": number}


def _use(slack: LocalSlack, pages: Sequence[Mapping[str, str]]) -> Iterator[float]:
    """Commands and clicks of several people at once; milliseconds of each."""
    since = _newest(slack)
    with ThreadPoolExecutor(PEOPLE) as people:
        list(people.map(lambda first: _tap(slack, pages, first), range(PEOPLE)))
    for delivery in _deliveries(slack, since):
        if delivery["kind"] in ("slash_commands", "interactive"):
            if delivery["outcome"] != "acknowledged":
                raise RuntimeError(f"a {delivery['kind']} of {delivery['what']} ended {delivery['outcome']}")
            yield float(delivery["ms"])


def _tap(slack: LocalSlack, pages: Sequence[Mapping[str, str]], first: int) -> None:
    """What one person does: a command, a tap, a command, ..."""
    end = time.monotonic() + SECONDS
    for number in count(first):
        page = pages[number % len(pages)]
        if number % 2:
            control(slack, "slash", _typed(number, page["incident"]))
        else:
            _click(slack, {"user": USER, "channel": "@U0ANA", "ts": page["ts"], "action_id": "lower"})
        time.sleep(PAUSE)
        if time.monotonic() > end:
            return


def _click(slack: LocalSlack, clicked: Mapping[str, object]) -> None:
    """A tap; a button that an edit has taken away meanwhile is none."""
    try:
        control(slack, "click", clicked)
    except httpx.HTTPStatusError:
        return


def _typed(number: int, incident: str) -> dict[str, object]:
    lines = ("/incident", f"{incident} status"), ("/agent", name_of(number % AGENTS)), ("/autonomy", "")
    command, text = lines[number % len(lines)]
    return {"user": USER, "channel": demo_fleet.CHANNELS["incidents"], "command": command, "text": text}


def _deliveries(slack: LocalSlack, since: int) -> list[dict[str, Any]]:
    found = httpx.get(f"{slack.url}/_control/deliveries", params={"since": since}, timeout=60, trust_env=False)
    return list(found.json()["deliveries"])


def _newest(slack: LocalSlack) -> int:
    return max((entry["number"] for entry in _deliveries(slack, 0)), default=0)


def _answered(port: int) -> int:
    return int(httpx.get(f"http://127.0.0.1:{port}/", timeout=60, trust_env=False).json()["answered"])
