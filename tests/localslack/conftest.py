"""A local Slack a module, cleared before each test."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from bot.localslack.server import LocalSlack, Workspace
from tests.localslack.setup import WORKSPACE, Control, Ground, Robot, hang_up
from tests.support.quiet_slack import settled


@pytest.fixture(scope="module")
def running() -> Iterator[LocalSlack]:
    with LocalSlack(Workspace.load(WORKSPACE)) as slack:
        yield slack


@pytest.fixture
def slack(running: LocalSlack) -> Iterator[LocalSlack]:
    Control(running.url).post("reset")
    yield running
    Control(running.url).post("faults", fault="clear")
    assert not settled(running), "what is under way would land in the next test"


@pytest.fixture(scope="module")
def connected(running: LocalSlack) -> Iterator[Robot]:
    made = Robot(running)
    yield made
    hang_up(running, made.client)


@pytest.fixture
def robot(slack: LocalSlack, connected: Robot) -> Robot:
    """The app on its socket, having heard nothing yet."""
    connected.forget()
    return connected


@pytest.fixture
def control(slack: LocalSlack) -> Control:
    return Control(slack.url)


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def ground(slack: LocalSlack, client: WebClient, control: Control) -> Ground:
    return Ground(slack, client, control)
