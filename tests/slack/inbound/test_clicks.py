"""Every button of every card, tapped: over a real Socket Mode connection to a real local Slack."""

import json

import pytest

from bot.localslack.server import LocalSlack
from bot.slack import ids
from bot.slack.client.chat import SlackChat
from bot.slack.client.web_api import call, writing_client
from bot.slack.inbound import modals
from tests.slack.recording_commands import RecordedCommands
from tests.slack.setup import FLEET, realistic
from tests.slack.town import Town

MOMENTS = realistic()


@pytest.fixture
def chat(server: LocalSlack, town: Town) -> SlackChat:
    return SlackChat(writing_client(server.bot_token, server.api_url))


CLICKS = {
    ("page", ids.ACK): ("acknowledge", (42,)),
    ("page", ids.LOWER): ("step_down", ("refunds", "read-only", "", None, "")),
    ("page", ids.CANNOT_TAKE): ("pass_on", (42, "")),
    ("page-blind", ids.LOWER): ("step_down", ("kyc", "watched", "", None, "")),
    ("phase", ids.STEP_DONE): ("mark_step", (42, "reach", "done", "")),
    ("autonomy-not-confirmed", ids.LOWER): ("step_down", ("refunds", "suspended", "", None, "")),
    ("restore", ids.APPROVE): ("approve_restore", (42,)),
    ("restore-plan", ids.APPROVE): ("approve_restore", (42,)),
    ("restore-plan-walking", ids.STOP_PLAN): ("stop_plan", ("refunds", "")),
    ("recovery-plan", ids.STOP_PLAN): ("stop_plan", ("refunds", "")),
    ("resolve-ready", ids.RESOLVE): ("resolve", (42, "", "", "")),
    ("incident-contained", ids.RESOLVE): ("resolve", (42, "", "", "")),
    ("agent", ids.LOWER): ("step_down", ("refunds", "suspended", "", None, "")),
    ("handoff", ids.do("accept")): ("accept_role", (42, "lead")),
    ("handoff", ids.do("refuse")): ("decline_role", (42, "lead")),
    ("nudge-lead", ids.do("role")): ("take_role", (42, "lead", "")),
    ("nudge-update", ids.do("snooze")): ("snooze", (42, "update")),
    ("nudge-postmortem", ids.do("postmortem-done")): ("finish_postmortem", (42,)),
    ("tasks", ids.do("task-done")): ("finish_task", (42, "42-t1")),
    ("followups", ids.do("followup-done")): ("change_followup", ("42-1", True, "", "")),
    ("followup-due", ids.do("snooze")): ("snooze", (42, "42-1")),
}


@pytest.mark.parametrize(("moment", "action"), CLICKS)
def test_a_click_is_the_command_it_saves(
    desk: RecordedCommands, town: Town, chat: SlackChat, moment: str, action: str
) -> None:
    posted = chat.post("C0ROOM", MOMENTS[moment], f"k/{moment}")
    assert town.do("click", user="ben", channel="C0ROOM", ts=posted.ts, action_id=action)["acked"]
    assert desk.wait() == CLICKS[moment, action]
    assert desk.actors[-1].key == "bo"
    if action != ids.STEP_DONE:
        assert town.heard("C0ROOM", f"{desk.calls[-1][0]} is done.", user="ben")["ephemeral"]


def test_a_step_that_is_ticked_off_says_so_on_its_card_and_nowhere_else(
    desk: RecordedCommands, town: Town, chat: SlackChat
) -> None:
    posted = chat.post("C0ROOM", MOMENTS["phase"], "k/phase")
    assert town.do("click", user="ben", channel="C0ROOM", ts=posted.ts, action_id=ids.STEP_DONE)["acked"]
    desk.wait()
    town.do("slash", user="ben", channel="C0ROOM", command="/incident", text="42 note later")
    town.heard("C0ROOM", "note is done.", user="ben")
    assert not [said for said in town.messages("C0ROOM", user="ben") if "mark_step is done" in str(said)]


FORMS = {
    ("autonomy-confirmed", ids.RESTORE, None): (
        {"reason": "rolled back"},
        ("ask_restore", ("refunds", "rolled back", "")),
    ),
    ("recovery-held", ids.RESTORE_PLAN, None): (
        {"reason": "held", "to": "bounded", "wait": "30m"},
        ("ask_plan", ("refunds", "held", "bounded", 30, "")),
    ),
    ("recovery-held", ids.RESTORE, None): ({"reason": "held"}, ("ask_restore", ("refunds", "held", ""))),
    ("restore", ids.DECLINE, None): ({"reason": "too early"}, ("decline_restore", (42, "too early"))),
    ("resolve-barred", ids.RESOLVE_ANYWAY, None): (
        {"reason": "nobody left", "left_on": "till Monday"},
        ("resolve", (42, "", "nobody left", "till Monday")),
    ),
    ("resolved", ids.REOPEN, None): ({"reason": "it is back"}, ("reopen", (42, "it is back"))),
    ("phase", ids.STEP_OTHER, "42|reach|skipped"): (
        {"reason": "no time"},
        ("mark_step", (42, "reach", "skipped", "no time")),
    ),
    ("phase", ids.STEP_OTHER, "42|reach|not-applicable"): (
        {"reason": "one workflow"},
        ("mark_step", (42, "reach", "not-applicable", "one workflow")),
    ),
    ("phase", ids.STEP_OTHER, "42|reach|blocked"): (
        {"reason": "no access"},
        ("mark_step", (42, "reach", "blocked", "no access")),
    ),
    ("incident", ids.TRAY, "42|note"): ({"TEXT": "hm"}, ("note", (42, "hm", "note"))),
    ("incident", ids.TRAY, "42|page"): ({"@person": "U0BEN"}, ("page", (42, "U0BEN", ""))),
    ("incident", ids.TRAY, "42|update"): ({"TEXT": "holding"}, ("note", (42, "holding", "update"))),
    ("tray", ids.TRAY, "42|contain"): ({"reason": "off"}, ("contain", (42, "off"))),
    ("tray", ids.TRAY, "42|sev"): ({"N": "SEV1"}, ("set_severity", (42, "SEV1", ""))),
    ("tray", ids.do("update"), None): ({"TEXT": "holding"}, ("note", (42, "holding", "update"))),
    ("tray", ids.do("task"), None): ({"TEXT": "ask"}, ("task", (42, "ask", ""))),
    ("tray-closed", ids.do("followup"), None): (
        {"TEXT": "a case", "person": "U0BEN", "due": "2027-01-31"},
        ("follow_up", (42, "a case", "U0BEN", "2027-01-31")),
    ),
    ("tray-recovered", ids.do("handoff"), None): (
        {"ROLE": "lead", "@person": "U0BEN"},
        ("hand_off", (42, "lead", "U0BEN")),
    ),
    ("nudge-lead", ids.do("handoff"), None): ({"@person": "U0BEN"}, ("hand_off", (42, "lead", "U0BEN"))),
    ("nudge-step", ids.STEP_OTHER, None): (
        {"reason": "no access"},
        ("mark_step", (42, "reach", "blocked", "no access")),
    ),
    ("followups", ids.do("followup-move"), None): (
        {"due": "2027-01-31"},
        ("change_followup", ("42-1", False, "", "2027-01-31")),
    ),
    ("incident", ids.TRAY, "42|cancel"): ({"reason": "test"}, ("cancel", (42, "test"))),
}


@pytest.mark.parametrize(("moment", "action", "value"), FORMS)
def test_a_click_that_needs_words_asks_for_them(
    desk: RecordedCommands, town: Town, chat: SlackChat, moment: str, action: str, value: str | None
) -> None:
    words, call = FORMS[moment, action, value]
    posted = chat.post("C0ROOM", MOMENTS[moment], f"k/{moment}")
    chosen = {"value": value} if value else {}
    town.do("click", user="ana", channel="C0ROOM", ts=posted.ts, action_id=action, **chosen)
    town.submit("ana", words)
    assert desk.wait() == call
    assert town.heard("C0ROOM", f"{call[0]} is done.")["ephemeral"]


@pytest.mark.parametrize(
    ("moment", "action", "value", "words"),
    [
        ("incidents", ids.STATUS, None, "responding"),
        ("incident", ids.STEPS, None, "Find how far it reaches"),
        ("incident", ids.CATCHUP, None, "Tried:"),
        ("incident", ids.TRAY, "42|tray", "Page somebody…"),
        ("tray", ids.do("timeline"), None, "earlier entries"),
        ("fleet", ids.AGENT, "refunds", "Pays refunds"),
    ],
)
def test_a_click_that_asks_is_answered(
    desk: RecordedCommands, town: Town, chat: SlackChat, moment: str, action: str, value: str | None, words: str
) -> None:
    posted = chat.post("C0ROOM", MOMENTS[moment], f"k/{moment}")
    wanted = {"value": value} if value and "|" in value else {}
    town.do("click", user="dev", channel="C0ROOM", ts=posted.ts, action_id=action, **wanted)
    found = town.heard("C0ROOM", words if moment != "incidents" else "Catch me up", user="dev", after=posted.ts)
    assert found["ephemeral"]


def test_acknowledging_a_page_offers_the_way_down_at_once(desk: RecordedCommands, town: Town, chat: SlackChat) -> None:
    page = chat.direct(FLEET.people["ana"], MOMENTS["page"], "k/page")
    town.do("click", user="ana", channel="@ana", ts=page.ts, action_id=ids.ACK)
    answer = town.heard("@ana", "acknowledge is done.")
    assert answer["ephemeral"]
    labels = [
        one["text"]["text"] for block in answer["blocks"] for one in block.get("elements", []) if "action_id" in one
    ]
    assert labels == ["Step down to read-only", "I lead", "Steps"]
    town.do("click", user="ana", channel="@ana", ts=answer["ts"], action_id=ids.LOWER)
    assert desk.wait(2) == ("step_down", ("refunds", "read-only", "", None, ""))


def test_clicking_twice_asks_the_engine_twice_and_shows_its_words(
    desk: RecordedCommands, town: Town, chat: SlackChat
) -> None:
    page = chat.direct(FLEET.people["ana"], MOMENTS["page"], "k/page")
    for _ in range(2):
        assert town.do("click", user="ana", channel="@ana", ts=page.ts, action_id=ids.ACK)["acked"]
    desk.wait(2)
    assert desk.calls == [("acknowledge", (42,))] * 2


@pytest.mark.parametrize(("action", "value"), [("gone", "42"), (ids.ACK, "rubbish"), (ids.do("gone"), "42|lead")])
def test_a_button_of_another_version_says_so_and_does_nothing(
    desk: RecordedCommands, server: LocalSlack, town: Town, action: str, value: str
) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Old"}, "action_id": action, "value": value}
    client = writing_client(server.bot_token, server.api_url)
    old = call(
        client.chat_postMessage, channel="C0ROOM", text="old", blocks=[{"type": "actions", "elements": [button]}]
    )
    assert town.do("click", user="ana", channel="C0ROOM", ts=old["ts"], action_id=action)["acked"]
    assert town.heard("C0ROOM", "This button is of another version")["ephemeral"]
    assert desk.calls == []


def test_a_form_of_another_version_says_so_and_does_nothing(
    desk: RecordedCommands, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"verb": ["incident", "gone"], "subject": "42", "hidden": {}, "channel": "C0ROOM", "url": ""}
    monkeypatch.setattr(modals, "_metadata", lambda *_: json.dumps(kept))
    town.slash("ana", "C0ROOM", "/incident contain")
    town.submit("ana", {"reason": "off"})
    town.heard("@ana", "This form is of another version")
    assert desk.calls == []
