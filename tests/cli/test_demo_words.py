"""What the demo tells its reader, without playing it."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.incident.events import Acknowledged, PageSettled, RungConfirmed
from bot.core.model.people import BOT
from bot.demo.milestones import lag_of
from bot.demo.run import command_words, too_fast
from bot.demo.setup import confirm_within
from tests.cli.conftest import Stepdown

NOW = datetime(2026, 3, 2, 2, 14, tzinfo=UTC)


def test_a_speed_that_a_busy_machine_cannot_keep_is_refused_with_the_reason(stepdown: Stepdown) -> None:
    answer = stepdown("demo", "--speed", "120")
    assert answer.exit_code == 2
    assert "--speed 120 is too fast: a minute of the scenario would pass in 0.5 s" in answer.stderr
    assert "1 to 60 is allowed." in answer.stderr
    assert too_fast(60) == ""


def test_the_agents_always_have_some_real_seconds_to_read_a_rung_back() -> None:
    assert confirm_within(1) == 60
    assert confirm_within(60) == 360


def test_lags_are_known_where_the_timeline_tells_them() -> None:
    assert lag_of(RungConfirmed(NOW, BOT, 1, 3, 3, 52.0)) == 52.0
    assert lag_of(PageSettled(NOW, BOT, "inc-1/page/1/ana/slack", "ana", "slack", "sent", latency_ms=39_600)) == 39.6
    assert lag_of(PageSettled(NOW, BOT, "inc-1/page/1/ana/slack", "ana", "slack", "sent")) is None
    assert lag_of(Acknowledged(NOW, BOT)) is None


def test_the_command_is_named_as_its_reader_can_call_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `make demo` in a checkout nothing is on the path: the command lies in `.venv/bin`."""
    bin_ = tmp_path / ".venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "stepdown").touch(0o755)
    monkeypatch.setattr(sys, "executable", str(bin_ / "python"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_words() == ".venv/bin/stepdown"
    monkeypatch.setenv("PATH", str(bin_))
    assert command_words() == "stepdown"
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert command_words() == str(bin_ / "stepdown")
