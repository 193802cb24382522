"""From the onset of a fault to the page in the local Slack, task records pushed at 1,000 a minute.

The bot is a process of its own on SQLite, over a real Socket Mode connection. Each agent was healthy for two days (2 %
of its tasks need a person, objective 5 %), reports its tasks as they end, twice a second, for a minute and a bit, and
then fails: every task, or 12 % of them. Five agents at a time, each with an onset of its own. Beside it, on the
same tasks, Prometheus and Alertmanager with a one-second rule (`bench/harness/alerting.py`), where they are installed.
Promised (issue 17): 95 of 100 onsets within 10 s and 20 s. `--seeds 1-10` takes ten onsets instead of fifty.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.harness.alerting import AlertingStack, missing
from bench.harness.launch import BotProcess
from bench.harness.rows import Row, percentile
from bot.core.model.samples import MinuteRow, Series
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest
from bot.store import SqlStore

FAULTS = {"total_failure": (1.0, 10.0), "from_2_to_12_pct": (0.12, 20.0)}
"""What begins: share of bad tasks, and seconds promised to the page."""
HEALTHY = 0.02
A_MINUTE = 1_000
AT_ONCE = 5
LEAD = 62.0
"""Seconds of health before the earliest onset: what looks back a minute sees a whole one."""
GIVE_UP = 60.0
HISTORY = 2_880
PUSH_EVERY = 0.5


@dataclass
class Onset:
    """One agent: when its fault began, and when each side said so."""

    agent: str
    began: float = 0.0
    page: float | None = None
    alert: float | None = None
    early: int = 0
    """Alerts before anything was wrong."""

    def seconds(self, at: float | None) -> float:
        return GIVE_UP if at is None else at - self.began


def run(out: Path, seeds: Sequence[int] = range(1, 51)) -> list[Row]:
    """Measure, and return seconds and what was said before anything was wrong."""
    del out
    if absent := missing():
        print(f"without {' and '.join(absent)}: nothing stands beside it", file=sys.stderr)
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    rows = list[Row]()
    with ExitStack() as held:
        slack = held.enter_context(LocalSlack(Workspace.load(workspace)))
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        beside = None if absent else held.enter_context(AlertingStack(folder))
        for fault, (share, promise) in FAULTS.items():
            found = [onset for some in _parts(seeds) for onset in _together(slack, beside, fault, share, some)]
            rows += _rows(fault, found, promise, told=beside is not None)
    return rows


def _parts(seeds: Sequence[int]) -> Iterator[Sequence[int]]:
    return (seeds[first : first + AT_ONCE] for first in range(0, len(seeds), AT_ONCE))


def _rows(fault: str, found: Sequence[Onset], promise: float, *, told: bool) -> Iterator[Row]:
    ours = [onset.seconds(onset.page) for onset in found]
    sick = [took for took in ours if took >= 0]
    yield Row(f"{fault}_p50_s", percentile(sick, 0.5))
    yield Row(f"{fault}_p95_s", percentile(sick, 0.95), promise)
    yield Row(f"{fault}_pages_before_onset", len(ours) - len(sick), 0)
    if told:
        theirs = [onset.seconds(onset.alert) for onset in found]
        yield Row(f"{fault}_prometheus_p50_s", percentile(theirs, 0.5))
        yield Row(f"{fault}_prometheus_p95_s", percentile(theirs, 0.95))
        yield Row(f"{fault}_prometheus_alerts_before_onset", sum(onset.early for onset in found))


def _together(
    slack: LocalSlack, beside: AlertingStack | None, fault: str, share: float, seeds: Sequence[int]
) -> list[Onset]:
    """Some agents at once, on a bot of their own."""
    onsets = [Onset(f"{fault.replace('_', '-')}-{seed}") for seed in seeds]
    with tempfile.TemporaryDirectory() as folder:
        bot = BotProcess(Path(folder), slack, _fleet([onset.agent for onset in onsets]), tokens=("tasks",))
        _remember(Path(folder), [onset.agent for onset in onsets])
        bot.start()
        try:
            with ThreadPoolExecutor(AT_ONCE) as agents:
                list(
                    agents.map(
                        lambda of: _live(bot, slack, beside, of[0], share, of[1]), zip(onsets, seeds, strict=True)
                    )
                )
        finally:
            bot.stop()
    return onsets


def _fleet(agents: Sequence[str]) -> str:
    lines = [
        "people:",
        "  ana: {name: Ana Duarte, slack: U0ANA, phone: '+44 20 7946 0001'}",
        "  bo: {name: Bo Lindgren, slack: U0BO, phone: '+44 20 7946 0002'}",
        "sources: {gateway: {kind: tasks}}",
        "slis: {her: {}}",
        "agents:",
    ]
    room = demo_fleet.CHANNELS["incidents"]
    return "\n".join(
        [*lines, *(f"  {key}: {{owner: ana, deputy: bo, summary: a test agent, channel: {room}}}" for key in agents)]
    )


def _remember(folder: Path, agents: Sequence[str]) -> None:
    """Two healthy days of each agent, up to now."""
    store = SqlStore.open(f"sqlite:///{folder / 'stepdown.db'}")
    now = int(time.time() // 60)
    for number, agent in enumerate(agents):
        dice = random.Random(number)  # noqa: S311 - traffic is no secret
        spread = (A_MINUTE * HEALTHY * (1 - HEALTHY)) ** 0.5
        bad = (max(0, round(dice.gauss(A_MINUTE * HEALTHY, spread))) for _ in range(HISTORY))
        series = Series(agent, "", "her")
        rows = [MinuteRow(series, now - HISTORY + at, 100 * each / A_MINUTE, A_MINUTE) for at, each in enumerate(bad)]
        store.put_minutes(rows)
    store.close()


def _live(
    bot: BotProcess, slack: LocalSlack, beside: AlertingStack | None, onset: Onset, share: float, seed: int
) -> None:
    """Report tasks as they end, until both sides have said what is wrong or nobody will."""
    dice = random.Random(f"{onset.agent} {seed}")  # noqa: S311 - traffic is no secret
    client = httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {bot.token['tasks']}"}, timeout=60)
    due = time.time()
    onset.began = due + LEAD + dice.uniform(0, 12)
    number, looked = 0, 0.0
    with client:
        while time.time() < onset.began + GIVE_UP and (onset.page is None or (beside and onset.alert is None)):
            ended = list[dict[str, object]]()
            while due <= time.time():
                bad = dice.random() < (share if due >= onset.began else HEALTHY)
                number += 1
                ended.append(_task(onset.agent, number, due, bad=bad))
                due += dice.expovariate(A_MINUTE / 60)
            if ended:
                client.post(f"{bot.url}/v1/tasks", json=ended).raise_for_status()
            if beside is not None:
                beside.count(onset.agent, len(ended), sum(bool(task["required_escalation"]) for task in ended))
                told = beside.alerted.get(onset.agent, [])
                onset.alert = next((at for at in told if at >= onset.began), None)
                onset.early = len([at for at in told if at < onset.began])
            if time.time() - looked > 1:
                looked, onset.page = time.time(), _page(slack, onset.agent)
            time.sleep(PUSH_EVERY)


def _task(agent: str, number: int, at: float, *, bad: bool) -> dict[str, object]:
    return {
        "task_id": f"{agent}-{number}",
        "agent": agent,
        "time": at,
        "tool_calls": 4,
        "completed": True,
        "required_escalation": bad,
    }


def _page(slack: LocalSlack, agent: str) -> float | None:
    """When the agent's first page stood in Ana's direct messages, by the message's own time."""
    asked = {"channel": "@U0ANA", "user": "U0ANA"}
    found = httpx.get(f"{slack.url}/_control/messages", params=asked, timeout=30, trust_env=False).json()["messages"]
    told = [float(message["ts"]) for message in found if message["text"].split(":")[0].removeprefix("*") == agent]
    return min(told, default=None)
