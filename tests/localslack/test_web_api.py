"""The Web API's transport: how calls come in, tokens, scopes, and the faults of calls."""

import time
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.localslack.methods.table import METHODS
from bot.localslack.server import LocalSlack, Workspace
from tests.localslack.setup import HTTP, WORKSPACE, Control, Ground, Json


def call(slack: LocalSlack, method: str, token: str | None = None, **request: object) -> Json:
    headers = {"Authorization": f"Bearer {token or slack.bot_token}"}
    answer: Json = HTTP.post(f"{slack.api_url}{method}", headers=headers, **request).json()  # type: ignore[arg-type]
    return answer


TEXT: dict[str, Any] = {"channel": "C0GEN", "text": "hi"}
DIVIDER = '[{"type": "divider"}]'


@pytest.mark.parametrize(
    "request_",
    [
        {"json": TEXT},
        {"data": TEXT},
        {"params": TEXT},
        {"files": {"channel": (None, "C0GEN"), "text": (None, "hi")}},
        {"params": {"channel": "C0GEN"}, "data": {"text": "hi"}},
    ],
    ids=["json", "form", "query", "multipart", "query and form"],
)
def test_arguments_come_in_every_way(slack: LocalSlack, request_: Json) -> None:
    assert call(slack, "chat.postMessage", **request_)["message"]["text"] == "hi"


def test_a_get_is_as_good_as_a_post(slack: LocalSlack) -> None:
    answer = HTTP.get(f"{slack.api_url}users.info", params={"user": "U0ANA", "token": slack.bot_token}).json()
    assert answer["user"]["name"] == "ana"


def test_json_inside_a_form_is_read(slack: LocalSlack) -> None:
    made = call(slack, "chat.postMessage", data={"channel": "C0GEN", "text": "t", "blocks": DIVIDER})
    assert made["message"]["blocks"][0]["type"] == "divider"


def test_a_form_says_true_with_one(slack: LocalSlack, ground: Ground) -> None:
    data = {"channel": "C0GEN", "latest": ground.ts, "inclusive": "1", "limit": "1", "include_all_metadata": "1"}
    assert call(slack, "conversations.history", data=data)["messages"][0]["metadata"]["event_type"] == "effect"


def test_malformed_json_is_named(slack: LocalSlack) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}", "Content-Type": "application/json"}
    answer = HTTP.post(f"{slack.api_url}chat.postMessage", content=b"{nope", headers=headers).json()
    assert (answer["ok"], answer["error"]) == (False, "invalid_json")
    assert "line 1" in answer["detail"]


@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("", "not_authed"),
        ("xoxb-local-other", "invalid_auth"),
        ("nonsense", "invalid_auth"),
        ("xapp-local-app", "not_allowed_token_type"),
    ],
)
def test_wrong_tokens(slack: LocalSlack, token: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = HTTP.post(f"{slack.api_url}auth.test", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["error"] == error


REAL = "xoxb-" + "1234567890-" * 2 + "abcdefabcdef"


@pytest.mark.parametrize("place", ["header", "argument"])
def test_a_real_looking_token_is_refused_and_kept_nowhere(slack: LocalSlack, control: Control, place: str) -> None:
    headers = {"Authorization": f"Bearer {REAL}"} if place == "header" else {}
    answer = HTTP.post(f"{slack.api_url}auth.test", headers=headers, data={"token": REAL} if place != "header" else {})
    assert answer.json()["error"] == "invalid_auth"
    assert "looks real" in answer.text
    assert REAL not in HTTP.get(f"{control.url}/calls").text


def test_without_a_manifest_no_method_lacks_its_scope() -> None:
    """What `docs/local-slack.md` promises whoever tries their own app: every method, on every kind of conversation."""
    channels = [
        *WORKSPACE["channels"],
        {"id": "C0OURS", "name": "ours", "members": ["ana", "@app"], "is_private": True},
    ]
    with LocalSlack(Workspace.load({**WORKSPACE, "channels": channels, "app": {}})) as made:
        direct = call(made, "conversations.open", json={"users": "U0ANA"})["channel"]["id"]
        group = call(made, "conversations.open", json={"users": "U0ANA,U0BEN"})["channel"]["id"]
        kinds = ["C0GEN", "C0OURS", direct, group]
        lacking = {
            (method, channel): answer["needed"]
            for method in METHODS
            for channel in kinds
            for extra in ({}, {"users": "U0ANA,U0BEN"}, {"types": "public_channel,private_channel,im,mpim"})
            if (answer := call(made, method, made.app_token if "apps." in method else None, json=_any(channel) | extra))
            and answer.get("error") == "missing_scope"
        }
        assert lacking == {}
        renamed = call(made, "chat.postMessage", json={"channel": "C0GEN", "text": "hi", "username": "Somebody"})
        assert renamed["message"]["username"] == "Somebody"


def _any(channel: str) -> Json:
    """Arguments with which most methods get as far as asking for their scope."""
    words = ("name", "text", "title", "topic", "purpose", "users", "user", "email", "type", "link", "filename")
    places = {"channel": channel, "channel_id": channel, "ts": "1.000001", "timestamp": "1.000001", "file": "F0"}
    whole = {"message_ts": "1.000001", "length": 1, "post_at": 1, "files": [{"id": "F0"}], "view": {}, "changes": []}
    return {**dict.fromkeys(words, "x"), **places, **whole}


def test_a_missing_scope_is_named(slack: LocalSlack) -> None:
    scopes = {"bot": ["chat:write", "users:read"]}
    manifest = {"display_information": {"name": "Narrow"}, "oauth_config": {"scopes": scopes}}
    with LocalSlack(Workspace.load({**WORKSPACE, "app": {"manifest": manifest}})) as made:
        client = WebClient(made.bot_token, base_url=made.api_url)
        with pytest.raises(SlackApiError) as refused:
            client.pins_add(channel="C0GEN", timestamp="1.000001")
        answer = refused.value.response
        assert (answer["error"], answer["needed"], answer["provided"]) == (
            "missing_scope",
            "pins:write",
            "chat:write,users:read",
        )
        assert "email" not in client.users_info(user="U0ANA")["user"]["profile"]
        for method, arguments, needed in (
            (client.conversations_history, {"channel": "C0GEN"}, "channels:history"),
            (client.conversations_create, {"name": "x", "is_private": True}, "groups:write"),
            (client.conversations_list, {"types": "im"}, "im:read"),
            (client.conversations_open, {"users": "U0ANA"}, "im:write"),
            (client.users_lookupByEmail, {"email": "ana@example.com"}, "users:read.email"),
        ):
            with pytest.raises(SlackApiError) as refused:
                method(**arguments)
            assert refused.value.response["needed"] == needed


def test_public_channels_need_membership_unless_the_scope_says_otherwise() -> None:
    with LocalSlack(Workspace.load({**WORKSPACE, "app": {}})) as made:  # the default scopes hold chat:write.public
        assert WebClient(made.bot_token, base_url=made.api_url).chat_postMessage(channel="C0OUT", text="x")["ok"]


# -- faults of calls ---------------------------------------------------------------------------------


def test_a_rate_limit_is_429_with_a_time(control: Control, client: WebClient) -> None:
    control.post("faults", fault="rate_limit", method="chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(**TEXT)
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "7"
    assert refused.value.response["error"] == "ratelimited"
    assert client.chat_postMessage(**TEXT)["ok"]


def test_the_sdk_waits_out_a_rate_limit(slack: LocalSlack, control: Control) -> None:
    client = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[RateLimitErrorRetryHandler(2)])
    control.post("faults", fault="rate_limit", method="chat.postMessage", retry_after=0)
    assert client.chat_postMessage(**TEXT)["ok"]
    assert [one["status"] for one in control.get("calls", method="chat.postMessage")["calls"]] == [429, 200]


def test_a_server_error_does_nothing(control: Control, client: WebClient) -> None:
    control.post("faults", fault="server_error", method="chat.postMessage")
    with pytest.raises((SlackApiError, SlackRequestError)):
        client.chat_postMessage(**TEXT)
    assert control.messages("general") == []


def test_a_dropped_reply_has_done_its_work(slack: LocalSlack, control: Control) -> None:
    client = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    control.post("faults", fault="drop_reply", method="chat.postMessage")
    with pytest.raises(OSError, match=r"closed connection|reset"):
        client.chat_postMessage(**TEXT)
    assert control.texts("general") == ["hi"]


def test_the_stock_client_posts_twice_when_a_reply_is_dropped(control: Control, client: WebClient) -> None:
    control.post("faults", fault="drop_reply", method="chat.postMessage")
    client.chat_postMessage(**TEXT)
    assert control.texts("general") == ["hi", "hi"]


def test_a_reply_can_be_slow(control: Control, client: WebClient) -> None:
    control.post("faults", fault="slow_reply", method="auth.test", seconds=0.3)
    begun = time.monotonic()
    client.auth_test()
    assert time.monotonic() - begun >= 0.3


def test_a_method_can_be_made_to_refuse(control: Control, client: WebClient) -> None:
    control.post("faults", fault="refuse", method="conversations.create", error="restricted_action")
    with pytest.raises(SlackApiError) as refused:
        client.conversations_create(name="x")
    assert refused.value.response["error"] == "restricted_action"


def test_the_inspector_sees_calls_without_tokens(slack: LocalSlack, control: Control) -> None:
    HTTP.post(f"{slack.api_url}users.info", data={"token": slack.bot_token, "user": "U0ANA"})
    (entry,) = control.get("calls")["calls"]
    assert (entry["method"], entry["arguments"], entry["answer"]["ok"]) == ("users.info", {"user": "U0ANA"}, True)
    assert entry["ms"] >= 0


def test_only_loopback_names_and_our_own_page_come_in(slack: LocalSlack) -> None:
    assert HTTP.get(f"{slack.url}/", headers={"Host": "evil.example"}).status_code == 403
    forged = HTTP.post(f"{slack.url}/_control/reset", headers={"Origin": "https://evil.example"})
    assert forged.status_code == 403
    assert HTTP.post(f"{slack.url}/_control/reset", headers={"Origin": slack.url}).status_code == 200


def test_it_binds_loopback_only() -> None:
    with pytest.raises(ValueError, match="binds loopback only"):
        LocalSlack(Workspace.default(), host="0.0.0.0")  # noqa: S104  that is what must be refused


def test_several_stand_beside_each_other_and_a_taken_port_is_an_error() -> None:
    with LocalSlack(Workspace.default()) as one, LocalSlack(Workspace.default()) as two:
        assert one.url != two.url
        port = httpx.URL(one.url).port
        assert port
        with pytest.raises(OSError, match="in use"):
            LocalSlack(Workspace.default(), port=port).start()
    one.stop()  # twice is no error


def test_it_can_be_started_again() -> None:
    made = LocalSlack(Workspace.default())
    for _ in range(2):
        with made:
            assert WebClient(made.bot_token, base_url=made.api_url).auth_test()["ok"]


def test_a_given_clock_is_the_time_of_messages() -> None:
    with LocalSlack(Workspace.default(), clock=lambda: 1_800_000_000.25) as made:
        client = WebClient(made.bot_token, base_url=made.api_url)
        stamps = [client.chat_postMessage(channel="general", text="x")["ts"] for _ in range(3)]
    assert stamps[0].startswith("1800000000.25")
    assert sorted(set(stamps)) == stamps
