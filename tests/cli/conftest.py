"""A night on a real database, and the command line beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from tests.support.wired import House

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
def night(tmp_path: Path) -> Iterator[House]:
    """Six healthy hours, and nothing open. Its writer is closed before a command runs: `night.close()`."""
    house = House(tmp_path)
    house.settle_in()
    yield house
    house.close()
