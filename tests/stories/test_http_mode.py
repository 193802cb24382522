"""Slack comes to the bot: no socket, one signed address, the same page and the same tap."""

import time
from pathlib import Path

import httpx
import pytest

from bench.harness.launch import BotProcess, bad_minutes, control, pushed_fleet
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest
from tests.support.patience import PATIENCE


def test_a_page_is_acknowledged_over_http(tmp_path: Path) -> None:
    made = manifest(http_url="https://bot.example.com")
    workspace = {**demo_fleet.workspace(), "app": {"manifest": made}}
    with LocalSlack(Workspace.load(workspace)) as slack:
        more = {"STEPDOWN_SLACK_APP_TOKEN": "", "STEPDOWN_SLACK_SIGNING_SECRET": slack.signing_secret}
        bot = BotProcess(tmp_path, slack, pushed_fleet(["refunds"], demo_fleet.CHANNELS["incidents"]), more=more)
        try:
            bot.start()
            control(slack, "events_url", {"url": f"{bot.url}/slack/events"})
            bot.push(bad_minutes("refunds", time.time())).raise_for_status()
            where: dict[str, str | int] = {
                "channel": "@U0ANA",
                "user": "U0ANA",
                "contains": "refunds:",
                "timeout": int(PATIENCE),
            }
            page = httpx.get(f"{slack.url}/_control/wait", params=where, timeout=2 * PATIENCE).json()["message"]
            tapped = {"user": "ana", "channel": "@U0ANA", "ts": page["ts"], "action_id": "ack"}
            assert control(slack, "click", tapped)["acked"]
            there: dict[str, str | int] = {
                "channel": "@U0ANA",
                "user": "U0ANA",
                "contains": "Acknowledged by Ana",
                "timeout": int(PATIENCE),
            }
            assert httpx.get(f"{slack.url}/_control/wait", params=there, timeout=2 * PATIENCE).json()["ok"]
        finally:
            bot.stop()


def test_it_refuses_to_start_without_a_signing_secret(tmp_path: Path) -> None:
    with LocalSlack(Workspace.load(demo_fleet.workspace())) as slack:
        more = {"STEPDOWN_SLACK_MODE": "http", "STEPDOWN_SLACK_SIGNING_SECRET": ""}
        bot = BotProcess(tmp_path, slack, pushed_fleet(["refunds"], demo_fleet.CHANNELS["incidents"]), more=more)
        with pytest.raises(RuntimeError, match="STEPDOWN_SLACK_SIGNING_SECRET is needed: HTTP mode believes nobody"):
            bot.start()
        assert bot.process is not None
        assert bot.process.wait(PATIENCE) == 2
