"""Socket Mode: tickets, hello, who gets which payload, redelivery, and every fault of a connection."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from bot.localslack.server import LocalSlack
from tests.localslack.setup import Control, Heard, Json, actions, bolt, button, socket
from tests.support.patience import PATIENCE, until


def ticket(slack: LocalSlack) -> str:
    answer = WebClient(base_url=slack.api_url).apps_connections_open(app_token=slack.app_token)
    return str(answer["url"])


@contextmanager
def wire(slack: LocalSlack) -> Iterator[ClientConnection]:
    """A bare WebSocket that has read its hello."""
    with connect(ticket(slack), proxy=None) as made:
        assert json.loads(made.recv(5))["type"] == "hello"
        yield made


def take(made: ClientConnection, timeout: float = 5) -> Json:
    return dict(json.loads(made.recv(timeout)))


def ack(made: ClientConnection, envelope: Json, **payload: object) -> None:
    answer = {"envelope_id": envelope["envelope_id"]} | ({"payload": payload} if payload else {})
    made.send(json.dumps(answer))


def silent(made: ClientConnection) -> bool:
    with pytest.raises(TimeoutError):
        made.recv(0.15)
    return True


# -- opening ---------------------------------------------------------------------------------------


def test_a_ticket_opens_one_socket(slack: LocalSlack) -> None:
    url = ticket(slack)
    with connect(url, proxy=None) as made:
        assert take(made)["type"] == "hello"
    with pytest.raises(InvalidStatus) as refused, connect(url, proxy=None):
        pass
    assert refused.value.response.status_code == 403


def test_a_ticket_expires(slack: LocalSlack, control: Control) -> None:
    url = ticket(slack)
    control.post("clock/advance", seconds=31)
    with pytest.raises(InvalidStatus), connect(url, proxy=None):
        pass


def test_only_an_app_token_opens_one(slack: LocalSlack) -> None:
    with pytest.raises(SlackApiError) as refused:
        WebClient(base_url=slack.api_url).apps_connections_open(app_token=slack.bot_token)
    assert refused.value.response["error"] == "not_allowed_token_type"
    with pytest.raises(SlackApiError) as refused:
        WebClient(slack.app_token, base_url=slack.api_url).auth_test()
    assert refused.value.response["error"] == "not_allowed_token_type"


def test_hello_counts_connections(slack: LocalSlack) -> None:
    with connect(ticket(slack), proxy=None) as one, connect(ticket(slack), proxy=None) as two:
        hello = take(one)
        assert hello["num_connections"] == 1
        assert hello["debug_info"]["approximate_connection_time"] == 18060
        assert hello["connection_info"]["app_id"] == "A0LOCAL"
        assert take(two)["num_connections"] == 2


def test_the_eleventh_connection_is_sent_away(slack: LocalSlack) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(wire(slack))
        eleventh = stack.enter_context(connect(ticket(slack), proxy=None))
        assert take(eleventh)["reason"] == "too_many_websockets"


def test_pings_are_echoed(slack: LocalSlack) -> None:
    with wire(slack) as made:
        assert made.ping(b"sdk-ping-pong:1.5").wait(PATIENCE)


# -- payloads --------------------------------------------------------------------------------------


def test_each_payload_goes_to_exactly_one_socket(slack: LocalSlack, control: Control) -> None:
    heard = [Heard(), Heard()]

    def listening(mine: Heard) -> App:
        app = App(client=WebClient(slack.bot_token, base_url=slack.api_url))
        app.event("message")(lambda event: mine.note(event["text"]))
        return app

    with socket(slack, listening(heard[0])), socket(slack, listening(heard[1])):
        for number in range(20):
            control.post("say", user="ana", channel="general", text=f"number {number}")
        heard[0].wait(10)
        heard[1].wait(10)
    texts = [text for one in heard for text in one.entries]
    assert sorted(texts) == sorted(f"number {number}" for number in range(20))


def test_an_envelope_is_whole(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        control.post("say", user="ana", channel="general", text="hi")
        envelope = take(made)
        ack(made, envelope)
    assert envelope["type"] == "events_api"
    assert envelope["accepts_response_payload"] is False
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    body = envelope["payload"]
    assert body["event"].keys() >= {
        "type",
        "user",
        "text",
        "ts",
        "event_ts",
        "channel",
        "channel_type",
        "team",
        "blocks",
    }
    assert body["authorizations"][0]["user_id"] == "U0APP"
    assert body["api_app_id"] == "A0LOCAL"


def test_an_event_without_acknowledgement_comes_again_at_0_1_and_5_minutes(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        control.post("say", user="ana", channel="general", text="hi")
        seen = [take(made)]
        for seconds in (3, 60, 300):
            control.post("clock/advance", seconds=seconds - 0.5)
            assert silent(made)
            control.post("clock/advance", seconds=0.6)
            seen.append(take(made))
        control.post("clock/advance", seconds=10_000)
        assert silent(made)
    assert [one["retry_attempt"] for one in seen] == [0, 1, 2, 3]
    assert [one["retry_reason"] for one in seen] == ["", "timeout", "timeout", "timeout"]
    assert len({one["payload"]["event_id"] for one in seen}) == 1


def test_an_acknowledged_event_does_not_come_again(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        control.post("say", user="ana", channel="general", text="hi")
        ack(made, take(made))
        control.post("clock/advance", seconds=4)
        assert silent(made)


def test_an_event_while_nobody_listens_comes_later(slack: LocalSlack, control: Control) -> None:
    control.post("say", user="ana", channel="general", text="hi")
    with wire(slack) as made:
        control.post("clock/advance", seconds=61)
        envelope = take(made)
        ack(made, envelope)
    assert envelope["retry_attempt"] == 2


def test_a_swallowed_acknowledgement_repeats_an_event(slack: LocalSlack, control: Control) -> None:
    heard = Heard()

    def prepare(app: App) -> None:
        app.event("app_mention")(lambda body, request: heard.note([body["event_id"], request.headers]))

    with bolt(slack, prepare):
        control.post("faults", fault="swallow_ack", times=2)  # of the mention and of the message it also is
        control.post("mention", user="ana", channel="general", text="hi")
        heard.wait(1)
        control.post("clock/advance", seconds=3.1)
        (first, _), (second, headers) = heard.wait(2)
    assert first == second
    assert headers["x-slack-retry-num"] == ["1"]
    assert headers["x-slack-retry-reason"] == ["timeout"]


def test_a_click_without_acknowledgement_is_lost_and_the_user_is_told(
    slack: LocalSlack, control: Control, client: WebClient
) -> None:
    ts = client.chat_postMessage(channel="C0GEN", text="card", blocks=[actions(button("go"))])["ts"]
    with bolt(slack, lambda app: app.action("go")(lambda ack: ack())):
        control.post("faults", fault="swallow_ack", times=1)
        with moving(control):
            answer = control.post("click", user="ana", channel="general", ts=ts, action_id="go")
    assert answer == {"ok": True, "acked": False, "error": "operation_timeout"}
    assert len(control.deliveries("button go")) == 1


@contextmanager
def moving(control: Control) -> Iterator[None]:
    """Moves the clock by four seconds as soon as a click has been sent."""

    def move() -> None:
        while not control.deliveries("button go"):
            pass
        Control(control.url.removesuffix("/_control")).post("clock/advance", seconds=4)

    mover = threading.Thread(target=move)
    mover.start()
    yield
    mover.join()


def test_a_late_acknowledgement_is_none(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        control.post("faults", fault="delay_ack", times=1, seconds=0.3)
        control.post("say", user="ana", channel="general", text="hi")
        ack(made, take(made))
        assert control.deliveries("message")[0]["outcome"] is None
        control.post("clock/advance", seconds=3.1)
        assert take(made)["retry_attempt"] == 1


def test_events_can_be_doubled(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        control.post("faults", fault="duplicate_event")
        control.post("say", user="ana", channel="general", text="hi")
        one, two = take(made), take(made)
    assert one["payload"]["event_id"] == two["payload"]["event_id"]
    assert one["envelope_id"] != two["envelope_id"]


def test_events_can_change_places(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        control.post("faults", fault="reorder_events")
        for text in ("first", "second", "third"):
            control.post("say", user="ana", channel="general", text=text)
        order = [take(made)["payload"]["event"]["text"] for _ in range(3)]
    assert order == ["second", "first", "third"]


# -- faults of connections ----------------------------------------------------------------------------


def test_refresh_tells_to_reconnect_and_closes(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        assert control.post("faults", fault="refresh") == {"ok": True, "struck": 1}
        assert take(made) == {
            "type": "disconnect",
            "reason": "refresh_requested",
            "debug_info": {"host": "local-slack"},
        }
        with pytest.raises(ConnectionClosed):
            made.recv(5)


def test_the_sdk_comes_back_after_a_refresh(slack: LocalSlack, control: Control) -> None:
    heard = Heard()
    with bolt(slack, lambda app: app.event("app_mention")(lambda event: heard.note(event["text"]))) as made:
        before = made.client.session_id()
        control.post("faults", fault="refresh")
        until("a new session", lambda: made.client.session_id() != before and made.client.is_connected())
        control.post("mention", user="ana", channel="general", text="still there?")
        heard.wait(1)


def test_a_black_hole_stays_registered_and_answers_nothing(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        assert control.post("faults", fault="black_hole")["struck"] == 1
        assert not made.ping(b"anyone?").wait(0.2)
        assert silent(made)
        with connect(ticket(slack), proxy=None) as other:
            assert take(other)["num_connections"] == 2
            for text in ("one", "two"):
                control.post("say", user="ana", channel="general", text=text)
            take(other)
            assert silent(other)  # the other payload went into the hole
        control.post("faults", fault="clear")


def test_the_sdk_notices_a_black_hole_and_opens_another_socket(slack: LocalSlack, control: Control) -> None:
    client = SocketModeClient(
        app_token=slack.app_token, web_client=WebClient(base_url=slack.api_url), ping_interval=0.2
    )
    client.connect()
    try:
        before = client.session_id()
        control.post("faults", fault="black_hole")
        while client.session_id() == before or not client.is_connected():
            pass
        with connect(ticket(slack), proxy=None) as probe:
            assert take(probe)["num_connections"] == 3  # the hole, the SDK's new one, ours
    finally:
        client.close()


def test_ghosts_take_their_share(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        assert control.post("faults", fault="ghost", times=3)["struck"] == 3
        for number in range(8):
            control.post("say", user="ana", channel="general", text=str(number))
        assert [take(made)["type"] for _ in range(2)] == ["events_api"] * 2
        assert silent(made)


def test_a_socket_can_be_cut(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        control.post("faults", fault="drop_socket")
        with pytest.raises(ConnectionClosed) as closed:
            made.recv(5)
    assert closed.value.rcvd is None


def test_a_handshake_can_be_refused(slack: LocalSlack, control: Control) -> None:
    control.post("faults", fault="refuse_socket")
    with pytest.raises(InvalidStatus) as refused, connect(ticket(slack), proxy=None):
        pass
    assert refused.value.response.status_code == 503
    with wire(slack):
        pass


def test_an_unknown_fault_names_those_there_are(control: Control) -> None:
    answer = control.post("faults", fault="earthquake")
    assert answer["error"] == "unknown_fault"
    assert "black_hole" in answer["detail"]
    assert "times must be a whole number" in control.post("faults", fault="ghost", times=0)["detail"]


def test_rubbish_on_the_socket_hurts_nobody(slack: LocalSlack, control: Control) -> None:
    with wire(slack) as made:
        for rubbish in ("no json", "[]", '{"envelope_id": 5}', '{"envelope_id": "unknown"}'):
            made.send(rubbish)
        control.post("say", user="ana", channel="general", text="hi")
        assert take(made)["payload"]["event"]["text"] == "hi"
