"""`stepdown check --online` on the demo's world: all well, then one thing after another taken away."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.harness.launch import free_port
from bot.cli import app
from bot.localslack.server import LocalSlack, Workspace
from bot.runtime.clock import RealClock
from bot.simulation import demo_fleet
from bot.simulation.exposition import QUEUE
from bot.simulation.metrics_server import MetricsServer
from bot.simulation.world import World
from bot.slack.manifest import manifest


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(Workspace.load({**demo_fleet.workspace(), "app": {"manifest": manifest()}})) as running:
        yield running


@pytest.fixture(scope="module")
def metrics() -> Iterator[MetricsServer]:
    server = MetricsServer(World(RealClock(), demo_fleet.AGENTS))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def home(tmp_path: Path, slack: LocalSlack, metrics: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = demo_fleet.fleet_text(metrics.url)
    (tmp_path / "fleet.yaml").write_text(text)
    here = Path(__file__).parents[2]
    for name, value in {
        "FLEET": tmp_path / "fleet.yaml",
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_BASE_URL": slack.api_url,
        "RUNBOOKS_DIR": here / "runbooks",
        "PLAYBOOKS_DIR": here / "playbooks",
        "PAGERDUTY_URL": f"http://127.0.0.1:{free_port()}/",
    }.items():
        monkeypatch.setenv(f"STEPDOWN_{name}", str(value))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*more: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    done = CliRunner().invoke(app, ["check", "--online", "--json", *more])
    assert done.output.startswith("{"), done.output
    return done.exit_code, json.loads(done.output)


def bad(found: dict[str, list[dict[str, str]]]) -> list[tuple[str, str, str]]:
    return [(f["topic"], f["level"], f["text"]) for f in found["findings"] if f["level"] in ("problem", "unreachable")]


def test_all_is_well_and_it_says_of_each_thing_that_it_is(home: Path) -> None:
    code, found = check()
    assert bad(found) == []
    assert code == 0
    assert {finding["topic"] for finding in found["findings"]} >= {"slack", "scope", "channel", "person", "source"}
    assert CliRunner().invoke(app, ["check", "--online"]).output.splitlines()[-1].endswith("0 problem, 0 unreachable")


@pytest.mark.parametrize(
    ("by", "says"),
    [("label: agent", "answered nothing for the last 5 minutes"), ("", "HTTP 400")],
    ids=["label", "text"],
)
def test_a_query_that_is_wrong(home: Path, by: str, says: str) -> None:
    file = home / "fleet.yaml"
    queue = QUEUE
    wrong = (
        ("        by: {agent: agent}", "        by: {agent: nobody}") if by else (f"value: {queue}", "value: no_such")
    )
    before, after = file.read_text().split("      aqdd:\n", 1)
    file.write_text(f"{before}      aqdd:\n{after.replace(*wrong, 1)}")
    code, found = check()
    assert code == 1, found
    ((topic, level, text),) = bad(found)
    assert (topic, level) == ("source", "problem")
    assert says in text


def test_a_source_and_a_pagers_host_that_cannot_be_reached(
    home: Path, metrics: MetricsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "fleet.yaml"
    text = file.read_text().replace(metrics.url, f"http://127.0.0.1:{free_port()}")
    ana = next(line for line in text.splitlines() if line.startswith("  ana:"))
    assert ana.endswith("}")
    phone = "{kind: pagerduty, target: '${ROUTING_KEY}'}"
    file.write_text(text.replace(ana, f"{ana[:-1]}, ways: [{phone}]}}"))
    monkeypatch.setenv("ROUTING_KEY", "a" * 32)
    code, found = check()
    assert code == 3
    assert {topic for topic, level, _ in bad(found) if level == "unreachable"} == {"source", "pager"}
    assert "a" * 32 not in json.dumps(found)


def test_settings_without_a_token_say_which(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPDOWN_SLACK_BOT_TOKEN", "")
    code, found = check()
    assert code == 1
    assert "STEPDOWN_SLACK_BOT_TOKEN is needed" in bad(found)[0][2]
