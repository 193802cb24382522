"""A night on a real database, and the command line beside it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.simulation.clock import MovableClock
from tests.support.wired import ANA, WiredEngine

FLEET = """\
people:
  ana: {name: Ana Duarte, slack: U0ANA}
  bo: {name: Bo Lindgren, slack: U0BO}
  cleo: {name: Cleo Baptiste, slack: U0CLEO}
sources:
  push: {kind: samples}
slis:
  her: {absolute_tolerance: 0.5}
  tie: {}
  dqr: {}
agents:
  refunds:
    owner: ana
    deputy: bo
    manager: cleo
    summary: Pays refunds out.
    scope: "Refunds up to 200 EUR."
    workflows: [refund]
"""
Stepdown = Callable[..., Result]


@pytest.fixture
def stepdown(tmp_path: Path) -> Stepdown:
    """Runs a command on the night's database, as ana."""
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(FLEET, encoding="utf-8")

    def run(*words: str, **settings: str) -> Result:
        env = {
            "STEPDOWN_FLEET": str(fleet),
            "STEPDOWN_DATABASE_URL": f"sqlite:///{tmp_path / 'stepdown.db'}",
            "STEPDOWN_DATA_DIR": str(tmp_path / "data"),
            "STEPDOWN_ACTOR": "ana",
            "COLUMNS": "200",
            **settings,
        }
        return CliRunner().invoke(app, words, env=env)

    return run


@pytest.fixture
def night(tmp_path: Path) -> Iterator[WiredEngine]:
    """Six healthy hours up to eight minutes ago, and nothing open. A command looks by the real clock."""
    begun = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=8)
    house = WiredEngine(tmp_path, clock=MovableClock(begun))
    house.settle_in()
    yield house
    house.close()


@pytest.fixture
def breached(night: WiredEngine) -> WiredEngine:
    """The agent went bad some minutes ago; Ana has it and stepped it down; it has been well for three minutes."""
    night.live(5, her=18.0)
    assert night.commands.paging.acknowledge(ANA, 1).ok
    assert night.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop").ok
    night.live(3)
    return night
