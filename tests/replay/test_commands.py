"""`stepdown replay`, `budget` and `gate` as somebody types them."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.store import SqlStore
from tests.core.sample_data import HER
from tests.replay.recording_files import as_csv, samples

FLEET = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
sources:
  push: {kind: samples}
slis: {her: {}, dqr: {}}
agents:
  refunds: {owner: ana}
"""
INCIDENT = [*[2.0] * 120, *[18.0] * 20, *[2.0] * 90]


@dataclass(frozen=True)
class Place:
    """A folder with a fleet file and a database."""

    folder: Path

    def run(self, *words: str) -> Result:
        env = {
            "STEPDOWN_FLEET": str(self.folder / "fleet.yaml"),
            "STEPDOWN_DATABASE_URL": f"sqlite:///{self.folder / 'one.db'}",
        }
        return CliRunner().invoke(app, list(words), env=env)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def store(self, level: float, minutes: int = 600) -> None:
        """HER at this level in the newest minutes."""
        newest = minute_of(datetime.now(UTC))
        store = SqlStore.open(f"sqlite:///{self.folder / 'one.db'}")
        her = Series("refunds", "", "her")
        store.put_minutes([MinuteRow(her, newest - back, level, 100.0) for back in range(minutes)])
        store.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path)
    found.write("fleet.yaml", FLEET)
    return found


def replay(place: Place, text: str, *words: str, name: str = "samples.csv") -> Result:
    return place.run("replay", str(place.folder / "fleet.yaml"), place.write(name, text), *words)


def test_replay_as_json(place: Place) -> None:
    found = replay(place, as_csv(samples(HER, INCIDENT)), "--json")
    assert found.exit_code == 0
    told = json.loads(found.stdout)
    assert [one["event"] for one in told["events"]] == [
        *("breach", "incident_opened", "recovery_began", "cleared", "recovery_held"),
    ]
    assert told["events"][0] == {
        "at": "2026-03-03T02:01:00Z",
        "agent": "refunds",
        "workflow": "",
        "sli": "her",
        "event": "breach",
        "reason": "HER 18.0 % over 1 min (18 of 100), normal 2.0 %, objective 5 %: by chance less than once a year",
        "incident": 1,
        "kind": "slo",
        "pages": False,
        "onset": "2026-03-03T02:00:00Z",
    }
    summary = told["summary"]
    assert (summary["pages"], summary["incidents"], summary["recoveries"], summary["samples"]) == (1, 1, 1, 230)
    [her] = summary["budgets"]
    # 20 minutes of 18 and 210 of 2 bad tasks, of 23,000: 780, where 1,150 may be; 230 of the minutes of 30 days
    assert (her["bad"], her["total"], her["remaining"]) == (780.0, 23_000.0, round(1 - 780 / 1150 * 230 / 43_200, 6))
    assert summary["not_recorded"] == ["refunds/dqr"]
    assert "Not in the recording: 1 series. Nothing is known of refunds/dqr" in found.stderr


WITH_TAIL = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
sources:
  push: {kind: samples}
  gateway: {kind: tasks}
slis:
  her: {source: push}
  tail: {source: gateway, percentile: 95, of: tool_calls, better: lower, unit: calls, objective: 12}
agents:
  refunds: {owner: ana}
"""


def test_a_percentile_is_not_judged_and_not_called_healthy(place: Place) -> None:
    """A bot makes it of tasks; its recorded values, however bad, would have read as a month without a page."""
    place.write("fleet.yaml", WITH_TAIL)
    tail = replace(HER, name="tail")
    alone = replay(place, as_csv(samples(tail, [60.0] * 30)), name="tail.csv")
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert "nothing of it can be judged. Not judged: refunds/tail. A percentile is made of single" in alone.stderr
    both = [*samples(HER, INCIDENT), *samples(tail, [60.0] * 30)]
    found = replay(place, as_csv(both), "--json", "--sort")
    assert found.exit_code == 0
    summary = json.loads(found.stdout)["summary"]
    assert (summary["not_judged"], summary["ignored_samples"], summary["pages"]) == (["refunds/tail"], 0, 1)
    assert "Not judged: refunds/tail." in found.stderr
    assert "Left out" not in found.stderr


def test_replay_in_words_with_a_chart(place: Place) -> None:
    chart = place.folder / "pages.png"
    found = replay(place, as_csv(samples(HER, INCIDENT)), "--chart", str(chart))
    assert "2026-03-03 02:01 #1 incident_opened PAGE refunds/her: HER 18.0 % over 1 min (18 of 100)" in found.stdout
    assert "\n1 page (" in found.stdout
    assert chart.read_bytes().startswith(b"\x89PNG")
    assert "as the fleet file says      1" in found.stdout
    assert "literal rule" not in found.stderr


def test_a_broken_line_prints_nothing_but_itself(place: Place) -> None:
    lines = as_csv(samples(HER, [2.0] * 31_335)).splitlines()
    text = "\n".join([*lines, "2026-03-03T00:00:00Z,refunds,,her,?,1"])
    found = replay(place, text, "--json")
    assert found.exit_code == 1
    assert found.stdout == ""
    assert found.stderr.startswith(f"{place.folder}/samples.csv:31337: value '?' is not a number; write a number")


def test_a_recording_of_other_agents_is_no_quiet_month(place: Place) -> None:
    found = replay(place, as_csv(samples(HER, [2.0] * 5)).replace("refunds", "refund"))
    assert found.exit_code == 1
    assert found.stdout == ""
    assert "watches nothing of it. Found: refund/her; watched: refunds/dqr, refunds/her" in found.stderr


def test_a_recording_needs_no_secrets_and_a_source_does(place: Place) -> None:
    secret = "  prom: {kind: prometheus, url: '${NOT_SET_URL}', bearer: '${NOT_SET_TOKEN}'}\n"
    place.write("fleet.yaml", FLEET.replace("slis:", secret + "slis:"))
    found = replay(place, as_csv(samples(HER, INCIDENT)), "--json")
    assert json.loads(found.stdout)["summary"]["pages"] == 1
    asked = place.run("replay", str(place.folder / "fleet.yaml"), "--from", "prom")
    assert asked.exit_code == 2
    assert "'NOT_SET_TOKEN' is not set" in asked.stderr


def test_an_empty_recording_is_no_quiet_month(place: Place) -> None:
    found = replay(place, "time,agent,workflow,sli,value,n\n", "--json")
    assert (found.exit_code, found.stdout) == (1, "")
    assert "there is no sample in it" in found.stderr


def test_rows_in_any_order_are_sorted_on_request(place: Place) -> None:
    header, *lines = as_csv(samples(HER, INCIDENT)).splitlines()
    text = "\n".join([header, *reversed(lines)])
    assert replay(place, text).exit_code == 1
    found = replay(place, text, "--sort", "--json")
    assert json.loads(found.stdout)["summary"]["pages"] == 1


def test_wrong_usage_is_2(place: Place) -> None:
    assert place.run("replay", str(place.folder / "fleet.yaml")).exit_code == 2
    assert place.run("replay", str(place.folder / "none.yaml"), "x.csv").exit_code == 2
    assert place.run("gate", "refund").exit_code == 2


def test_the_gate_is_open_while_something_is_left(place: Place) -> None:
    place.store(2.0, minutes=4 * 1440)
    found = place.run("gate", "refunds", "--json")
    told = json.loads(found.stdout)
    assert (found.exit_code, told["pass"], told["why"]) == (0, True, [])
    her = next(one for one in told["budgets"] if one["sli"] == "her")
    assert her["remaining"] == pytest.approx(1 - 0.4 * 4 / 30, abs=1e-3)
    assert her["burn"]["60m"] == pytest.approx(0.4)


def test_the_gate_is_shut_when_a_budget_is_gone_and_says_why(place: Place) -> None:
    place.store(100.0, minutes=4 * 1440)
    found = place.run("gate", "refunds", "--young-may")
    assert found.exit_code == 1
    assert "refunds may not be changed or widened now." in found.stderr
    assert "HER: the error budget of 30 days is gone (-167 % left)" in found.stderr


def test_the_gate_says_of_a_young_agent_that_it_is_too_young(place: Place) -> None:
    place.store(18.0, minutes=25)
    found = place.run("gate", "refunds")
    assert found.exit_code == 1
    assert found.stderr.startswith("refunds is too young to judge.\ntoo young to judge: 2")
    assert "min of 30 days are lived, 3d are needed" in found.stderr
    assert "gone" not in found.stderr
    told = json.loads(place.run("gate", "refunds", "--json").stdout)
    assert (told["pass"], told["too_young"]) == (False, True)
    passed = place.run("gate", "refunds", "--young-may")
    assert passed.exit_code == 0
    assert passed.stdout.startswith("refunds is too young to judge, and --young-may lets it be changed.\n")


def test_the_gate_is_shut_when_nothing_is_known(place: Place) -> None:
    place.store(2.0, minutes=0)
    found = place.run("gate", "refunds")
    assert found.exit_code == 1
    assert "no data is not healthy" in found.stderr


def test_budgets_with_their_tickets(place: Place) -> None:
    place.store(18.0, minutes=2 * 1440)
    found = place.run("budget", "refunds")
    assert found.exit_code == 0
    assert "BURNS HER: the error budget burns 3.6x too fast over 1d (3.6x over 2h)" in found.stdout
    assert "DQR: nothing is known of its budget" in found.stdout


def test_a_name_that_a_terminal_would_obey_is_only_seen(place: Place) -> None:
    text = as_csv(samples(HER, [2.0] * 5)).replace("refunds", "refu\x1b[31mnds\u202e")
    found = replay(place, text + "2026-03-03T00:05:00Z,refunds,,her,2,100\n")
    assert found.exit_code == 0
    assert "refu\ufffd[31mnds\ufffd/her" in found.stderr
    assert "\x1b" not in found.stderr + found.stdout
