"""Debian's prometheus-alertmanager as the peer: an alert handed in, a webhook called, nothing waited for."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from bench.harness.launch import free_port
from bench.paging.receiver import Receiver, of_alertmanager

PROGRAM = "prometheus-alertmanager"
UP_WITHIN = 30.0
CONFIG = """
route: {receiver: hook, group_by: [agent], group_wait: 0s, group_interval: 5m, repeat_interval: 4h}
receivers:
  - name: hook
    webhook_configs: [{url: "%s", send_resolved: false}]
"""


def is_there() -> bool:
    """Whether the machine has it."""
    return shutil.which(PROGRAM) is not None


def milliseconds(folder: Path, agents: Iterable[str], a_second: float) -> list[float]:
    """From handing in each alert to its webhook, `a_second` of them a second."""
    receiver, port = Receiver(of_alertmanager), free_port()
    config = folder / "alertmanager.yml"
    config.write_text(CONFIG % receiver.url)
    command = [PROGRAM, f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}"]
    more = [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"]
    with subprocess.Popen([*command, *more]) as process, httpx.Client(trust_env=False) as client:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_up(client, url)
            handed_in = _hand_in(client, url, agents, a_second)
            deadline = time.monotonic() + UP_WITHIN
            while receiver.heard.keys() < handed_in.keys() and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            process.terminate()
            receiver.close()
    return [1000 * (receiver.heard[agent] - at) for agent, at in handed_in.items()]


def _wait_until_up(client: httpx.Client, url: str) -> None:
    deadline = time.monotonic() + UP_WITHIN
    while True:
        try:
            if client.get(f"{url}/-/ready").is_success:
                return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def _hand_in(client: httpx.Client, url: str, agents: Iterable[str], a_second: float) -> dict[str, float]:
    handed_in: dict[str, float] = {}
    for agent in agents:
        handed_in[agent] = time.time()
        alert = {"labels": {"alertname": "HER", "agent": agent}, "annotations": {"summary": "human escalation 18 %"}}
        client.post(
            f"{url}/api/v2/alerts", content=json.dumps([alert]), headers={"Content-Type": "application/json"}
        ).raise_for_status()
        time.sleep(max(0.0, handed_in[agent] + 1 / a_second - time.time()))
    return handed_in
