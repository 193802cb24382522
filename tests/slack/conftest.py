"""A real local Slack on loopback, and the bot's Slack side connected to it."""

from collections.abc import Iterator

import pytest

from bot.localslack.server import LocalSlack
from bot.slack import Slack, build_slack
from tests.slack.recording_commands import RecordedCommands, commands
from tests.slack.setup import FLEET
from tests.slack.town import Town, workspace
from tests.support.patience import until


@pytest.fixture(scope="session")
def server() -> Iterator[LocalSlack]:
    with LocalSlack(workspace()) as running:
        yield running


@pytest.fixture
def town(server: LocalSlack) -> Iterator[Town]:
    made = Town(server)
    yield made
    made.leave()


@pytest.fixture(scope="session")
def slack(server: LocalSlack) -> Iterator[tuple[Slack, RecordedCommands]]:
    """One connection for all tests of listeners: what they share is the desk, emptied before each."""
    desk = RecordedCommands()
    made = build_slack(
        commands(desk), lambda: FLEET, bot_token=server.bot_token, app_token=server.app_token, base_url=server.api_url
    )
    made.connection.start()
    until("Slack to be connected", made.connection.healthy, lambda: made.connection.problem)
    yield made, desk
    made.stop()


@pytest.fixture
def desk(slack: tuple[Slack, RecordedCommands], town: Town) -> RecordedCommands:
    found = slack[1]
    found.clear()
    slack[0].access.forget()
    return found
