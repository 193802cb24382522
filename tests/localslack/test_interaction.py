"""What people do, as the app gets it: commands, clicks, modals, shortcuts, and what the user then sees."""

import pytest
from slack_sdk import WebClient

from bot.localslack.server import LocalSlack, Workspace
from tests.localslack.setup import (
    WORKSPACE,
    Control,
    Ground,
    Json,
    Robot,
    actions,
    button,
    entry,
    modal,
    plain,
    section,
)

OPTIONS = [{"text": plain("One"), "value": "one"}, {"text": plain("Two"), "value": "two"}]


def open_modal(robot: Robot, client: WebClient, control: Control, view: Json) -> str:
    """Run a command for its trigger, as an app would, and open a modal with it."""
    control.post("slash", user="ana", channel="general", command="/probe")
    trigger = robot.wait("command", len(robot.heard["command"].entries))["trigger_id"]
    return str(client.views_open(trigger_id=trigger, view=view)["view"]["id"])


# -- commands ---------------------------------------------------------------------------------------


def test_a_command_carries_what_slack_sends(robot: Robot, control: Control) -> None:
    answer = control.post("slash", user="ana", channel="general", command="/probe", text="refunds  down")
    assert answer == {"ok": True, "acked": True, "response": None}
    sent = robot.wait("command")
    assert sent["text"] == "refunds  down"
    assert {key: sent[key] for key in ("command", "user_id", "user_name", "channel_id", "channel_name")} == {
        "command": "/probe",
        "user_id": "U0ANA",
        "user_name": "ana",
        "channel_id": "C0GEN",
        "channel_name": "general",
    }
    assert sent["is_enterprise_install"] == "false"
    assert all(isinstance(value, str) for value in sent.values())


def test_names_arrive_escaped_only_where_the_manifest_says_so(robot: Robot, control: Control) -> None:
    text = "@ana to #general & @nobody"
    control.post("slash", user="ana", channel="general", command="/probe", text=text)
    control.post("slash", user="ana", channel="general", command="/named", text=text)
    assert robot.wait("command", 1)["text"] == text
    assert robot.wait("command", 2)["text"] == "<@U0ANA|ana> to <#C0GEN|general> &amp; @nobody"


def test_an_answer_is_for_the_user_alone_unless_it_says_otherwise(robot: Robot, control: Control) -> None:
    robot.answer = lambda _payload: {"text": "for you"}
    control.post("slash", user="ana", channel="general", command="/probe")
    robot.answer = lambda _payload: {"text": "for all", "response_type": "in_channel"}
    answer = control.post("slash", user="ana", channel="general", command="/probe")
    assert answer["response"]["text"] == "for all"
    assert control.texts("general", "ana") == ["for you", "for all"]
    assert control.texts("general", "ben") == ["for all"]


def test_an_unknown_command_is_refused_by_slack_itself(robot: Robot, control: Control) -> None:
    answer = control.post("slash", user="ana", channel="general", command="/other")
    assert answer["error"] == "unknown_command"
    assert control.texts("general", "ana") == ["`/other` is not a valid command."]
    assert "command" not in robot.heard


def test_a_command_while_no_app_listens_shows_the_user_an_error() -> None:
    with LocalSlack(Workspace.load(WORKSPACE)) as lonely:
        control = Control(lonely.url)
        answer = control.post("slash", user="ana", channel="general", command="/probe")
        assert answer == {"ok": True, "acked": False, "error": "dispatch_failed"}
        assert control.texts("general", "ana") == ["`/probe` failed with the error “dispatch_failed”"]
        assert control.texts("general", "ben") == []


# -- clicks -----------------------------------------------------------------------------------------


def test_a_click_carries_the_whole_state(robot: Robot, control: Control, client: WebClient) -> None:
    select = {"type": "static_select", "action_id": "pick", "options": OPTIONS}
    blocks = [entry("note", "t"), actions(button("go", value="42"), select, block_id="b")]
    ts = client.chat_postMessage(channel="C0GEN", text="card", blocks=blocks)["ts"]
    values = {"note": {"t": "typed"}}
    answer = control.post("click", user="ana", channel="general", ts=ts, action_id="go", values=values)
    assert answer == {"ok": True, "acked": True}
    sent = robot.wait("block_actions")
    assert sent["actions"][0].items() >= {"type": "button", "action_id": "go", "block_id": "b", "value": "42"}.items()
    assert sent["state"]["values"] == {
        "note": {"t": {"type": "plain_text_input", "value": "typed"}},
        "b": {"pick": {"type": "static_select", "selected_option": None}},
    }
    assert sent["container"] == {"type": "message", "message_ts": ts, "channel_id": "C0GEN", "is_ephemeral": False}
    assert sent["user"] == {"id": "U0ANA", "username": "ana", "name": "ana", "team_id": "T0LOCAL"}
    assert (sent["channel"]["name"], sent["message"]["ts"], sent["team"]["domain"]) == ("general", ts, "local")
    assert sent["response_url"].startswith("http://127.0.0.1")


@pytest.mark.parametrize(
    ("element", "chosen", "field", "value"),
    [
        ({"type": "static_select", "options": OPTIONS}, "two", "selected_option", OPTIONS[1]),
        ({"type": "overflow", "options": OPTIONS}, "one", "selected_option", OPTIONS[0]),
        ({"type": "radio_buttons", "options": OPTIONS}, "one", "selected_option", OPTIONS[0]),
        ({"type": "checkboxes", "options": OPTIONS}, ["one", "two"], "selected_options", OPTIONS),
        ({"type": "multi_static_select", "options": OPTIONS}, ["two"], "selected_options", OPTIONS[1:]),
        ({"type": "users_select"}, "U0BEN", "selected_user", "U0BEN"),
        ({"type": "multi_users_select"}, ["U0BEN"], "selected_users", ["U0BEN"]),
        ({"type": "channels_select"}, "C0GEN", "selected_channel", "C0GEN"),
        ({"type": "conversations_select"}, "C0GEN", "selected_conversation", "C0GEN"),
        ({"type": "datepicker"}, "2026-11-20", "selected_date", "2026-11-20"),
        ({"type": "timepicker"}, "02:14", "selected_time", "02:14"),
        ({"type": "datetimepicker"}, 1_795_000_000, "selected_date_time", 1_795_000_000),
    ],
    ids=lambda given: given["type"] if isinstance(given, dict) and "type" in given else "",
)
def test_every_choice_has_its_field(
    robot: Robot, control: Control, client: WebClient, element: Json, chosen: object, field: str, value: object
) -> None:
    blocks = [actions(element | {"action_id": "pick"})]
    ts = client.chat_postMessage(channel="C0GEN", text="card", blocks=blocks)["ts"]
    control.post("click", user="ana", channel="general", ts=ts, action_id="pick", selected=chosen)
    found = robot.wait("block_actions")["actions"][0][field]
    wanted = value if isinstance(value, list) else [value]
    for one, other in zip(found if isinstance(found, list) else [found], wanted, strict=True):
        assert one == other or one["value"] == other["value"]


def test_what_is_not_there_cannot_be_clicked(control: Control, client: WebClient) -> None:
    hidden = button("secret", visible_to_user_ids=["U0BEN"])
    ts = client.chat_postMessage(channel="C0GEN", text="card", blocks=[actions(button("go"), hidden)])["ts"]
    for action_id in ("gone", "secret"):
        answer = control.post("click", user="ana", channel="general", ts=ts, action_id=action_id)
        assert (answer["error"], answer["detail"].split("; ")[1]) == ("no_such_action", "there are: act/go")
    assert (
        control.post("click", user="ana", channel="general", ts="1.1", action_id="go")["error"] == "message_not_found"
    )
    assert (
        "there are: ana, ben" in control.post("click", user="zoe", channel="general", ts=ts, action_id="go")["detail"]
    )
    assert "general" in control.post("click", user="ana", channel="nowhere", ts=ts, action_id="go")["detail"]


def test_an_ephemeral_message_is_seen_and_used_by_one_person_only(
    robot: Robot, control: Control, client: WebClient
) -> None:
    client.chat_postEphemeral(channel="C0GEN", user="U0ANA", text="psst", blocks=[actions(button("go"))])
    assert control.texts("general", "ben") == control.texts("general") == []
    (message,) = control.messages("general", "ana")
    assert message["ephemeral"]
    assert client.conversations_history(channel="C0GEN")["messages"] == []
    refused = control.post("click", user="ben", channel="general", ts=message["ts"], action_id="go")
    assert refused["error"] == "message_not_found"
    control.post("click", user="ana", channel="general", ts=message["ts"], action_id="go")
    sent = robot.wait("block_actions")
    assert sent["container"]["is_ephemeral"]
    assert "message" not in sent


# -- modals -----------------------------------------------------------------------------------------


def test_a_submission_carries_values_and_closes(robot: Robot, control: Control, client: WebClient) -> None:
    kinds: dict[str, Json] = {"s": {"type": "static_select", "options": OPTIONS}, "d": {"type": "datepicker"}}
    blocks = [entry("why", "a"), *(entry(name, "a", element, optional=True) for name, element in kinds.items())]
    view_id = open_modal(robot, client, control, modal(*blocks, private_metadata="inc-1"))
    answer = control.post("submit", user="ana", view_id=view_id, values={"why": {"a": "because"}, "s": {"a": "two"}})
    assert answer.items() >= {"ok": True, "acked": True, "response_action": None}.items()
    view = robot.wait("view_submission")["view"]
    assert (view["id"], view["callback_id"], view["private_metadata"], view["type"]) == (
        view_id,
        "modal",
        "inc-1",
        "modal",
    )
    values = view["state"]["values"]
    assert values["why"]["a"] == {"type": "plain_text_input", "value": "because"}
    assert values["s"]["a"]["selected_option"]["value"] == "two"
    assert values["d"]["a"] == {"type": "datepicker", "selected_date": None}
    assert control.get("views", user="ana")["views"] == []


def test_errors_are_shown_and_keep_it_open(robot: Robot, control: Control, client: WebClient) -> None:
    view_id = open_modal(robot, client, control, modal(entry("why", "a")))
    robot.answer = lambda _payload: {"response_action": "errors", "errors": {"why": "Too short."}}
    answer = control.post("submit", user="ana", view_id=view_id, values={"why": {"a": "x"}})
    assert (answer["response_action"], answer["errors"]) == ("errors", {"why": "Too short."})
    assert control.get("views", user="ana")["views"][0]["errors"] == {"why": "Too short."}


def test_errors_must_name_input_blocks(robot: Robot, control: Control, client: WebClient) -> None:
    view_id = open_modal(robot, client, control, modal(entry("why", "a")))
    robot.answer = lambda _payload: {"response_action": "errors", "errors": {"other": "x"}}
    answer = control.post("submit", user="ana", view_id=view_id, values={"why": {"a": "x"}})
    assert answer["error"] == "invalid_response_action"
    assert "must name input blocks of the view (why)" in answer["detail"]


@pytest.mark.parametrize(
    ("element", "value", "words"),
    [
        ({}, "", "Please complete this required field."),
        ({"min_length": 3}, "ab", "at least 3 characters"),
        ({"max_length": 3}, "abcd", "at most 3 characters"),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "a whole number"),
        ({"type": "number_input", "is_decimal_allowed": True, "min_value": "2"}, "1", "at least 2"),
        ({"type": "number_input", "is_decimal_allowed": True, "max_value": "2"}, "3", "at most 2"),
        ({"type": "number_input", "is_decimal_allowed": True}, "x", "a number"),
        ({"type": "email_text_input"}, "nope", "an e-mail address"),
        ({"type": "url_text_input"}, "nope", "a URL"),
    ],
)
def test_slacks_client_checks_before_it_sends(
    robot: Robot, control: Control, client: WebClient, element: Json, value: str, words: str
) -> None:
    view_id = open_modal(robot, client, control, modal(entry("b", "a", element)))
    answer = control.post("submit", user="ana", view_id=view_id, values={"b": {"a": value}})
    assert not answer["sent"]
    assert words in answer["errors"]["b"]
    assert "view_submission" not in robot.heard


def test_update_push_back_and_clear(robot: Robot, control: Control, client: WebClient) -> None:
    def titles() -> list[str]:
        return [view["title"]["text"] for view in control.get("views", user="ana")["views"]]

    view_id = open_modal(robot, client, control, modal(entry("b", "a"), title=plain("First")))
    robot.answer = lambda _payload: {"response_action": "update", "view": modal(entry("b", "a"), title=plain("Second"))}
    control.post("submit", user="ana", view_id=view_id, values={"b": {"a": "kept"}})
    assert titles() == ["Second"]
    assert control.get("views", user="ana")["views"][0]["state"]["values"]["b"]["a"]["value"] == "kept"
    robot.answer = lambda _payload: {"response_action": "push", "view": modal(section(), title=plain("Third"))}
    top = control.post("submit", user="ana", view_id=view_id)["view_id"]
    assert titles() == ["Second", "Third"]
    control.post("close", user="ana", view_id=top)
    assert titles() == ["Second"]
    control.post("submit", user="ana", view_id=view_id)
    robot.answer = lambda _payload: {"response_action": "clear"}
    control.post("submit", user="ana", view_id=control.get("views", user="ana")["views"][-1]["id"])
    assert titles() == []


def test_a_broken_view_in_an_answer_is_trouble(robot: Robot, control: Control, client: WebClient) -> None:
    view_id = open_modal(robot, client, control, modal(section()))
    robot.answer = lambda _payload: {"response_action": "update", "view": modal({"type": "banner"})}
    answer = control.post("submit", user="ana", view_id=view_id)
    assert answer["error"] == "invalid_arguments"
    assert len(control.get("views", user="ana")["views"]) == 1


def test_closing_is_told_where_the_view_asks_for_it(robot: Robot, control: Control, client: WebClient) -> None:
    quiet = open_modal(robot, client, control, modal(section()))
    assert control.post("close", user="ana", view_id=quiet)["notified"] == 0
    loud = open_modal(robot, client, control, modal(section(), notify_on_close=True, clear_on_close=True))
    assert control.post("close", user="ana", view_id=loud) == {"ok": True, "acked": True, "notified": 1}
    sent = robot.wait("view_closed")
    assert (sent["is_cleared"], sent["view"]["id"]) == (True, loud)
    assert "no view" in control.post("close", user="ana", view_id=loud)["detail"]


def test_a_click_in_a_modal_may_update_it_with_its_hash(robot: Robot, control: Control, client: WebClient) -> None:
    view_id = open_modal(robot, client, control, modal(entry("b", "a"), actions(button("more"))))
    control.post("click", user="ana", view_id=view_id, action_id="more", values={"b": {"a": "typed"}})
    sent = robot.wait("block_actions")
    assert sent["container"] == {"type": "view", "view_id": view_id}
    assert sent["view"]["state"]["values"]["b"]["a"]["value"] == "typed"
    assert "response_url" not in sent
    view = modal(entry("b", "a"), actions(button("more", "Less")))
    updated = client.views_update(view_id=view_id, hash=sent["view"]["hash"], view=view)["view"]
    assert updated["state"]["values"]["b"]["a"]["value"] == "typed"
    assert updated["hash"] != sent["view"]["hash"]


def test_an_input_may_ask_for_a_response_url(robot: Robot, control: Control, client: WebClient) -> None:
    element = {"type": "conversations_select", "response_url_enabled": True}
    view_id = open_modal(robot, client, control, modal(entry("where", "a", element)))
    control.post("submit", user="ana", view_id=view_id, values={"where": {"a": "C0GEN"}})
    (url,) = robot.wait("view_submission")["response_urls"]
    assert (url["channel_id"], url["block_id"]) == ("C0GEN", "where")


def test_an_external_select_asks_the_app(robot: Robot, control: Control, client: WebClient) -> None:
    view_id = open_modal(robot, client, control, modal(entry("b", "a", {"type": "external_select"})))
    robot.answer = lambda _payload: {"options": OPTIONS}
    assert control.post("suggest", user="ana", view_id=view_id, action_id="a", value="tw")["options"] == OPTIONS
    sent = robot.wait("block_suggestion")
    assert (sent["action_id"], sent["block_id"], sent["value"], sent["view"]["id"]) == ("a", "b", "tw", view_id)


# -- shortcuts, home, and the rest ---------------------------------------------------------------------


def test_shortcuts(robot: Robot, control: Control, ground: Ground) -> None:
    assert control.post("shortcut", user="ana", callback_id="look")["acked"]
    assert robot.wait("shortcut").keys() >= {"trigger_id", "action_ts", "callback_id", "user", "team"}
    control.post("message_action", user="ana", channel="general", ts=ground.ts, callback_id="keep")
    sent = robot.wait("message_action")
    assert (sent["message"]["text"], sent["message_ts"], sent["channel"]["id"]) == ("first", ground.ts, "C0GEN")
    assert sent["response_url"]


def test_opening_home(robot: Robot, control: Control, client: WebClient) -> None:
    assert control.post("home", user="ana")["view"] is None
    assert "view" not in robot.wait("app_home_opened")["event"]
    client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": [actions(button("drill"))]})
    control.post("home", user="ana")
    assert robot.wait("app_home_opened", 2)["event"]["view"]["type"] == "home"
    control.post("click", user="ana", home=True, action_id="drill")
    assert robot.wait("block_actions")["view"]["type"] == "home"


def test_what_hangs_on_messages_is_told(robot: Robot, control: Control, ground: Ground) -> None:
    at = {"user": "ana", "channel": "general", "ts": ground.ts}
    control.post("react", **at, name="pushpin")
    event = robot.wait("reaction_added")["event"]
    assert (event["reaction"], event["item"]["ts"], event["item_user"]) == ("pushpin", ground.ts, "U0APP")
    control.post("unreact", **at, name="pushpin")
    robot.wait("reaction_removed")
    control.post("pin", **at)
    assert robot.wait("pin_added")["event"]["item"]["message"]["text"] == "first"
    control.post("unpin", **at)
    robot.wait("pin_removed")


def test_members_edits_and_deletions_are_told(robot: Robot, control: Control) -> None:
    control.post("join", user="gus", channel="general")
    event = robot.wait("member_joined_channel")["event"]
    assert (event["user"], event["channel"], event["team"]) == ("U0GUS", "C0GEN", "T0LOCAL")
    ts = control.post("say", user="gus", channel="general", text="helo")["ts"]
    control.post("edit", user="gus", channel="general", ts=ts, text="hello")
    control.post("delete", user="gus", channel="general", ts=ts)
    heard = [one["event"] for one in robot.heard["message"].wait(4)]
    changed, deleted = heard[2], heard[3]
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", "hello")
    assert changed["previous_message"]["text"] == "helo"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)


def test_a_mention_comes_as_message_and_as_mention(robot: Robot, control: Control) -> None:
    control.post("mention", user="ana", channel="general", text="status?")
    assert robot.wait("app_mention")["event"]["text"] == "<@U0APP> status?"
    assert robot.wait("message")["event"]["blocks"][0]["elements"][0]["elements"][0] == {
        "type": "user",
        "user_id": "U0APP",
    }


def test_a_direct_message_reaches_the_app(robot: Robot, control: Control) -> None:
    control.post("say", user="ana", channel="@ana", text="hello")
    event = robot.wait("message")["event"]
    assert (event["channel_type"], event["text"]) == ("im", "hello")


def test_channels_without_the_app_are_quiet(robot: Robot, control: Control) -> None:
    control.post("say", user="ana", channel="elsewhere", text="secret")
    control.post("say", user="ana", channel="general", text="open")
    assert robot.wait("message")["event"]["text"] == "open"


def test_events_nobody_subscribed_to_are_not_sent(robot: Robot, control: Control, client: WebClient) -> None:
    control.post("event", event={"type": "team_join", "user": "U0ANA"})
    control.post("event", event={"type": "reaction_added", "user": "U0ANA", "item": {}})
    robot.wait("reaction_added")
    assert "team_join" not in robot.heard


def test_waiting_for_a_message_searches_text_and_blocks(control: Control, client: WebClient) -> None:
    client.chat_postMessage(channel="U0ANA", text="page", blocks=[actions(button("ack", "Acknowledge"))])
    assert control.wait("@U0ANA", "Acknowledge")["text"] == "page"
    assert control.wait("@ana", "page")["channel"].startswith("D")
    answer = control.get("wait", channel="general", contains="never", timeout=0.1)
    assert answer["error"] == "timeout"


def test_bad_control_calls_are_clear(control: Control) -> None:
    assert control.post("dance")["known"]
    assert "user must be text" in control.post("say", channel="general", text="x")["detail"]
    assert control.post("say", user="ben", channel="elsewhere", text="x")["error"] == "not_in_channel"
    assert control.post("clock/advance", seconds=-1)["detail"].startswith("seconds must be")
