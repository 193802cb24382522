"""PagerDuty both ways: paged there, taken there, known here and shown there; a forged word changes nothing."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bot.localslack.server import LocalSlack
from bot.simulation import demo_fleet
from tests.contracts.odd_server import OddServer, odd_server
from tests.support.patience import PATIENCE

SECRET = "the-secret-of-the-subscription"
ROUTING = "R0UT1NGKEY0123456789abcdefSECRET"
WAYS = '  ana: {name: Ana Duarte, slack: U0ANA, ways: [{kind: pagerduty, target: "${ANA_PAGERDUTY}"}]}'


def _until(what: str, look: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _told(server: OddServer, action: str) -> list[str]:
    events = [json.loads(asked.body) for asked in server.asked]
    return [event["dedup_key"] for event in events if event["event_action"] == action]


def _word(bot: BotProcess, dedup_key: str, secret: str, at: float) -> httpx.Response:
    """What PagerDuty sends when Ana takes the alert on her phone."""
    event = {
        "id": f"E{at}",
        "event_type": "incident.acknowledged",
        "occurred_at": datetime.fromtimestamp(at, UTC).isoformat(),
        "agent": {"type": "user_reference", "summary": "Ana Duarte"},
        "data": {"incident_key": dedup_key},
    }
    body = json.dumps({"event": event}).encode()
    signature = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    url = f"{bot.url}/v1/inbound/pagerduty"
    return httpx.post(
        url, content=body, headers={"X-PagerDuty-Signature": signature}, timeout=PATIENCE, trust_env=False
    )


def _counted(bot: BotProcess, outcome: str) -> bool:
    metrics = httpx.get(f"{bot.url}/metrics", timeout=PATIENCE, trust_env=False).text
    return f'stepdown_pagerduty_webhooks_total{{outcome="{outcome}"}} 1.0' in metrics


def test_taken_there_is_taken_here(tmp_path: Path, slack: LocalSlack) -> None:
    lines = pushed_fleet(["refunds"], demo_fleet.CHANNELS["agents-refunds"]).splitlines()
    fleet = "\n".join([lines[0], WAYS, *lines[2:]]) + "\n"
    with odd_server() as pagerduty:
        pagerduty.answer = lambda asked: asked.json({"status": "success"}, 202)
        more = {
            "ANA_PAGERDUTY": ROUTING,
            "STEPDOWN_PAGERDUTY_URL": pagerduty.url,
            "STEPDOWN_PAGERDUTY_INBOUND_SECRET": SECRET,
        }
        bot = BotProcess(tmp_path, slack, fleet, more=more)
        bot.start()
        try:
            assert bot.push(bad_minutes("refunds", time.time())).status_code < 300
            _until("the page at PagerDuty", lambda: _told(pagerduty, "trigger"))
            (alert,) = _told(pagerduty, "trigger")
            now = time.time()
            assert _word(bot, alert, "not the secret", now).status_code == 401
            assert _word(bot, alert, SECRET, now - 49 * 3600).status_code == 400
            assert _counted(bot, "forged")
            assert _counted(bot, "stale")
            assert _told(pagerduty, "acknowledge") == []
            assert _word(bot, alert, SECRET, now).status_code == 202
            _until("the acknowledgement to be shown there", lambda: _told(pagerduty, "acknowledge") == [alert])
            assert _word(bot, alert, SECRET, now).json() == {"outcome": "repeated"}
        finally:
            bot.stop()
    written = (tmp_path / "log").read_text()
    assert SECRET not in written
    assert ROUTING not in written
