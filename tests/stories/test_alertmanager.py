"""A rule of a real Prometheus fires, a real Alertmanager sends it, and the owner is paged; a kill loses nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bench.harness.alerting import AlertingStack, missing
from bench.harness.launch import BotProcess, pushed_fleet
from bot.alerts import KINDS
from bot.alerts.kind import SampleAlert
from bot.core.incident.incident import Incident
from bot.localslack.server import LocalSlack
from bot.runtime.clock import RealClock
from bot.simulation import demo_fleet
from bot.store import SqlStore
from tests.support.patience import PATIENCE

RULES = """\
groups:
  - name: agents
    interval: 1s
    rules:
      - alert: HandsOverTooMuch
        expr: >-
          sum by (agent) (increase(agent_escalations_total[5s]))
          / sum by (agent) (increase(agent_tasks_total[5s])) > 0.05
        labels: {severity: critical}
        annotations: {summary: '{{ $value | humanizePercentage }} are handed over'}
"""


@pytest.fixture
def bot(tmp_path: Path, slack: LocalSlack) -> Iterator[BotProcess]:
    fleet = pushed_fleet(["refunds", "kyc"], demo_fleet.CHANNELS["agents-refunds"])
    made = BotProcess(tmp_path, slack, fleet, tokens=("alerts",))
    made.start()
    yield made
    made.stop()


def stored(bot: BotProcess) -> dict[str, Incident]:
    store = SqlStore.open(f"sqlite:///{bot.folder / 'stepdown.db'}", alone=False)
    try:
        found = store.open_incidents()
    finally:
        store.close()
    assert len({one.agent for one in found}) == len(found)
    return {one.agent: one for one in found}


def until(what: str, look: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def paged(slack: LocalSlack, words: str) -> str:
    where: dict[str, str | int] = {"channel": "@U0ANA", "contains": words, "timeout": int(PATIENCE)}
    answer = httpx.get(f"{slack.url}/_control/wait", params=where, timeout=2 * PATIENCE, trust_env=False)
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.text


@pytest.mark.prometheus
@pytest.mark.skipif(bool(missing()), reason="Debian's prometheus and prometheus-alertmanager are not on PATH")
def test_a_rule_fires_the_owner_is_paged_and_a_kill_loses_nothing(
    bot: BotProcess, slack: LocalSlack, tmp_path: Path
) -> None:
    (tmp_path / "alerting").mkdir()
    token = bot.token["alerts"]
    url = f"{bot.url}/v1/inbound/alertmanager"
    receiver = f"{{url: '{url}', send_resolved: true, http_config: {{authorization: {{credentials: '{token}'}}}}}}"
    over, share = threading.Event(), [18]
    with AlertingStack(tmp_path / "alerting", rules=RULES, receiver=receiver) as stack:

        def work() -> None:
            while not over.wait(0.1):
                stack.count("refunds", 100, share[0])

        worker = threading.Thread(target=work)
        worker.start()
        try:
            assert "HandsOverTooMuch" in paged(slack, "HandsOverTooMuch")
            until("the alert in the timeline", lambda: stored(bot)["refunds"].alerts)
            share[0] = 0
            until("the alert to resolve", lambda: not stored(bot)["refunds"].alerts[0].firing)
        finally:
            over.set()
            worker.join()
    incident = stored(bot)["refunds"]
    assert (incident.kind, incident.severity, incident.open) == ("alert", "SEV2", True)
    (alert,) = incident.alerts
    assert (alert.sender, alert.title) == ("Alertmanager", "HandsOverTooMuch")
    assert alert.url.startswith("http")
    assert token not in (tmp_path / "log").read_text()
    outlives_a_kill(bot, slack)


def outlives_a_kill(bot: BotProcess, slack: LocalSlack) -> None:
    """What was answered with a good status pages after a kill, and once."""
    message = KINDS["alertmanager"].sampled({}, SampleAlert("kyc", RealClock().now(), name="Misreads"))
    headers = {**message.headers, "authorization": f"Bearer {bot.token['alerts']}"}
    url = f"{bot.url}/v1/inbound/alertmanager"
    answers = []
    for _ in range(2):
        answers.append(httpx.post(url, content=message.body, headers=headers, timeout=PATIENCE, trust_env=False))
        if len(answers) == 1:
            bot.kill()
            bot.start()
    assert [(one.status_code, one.json()) for one in answers] == [
        (202, {"alerts": 1, "new": 1}),
        (202, {"alerts": 1, "repeated": 1}),
    ]
    assert "Misreads" in paged(slack, "Misreads")
    assert sorted(stored(bot)) == ["kyc", "refunds"]
