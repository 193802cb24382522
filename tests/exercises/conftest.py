"""What the exercises' tests share."""

from pathlib import Path

import pytest
from shipped import RUNBOOKS, rehearsals

from bot.core.rehearsal import Rehearsal


@pytest.fixture
def rehearsal() -> Rehearsal:
    return rehearsals()["retry-loop"]


@pytest.fixture
def runbooks() -> Path:
    return RUNBOOKS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`name`: every playbook that can be rehearsed."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", sorted(rehearsals()))
