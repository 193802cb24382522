"""The connection under every fault the local Slack knows: it comes back, and says meanwhile that it is not there."""

import logging
import time
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from bot.localslack.server import LocalSlack
from bot.slack import Slack, build_slack
from bot.slack.inbound.socket import SlackConnection
from tests.slack.recording_commands import RecordedCommands, commands
from tests.slack.setup import FLEET
from tests.slack.town import Town, workspace
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def own() -> Iterator[LocalSlack]:
    """A local Slack of these tests' own: its sockets are broken on purpose."""
    with LocalSlack(workspace()) as running:
        yield running


@pytest.fixture
def street(own: LocalSlack) -> Iterator[Town]:
    made = Town(own)
    yield made
    made.leave()


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def quick(made: Slack) -> SlackConnection:
    """The connection with a shorter patience than a person's.

    A connection counts as dead after three pings (and the SDK gives it up after four): with a ping a second that is
    long enough for a busy machine to answer one.
    """
    found = made.connection
    assert isinstance(found, SlackConnection)
    found._patience, found._ping_every, found._look_every = 0.6, 1.0, 0.05
    return found


@pytest.fixture
def pair(own: LocalSlack, street: Town) -> Iterator[tuple[SlackConnection, RecordedCommands]]:
    desk = RecordedCommands()
    made = build_slack(
        commands(desk), lambda: FLEET, bot_token=own.bot_token, app_token=own.app_token, base_url=own.api_url
    )
    connection = quick(made)
    connection.start()
    yield connection, desk
    made.stop()


def works(street: Town, desk: RecordedCommands) -> None:
    count = len(desk.calls)
    assert street.slash("ana", "C0ROOM", "/incident ack")["acked"]
    desk.wait(count + 1)


def test_it_connects_and_reads_how_many_there_are(pair: tuple[SlackConnection, RecordedCommands], street: Town) -> None:
    connection, desk = pair
    until(connection.healthy)
    until(lambda: connection.problem == "")
    until(lambda: connection.connections == 1)
    works(street, desk)


def test_ghosts_are_counted_at_the_next_hello(pair: tuple[SlackConnection, RecordedCommands], street: Town) -> None:
    connection, _ = pair
    street.do("faults", fault="ghost", times=2)
    street.do("faults", fault="refresh")
    until(lambda: connection.connections >= 3)


def test_a_refresh_is_followed(pair: tuple[SlackConnection, RecordedCommands], street: Town) -> None:
    connection, desk = pair
    street.do("faults", fault="refresh")
    until(connection.healthy)
    until(lambda: len(street.calls("apps.connections.open")) >= 2)
    until(connection.healthy)
    works(street, desk)


def test_a_cut_connection_comes_back(pair: tuple[SlackConnection, RecordedCommands], street: Town) -> None:
    connection, desk = pair
    street.do("faults", fault="drop_socket")
    until(lambda: len(street.calls("apps.connections.open")) >= 2)
    until(connection.healthy)
    works(street, desk)


def test_a_connection_that_only_looks_alive_is_replaced_by_a_new_one(
    pair: tuple[SlackConnection, RecordedCommands], street: Town
) -> None:
    connection, desk = pair
    link = connection._link
    assert link is not None
    until(lambda: link.client.current_session is not None and link.client.current_session.last_ping_pong_time)
    street.do("faults", fault="black_hole")
    until(lambda: not connection.healthy())
    until(lambda: connection.replaced)
    until(connection.healthy)
    street.do("faults", fault="clear")  # Slack itself goes on counting the dead one and feeding it: clicks are lost
    works(street, desk)


def test_a_start_without_slack_is_tried_again_and_says_why(own: LocalSlack, street: Town) -> None:
    desk = RecordedCommands()
    made = build_slack(
        commands(desk), lambda: FLEET, bot_token=own.bot_token, app_token=own.app_token, base_url=own.api_url
    )
    connection = quick(made)
    street.do("faults", fault="refuse", method="auth.test", error="invalid_auth")
    connection.start()
    assert not connection.healthy()
    assert connection.problem == "the bot token is not valid (invalid_auth)"
    until(connection.healthy)
    until(lambda: connection.problem == "")
    works(street, desk)
    made.stop()


def test_a_wrong_app_token_is_said(own: LocalSlack, street: Town) -> None:
    made = build_slack(
        commands(RecordedCommands()),
        lambda: FLEET,
        bot_token=own.bot_token,
        app_token="xapp-local-wrong",
        base_url=own.api_url,
    )
    made.connection.start()
    assert not made.connection.healthy()
    assert "invalid_auth" in made.connection.problem
    made.stop()


def test_stopping_is_final_and_leaves_no_thread(own: LocalSlack, street: Town) -> None:
    made = build_slack(
        commands(RecordedCommands()),
        lambda: FLEET,
        bot_token=own.bot_token,
        app_token=own.app_token,
        base_url=own.api_url,
    )
    made.connection.start()
    made.stop()
    connection = made.connection
    assert isinstance(connection, SlackConnection)
    threads = [connection._watch, *connection._closing]
    assert not [thread for thread in threads if thread is not None and thread.is_alive()]
    assert not made.connection.healthy()


def test_a_proxy_in_the_environment_is_not_used_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, own: LocalSlack, street: Town
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    made = build_slack(
        commands(RecordedCommands()),
        lambda: FLEET,
        bot_token=own.bot_token,
        app_token=own.app_token,
        base_url=own.api_url,
    )
    made.connection.start()
    until(made.connection.healthy)
    made.stop()


def test_neither_payloads_nor_tokens_are_logged(
    pair: tuple[SlackConnection, RecordedCommands], street: Town, caplog: pytest.LogCaptureFixture, own: LocalSlack
) -> None:
    _, desk = pair
    with caplog.at_level(logging.INFO), capture_logs() as logged:
        street.slash("ana", "C0ROOM", "/incident note a secret in a note")
        desk.wait()
    seen = f"{caplog.text}{logged}"
    assert "a secret in a note" not in seen
    assert own.app_token not in seen
    assert own.bot_token not in seen


def test_a_token_of_the_environment_is_neither_used_nor_warned_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, own: LocalSlack, street: Town
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-local-of-somebody-else")
    with caplog.at_level(logging.WARNING), capture_logs() as logged:
        made = build_slack(
            commands(RecordedCommands()),
            lambda: FLEET,
            bot_token=own.bot_token,
            app_token=own.app_token,
            base_url=own.api_url,
        )
        made.connection.start()
    assert made.connection.healthy()
    assert made.identity.authorize().bot_token == own.bot_token
    assert caplog.messages == []
    assert [entry for entry in logged if entry["log_level"] != "info"] == []
    made.stop()
