"""Bad input gets a clear answer that says what, where and what is allowed, and loses nothing."""

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from bench.harness.launch import BotProcess, control, pushed_fleet
from bot.localslack.server import LocalSlack
from bot.simulation import demo_fleet
from tests.support.patience import PATIENCE

CHANNEL = demo_fleet.CHANNELS["agents-refunds"]
FIVE_MISTAKES = """\
people:
  ana: {name: Ana Duarte, slack: U0ANA}
sources:
  prom: {kind: promethius, url: 'http://127.0.0.1:9090'}
slis:
  her: {source: prom, objectve: 5}
agents:
  refunds: {owner: anna, summary: refunds}
  kyc: {summary: reviews}
  support: {owner: ana, containment: always}
"""


def test_five_mistakes_in_a_fleet_file_are_five_lines(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FIVE_MISTAKES)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check", "fleet.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    lines = [line.split(": ")[0] for line in done.stderr.splitlines() if line.startswith("fleet.yaml:")]
    assert [int(place.split(":")[1]) for place in lines] == [4, 6, 8, 9, 10], done.stderr
    for hint in ("prometheus", "objective", "ana", "owner", "auto"):
        assert hint in done.stderr


@pytest.fixture
def bot(tmp_path: Path, slack: LocalSlack) -> BotProcess:
    fleet = pushed_fleet(["refunds"], CHANNEL).replace("samples", "tasks")
    return BotProcess(tmp_path, slack, fleet, tokens=("tasks",))


def test_a_confidence_of_seven_and_an_agent_that_is_not_there(
    bot: BotProcess, slack: LocalSlack, tmp_path: Path
) -> None:
    bot.start()
    try:
        task = {"task_id": "t1", "agent": "refunds", "time": "2026-03-02T02:14:00Z", "decision_confidence": 7}
        refused = httpx.post(
            f"{bot.url}/v1/tasks",
            json=[task],
            headers={"Authorization": f"Bearer {bot.token['tasks']}"},
            timeout=PATIENCE,
            trust_env=False,
        )
        batch = [{**task, "task_id": f"t{number}", "time": time.time()} for number in range(2, 5)]
        del batch[0]["decision_confidence"], batch[2]["decision_confidence"]
        some = httpx.post(
            f"{bot.url}/v1/tasks",
            json=batch,
            headers={"Authorization": f"Bearer {bot.token['tasks']}"},
            timeout=PATIENCE,
            trust_env=False,
        )
        body = {"user": "U0ANA", "channel": CHANNEL, "command": "/autonomy", "text": "refnds down"}
        assert control(slack, "slash", body)["acked"]
        where: dict[str, str | int] = {
            "channel": CHANNEL,
            "user": "U0ANA",
            "contains": "Did you mean",
            "timeout": int(PATIENCE),
        }
        said = httpx.get(f"{slack.url}/_control/wait", params=where, timeout=2 * PATIENCE, trust_env=False).text
    finally:
        bot.stop()
    assert refused.status_code == 422
    assert "decision_confidence" in refused.text
    assert "7" in refused.text
    assert (some.status_code, some.json()["stored"], some.json()["refused"]) == (207, 2, [1])
    with sqlite3.connect(tmp_path / "stepdown.db") as database:
        assert database.execute("SELECT task_id FROM task ORDER BY task_id").fetchall() == [("t2",), ("t4",)]
        assert database.execute("SELECT count(*) FROM incident").fetchone() == (0,)
    database.close()
    assert "Did you mean refunds?" in said
