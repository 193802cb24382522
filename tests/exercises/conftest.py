"""What the exercises' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.runbooks.rehearsal import Rehearsal
from bot.demo.setup import set_up
from tests.exercises.setup import House
from tests.exercises.shipped_playbooks import RUNBOOKS, rehearsals


@pytest.fixture
def rehearsal() -> Rehearsal:
    return rehearsals()["retry-loop"]


@pytest.fixture
def runbooks() -> Path:
    return RUNBOOKS


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    stage = set_up(tmp_path, 1.0, 0, lambda _: None)
    made = House(stage)
    yield made
    made.close()
    stage.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`name`: every playbook that can be rehearsed."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", sorted(rehearsals()))
