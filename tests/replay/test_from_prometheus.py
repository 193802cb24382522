"""`stepdown replay --from prometheus` on a real Prometheus whose past was written into it."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from tests.support.patience import PATIENCE

HOURS = 8
ILL = range(240, 270)
"""Minutes from the beginning in which three tasks of ten are escalated."""
STEP = 20
FLEET = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
sources:
  prom: {kind: prometheus, url: "URL"}
slis: {her: {}}
agents:
  refunds: {owner: ana}
"""

pytestmark = [pytest.mark.prometheus, pytest.mark.xdist_group("prometheus")]


def openmetrics(start: int) -> str:
    """100 tasks and 2 escalations a minute, 30 while it is ill, scraped every 20 seconds."""
    tasks, escalated, lines = (
        0.0,
        0.0,
        {"tasks": ["# TYPE agent_tasks counter"], "esc": ["# TYPE agent_escalations counter"]},
    )
    for second in range(0, HOURS * 3600, STEP):
        tasks += 100 * STEP / 60
        escalated += (30 if second // 60 in ILL else 2) * STEP / 60
        lines["tasks"].append(f'agent_tasks_total{{agent="refunds"}} {tasks:.3f} {start + second}')
        lines["esc"].append(f'agent_escalations_total{{agent="refunds"}} {escalated:.3f} {start + second}')
    return "\n".join([*lines["tasks"], *lines["esc"], "# EOF", ""])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("prometheus")
    start = int(time.time()) // 60 * 60 - HOURS * 3600
    (place / "past.txt").write_text(openmetrics(start))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(place / "past.txt"), str(place / "tsdb")]
    subprocess.run(command, check=True, capture_output=True)
    (place / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    flags = ["--config.file", str(place / "prometheus.yml"), "--storage.tsdb.path", str(place / "tsdb")]
    with (place / "log").open("w") as log:
        port_line = ["--web.listen-address", "127.0.0.1:0"]
        running = subprocess.Popen(["prometheus", *flags, *port_line], stderr=log, stdout=log)
        try:
            yield _address(place / "log")
        finally:
            running.terminate()
            running.wait(PATIENCE)


def _address(log: Path) -> str:
    """Where it listens, from its own log: the port was free when it took it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for line in log.read_text().splitlines():
            if "Listening on" in line and "127.0.0.1:" in line:
                found = f"http://127.0.0.1:{int(re.split(r'127.0.0.1:([0-9]+)', line)[1])}"
                if _ready(found):
                    return found
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=PATIENCE, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def replay(folder: Path, url: str, *words: str) -> Result:
    (folder / "fleet.yaml").write_text(FLEET.replace("URL", url))
    days = str((HOURS - 0.5) / 24)
    return CliRunner().invoke(
        app, ["replay", str(folder / "fleet.yaml"), "--from", "prometheus", "--days", days, "--json", *words]
    )


def test_its_past_is_played_through_the_rules(url: str, tmp_path: Path) -> None:
    found = replay(tmp_path, url)
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    kinds = [event["event"] for event in told["events"]]
    assert kinds[:2] == ["breach", "incident_opened"]
    assert kinds[-1] == "recovery_held"
    assert told["summary"]["pages"] == 1
    assert told["summary"]["samples"] == pytest.approx((HOURS - 0.5) * 60, abs=10)


def test_what_was_kept_needs_no_prometheus(url: str, tmp_path: Path) -> None:
    keep = ("--keep", str(tmp_path / "kept"))
    first = replay(tmp_path, url, *keep)
    assert first.exit_code == 0, first.output
    files = sorted((tmp_path / "kept").iterdir())
    assert len(files) >= 2
    newest = files[-1]
    newest.unlink()
    again = replay(tmp_path, url, *keep)
    assert json.loads(again.stdout)["events"] == json.loads(first.stdout)["events"]


def test_a_prometheus_that_is_not_there_is_said_with_exit_code_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sources.backfill.PAUSES", (0.0, 0.0, 0.0))
    found = replay(tmp_path, "http://127.0.0.1:9")
    assert found.exit_code == 3
    assert "source prom: her from" in found.stderr
    assert "with --keep FOLDER a second run goes on there" in found.stderr
