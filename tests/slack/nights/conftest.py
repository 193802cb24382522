"""A night's own local Slack: of two connections to one, each payload goes to either, and the listeners have theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.localslack.server import LocalSlack
from tests.slack.nights.tonight import Tonight, connected
from tests.slack.nights.waiting import Night
from tests.slack.town import Town, workspace


@pytest.fixture(scope="package")
def server() -> Iterator[LocalSlack]:
    with LocalSlack(workspace()) as running:
        yield running


@pytest.fixture(scope="package")
def tonight(server: LocalSlack) -> Iterator[Tonight]:
    with connected(server) as stage:
        yield stage


@pytest.fixture
def night(tonight: Tonight, server: LocalSlack, town: Town, tmp_path: Path) -> Iterator[Night]:
    tonight.night = made = Night(tmp_path, server, town)
    yield made
    made.close()
