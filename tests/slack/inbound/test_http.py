"""HTTP mode: the same commands over Slack's signed requests, and nothing for anybody else."""

import hmac
import json
import logging
import time
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.localslack.server import LocalSlack
from bot.slack import Slack, build_slack
from bot.slack.inbound.http import LARGEST, PATH, HttpConnection, refusal, unpacked
from bot.web.server import HttpServer
from tests.slack.recording_commands import RecordedCommands, commands
from tests.slack.setup import FLEET, realistic
from tests.slack.town import Town, workspace
from tests.support.patience import PATIENCE, until

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_795_000_000


def signature(secret: str, stamp: int | str, body: bytes) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()


def signed(body: bytes, stamp: int | str = NOW, secret: str = SECRET) -> dict[str, str]:
    return {"x-slack-request-timestamp": str(stamp), "x-slack-signature": signature(secret, stamp, body)}


def test_a_signature_worked_out_by_hand() -> None:
    body = b"token=x&team_id=T1"
    assert refusal(SECRET, signed(body), body, NOW) == ""


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "unsigned"),
        ({"x-slack-request-timestamp": str(NOW)}, "unsigned"),
        ({**signed(b"x"), "x-slack-signature": ""}, "unsigned"),
        ({**signed(b"x"), "x-slack-request-timestamp": "soon"}, "no_timestamp"),
        ({**signed(b"x"), "x-slack-request-timestamp": "\u0661\u0662"}, "no_timestamp"),
        ({**signed(b"x"), "x-slack-request-timestamp": "9" * 400}, "no_timestamp"),
        (signed(b"x", NOW - 301), "stale"),
        (signed(b"x", NOW + 301), "stale"),
        (signed(b"y"), "forged"),
        (signed(b"x", secret="another"), "forged"),
        ({**signed(b"x"), "x-slack-signature": "v0=\u00e9"}, "forged"),
        ({**signed(b"x"), "x-slack-request-timestamp": str(NOW + 1)}, "forged"),
    ],
)
def test_what_is_not_slacks_is_refused_and_says_why(headers: dict[str, str], why: str) -> None:
    assert refusal(SECRET, headers, b"x", NOW) == why


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(0, 10**10))
def test_only_the_body_that_was_signed_passes(body: bytes, other: bytes, stamp: int) -> None:
    headers = signed(body, stamp)
    assert refusal(SECRET, headers, body, stamp) == ""
    assert (refusal(SECRET, headers, other, stamp) == "") == (body == other)


def test_a_command_may_say_payload() -> None:
    form = {"command": "/incident", "text": "note the payload=1 was wrong", "payload": "{"}
    assert unpacked("application/x-www-form-urlencoded", urlencode(form).encode()) == form


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b'"x"'])
def test_what_is_no_payload_is_unreadable(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        unpacked("application/json; charset=utf-8", body)


@pytest.mark.parametrize("secret", ["", "  "])
def test_there_is_no_http_mode_without_a_secret(secret: str) -> None:
    with pytest.raises(ValueError, match="needs the app's signing secret"):
        build_slack(commands(RecordedCommands()), lambda: FLEET, bot_token="xoxb-local-x", signing_secret=secret)


@pytest.fixture(scope="module")
def own() -> Iterator[LocalSlack]:
    """A local Slack of these tests' own: it sends to an address instead of a socket."""
    with LocalSlack(workspace()) as running:
        yield running


@pytest.fixture(scope="module")
def house(own: LocalSlack) -> Iterator[tuple[Slack, RecordedCommands, str]]:
    desk = RecordedCommands()
    made = build_slack(
        commands(desk), lambda: FLEET, bot_token=own.bot_token, signing_secret=own.signing_secret, base_url=own.api_url
    )
    app = FastAPI()
    for router in made.routes:
        app.include_router(router)
    server = HttpServer(app, "127.0.0.1", 0)
    server.start()
    made.connection.start()
    yield made, desk, f"http://127.0.0.1:{server.port}{PATH}"
    made.stop()
    server.stop()


@pytest.fixture
def street(own: LocalSlack, house: tuple[Slack, RecordedCommands, str]) -> Iterator[Town]:
    house[1].clear()
    made = Town(own)
    assert made.do("events_url", url=house[2]) == {"ok": True}
    yield made
    made.leave()


def test_a_command_a_click_and_a_form_reach_the_engine(
    street: Town, house: tuple[Slack, RecordedCommands, str]
) -> None:
    made, desk, _ = house
    assert street.slash("ana", "C0ROOM", "/incident note the payload= was wrong")["acked"]
    assert desk.wait() == ("note", (42, "the payload= was wrong", "note"))
    receipt = made.chat.post("C0ROOM", realistic()["page"], "inc-42/card/page")
    street.do("click", user="ana", channel="C0ROOM", ts=receipt.ts, action_id="ack")
    assert desk.wait(2) == ("acknowledge", (42,))
    street.slash("ana", "C0ROOM", "/incident contain")
    street.submit("ana", {"reason": "switched off by hand"})
    assert desk.wait(3) == ("contain", (42, "switched off by hand"))


def test_who_forges_is_refused_counted_and_never_logged(
    house: tuple[Slack, RecordedCommands, str], caplog: pytest.LogCaptureFixture
) -> None:
    made, desk, url = house
    desk.clear()
    connection = made.connection
    assert isinstance(connection, HttpConnection)
    before = connection.refused.get("forged", 0)
    body = urlencode({"command": "/autonomy", "text": "refunds down attacker-words", "user_id": "U0ANA"}).encode()
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        answer = httpx.post(url, content=body, headers=signed(body, int(time.time())), trust_env=False)
    assert answer.status_code == 401
    assert connection.refused["forged"] == before + 1
    assert desk.calls == []
    assert "attacker-words" not in f"{caplog.text}{logged}"
    assert [entry["event"] for entry in logged] == ["a request was refused"]


def test_an_oversized_body_is_refused_before_it_is_read_whole(house: tuple[Slack, RecordedCommands, str]) -> None:
    answer = httpx.post(house[2], content=b"x" * (LARGEST + 1), timeout=PATIENCE, trust_env=False)
    assert answer.status_code == 413


def test_the_challenge_is_answered_only_where_it_is_signed(
    house: tuple[Slack, RecordedCommands, str], own: LocalSlack
) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c3"}).encode()
    stamp = int(time.time())
    headers = {"content-type": "application/json", **signed(body, stamp, own.signing_secret)}
    assert httpx.post(house[2], content=body, headers=headers, trust_env=False).text == "c3"
    assert httpx.post(house[2], content=body, trust_env=False).status_code == 401


def test_until_we_know_who_we_are_slack_is_told_to_come_again(own: LocalSlack) -> None:
    street = Town(own)
    street.do("faults", fault="refuse", method="auth.test", error="invalid_auth")
    made = build_slack(
        commands(RecordedCommands()),
        lambda: FLEET,
        bot_token=own.bot_token,
        signing_secret=own.signing_secret,
        base_url=own.api_url,
    )
    connection = made.connection
    assert isinstance(connection, HttpConnection)
    connection._retry_every = 0.05
    body = json.dumps({"type": "event_callback", "event": {"type": "nothing_we_know"}}).encode()
    headers = {"content-type": "application/json", **signed(body, int(time.time()), own.signing_secret)}
    assert connection.take(headers, body).status_code == 503
    with capture_logs() as logged:
        connection.start()
        until("Slack to be served", connection.healthy)
    assert connection.problem == ""
    why = "the bot token is not valid (invalid_auth)"
    told = {"event": "Slack is not served yet; it is asked again", "why": why, "log_level": "warning"}
    assert told in logged
    assert connection.take(headers, body).status_code == 404, "no listener takes it, but it was looked at"
    made.stop()
    assert connection.take(headers, body).status_code == 503
    street.leave()
