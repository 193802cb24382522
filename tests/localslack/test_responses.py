"""Response URLs: five uses, half an hour, ephemeral by default."""

import pytest
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from tests.localslack.setup import HTTP, Control, Ground, Robot, actions, button, section


@pytest.fixture
def card(client: WebClient) -> str:
    return str(client.chat_postMessage(channel="C0GEN", text="card", blocks=[actions(button("go"))])["ts"])


@pytest.fixture
def url(robot: Robot, control: Control, card: str) -> str:
    """The response URL of a click on the card."""
    control.post("click", user="ana", channel="general", ts=card, action_id="go")
    return str(robot.wait("block_actions")["response_url"])


def test_the_sixth_use_is_refused(control: Control, url: str) -> None:
    webhook = WebhookClient(url)
    assert [webhook.send(text=f"{number}").status_code for number in range(6)] == [200] * 5 + [404]
    assert webhook.send(text="again").body == "used_url"
    assert control.texts("general", "ana") == ["card", "0", "1", "2", "3", "4"]


def test_after_half_an_hour_it_is_gone(control: Control, url: str) -> None:
    control.post("clock/advance", seconds=1801)
    answer = WebhookClient(url).send(text="late")
    assert (answer.status_code, answer.body) == (404, "expired_url")


def test_an_answer_is_ephemeral_unless_it_says_otherwise(control: Control, url: str) -> None:
    webhook = WebhookClient(url)
    webhook.send(text="for ana")
    webhook.send(text="for all", response_type="in_channel", blocks=[section("for all")])
    assert control.texts("general", "ana") == ["card", "for ana", "for all"]
    assert control.texts("general", "ben") == ["card", "for all"]


def test_it_can_replace_and_delete_the_original(control: Control, url: str) -> None:
    webhook = WebhookClient(url)
    webhook.send(text="done", replace_original=True)
    (message,) = control.messages("general")
    assert (message["text"], message["blocks"]) == ("done", [])
    webhook.send(delete_original=True)
    assert control.messages("general") == []


def test_bad_answers_are_refused(url: str) -> None:
    assert HTTP.post(url, json={}).json()["error"] == "no_text"
    assert HTTP.post(url, json={"blocks": [{"type": "banner"}]}).json()["error"] == "invalid_blocks"
    assert HTTP.post(url, content=b"{").status_code == 400
    assert HTTP.post(url.replace("/R", "/X"), json={"text": "x"}).status_code == 404


def test_a_scheduled_message_is_posted_at_its_time(control: Control, client: WebClient, ground: Ground) -> None:
    client.chat_scheduleMessage(channel="C0GEN", text="later", post_at=ground.later)
    metadata = {"event_type": "e", "event_payload": {}}
    client.chat_scheduleMessage(channel="C0GEN", text="never", post_at=ground.later, metadata=metadata)
    assert control.texts("general") == []
    control.post("clock/advance", seconds=601)
    assert control.texts("general") == ["later"]  # with metadata Slack takes it and never posts it
