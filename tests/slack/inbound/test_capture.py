"""Messages taken over by pins and emoji, the home tab, and shortcuts, over a real local Slack."""

from datetime import datetime

import pytest

from bot.slack import ids
from bot.slack.inbound.capture import RECEIPT
from tests.slack.recording_commands import RecordedCommands
from tests.slack.town import Town


def reactions(town: Town, channel: str, ts: str) -> dict[str, int]:
    message = next(one for one in town.messages(channel) if one["ts"] == ts)
    return {one["name"]: one["count"] for one in message.get("reactions", [])}


def said(town: Town, text: str) -> str:
    return str(town.do("say", user="ben", channel="C0ROOM", text=text)["ts"])


@pytest.mark.parametrize(
    ("emoji", "sort"), [("pushpin", "note"), ("ballot_box_with_check", "task"), ("memo", "followup")]
)
def test_an_emoji_takes_a_message_over_with_a_receipt(
    desk: RecordedCommands, town: Town, emoji: str, sort: str
) -> None:
    ts = said(town, "it began with prompt v7 &amp; <@U0ANA> saw it")
    town.do("react", user="ana", channel="C0ROOM", ts=ts, name=emoji)
    name, (incident_id, text, as_what, source, at) = desk.wait()
    assert (name, incident_id, as_what) == ("capture", 42, sort)
    assert text == "Bo Lind: it began with prompt v7 & @Ana Silva saw it"
    assert source == f"C0ROOM|{ts}|{sort}"
    assert isinstance(at, datetime)
    assert at.timestamp() == pytest.approx(float(ts), abs=1e-3), "the message's own time"
    town.calls_until("reactions.add", 1)
    assert reactions(town, "C0ROOM", ts)[RECEIPT] == 1


def test_a_pin_is_a_note_and_our_own_pins_are_nothing(desk: RecordedCommands, town: Town) -> None:
    ts = said(town, "look here")
    town.do("pin", user="ana", channel="C0ROOM", ts=ts)
    assert desk.wait()[1][1:4] == ("Bo Lind: look here", "note", f"C0ROOM|{ts}|note")
    town.calls_until("reactions.add", 1)


def test_elsewhere_and_other_emoji_take_nothing(desk: RecordedCommands, town: Town) -> None:
    ts = said(town, "nice")
    town.do("react", user="ana", channel="C0ROOM", ts=ts, name="tada")
    elsewhere = town.do("say", user="ben", channel="C0GENERAL", text="lunch")["ts"]
    town.do("react", user="ana", channel="C0GENERAL", ts=elsewhere, name="pushpin")
    town.slash("ana", "C0ROOM", "/incident ack")
    assert desk.wait() == ("acknowledge", (42,))
    assert town.calls("reactions.add") == []


def test_a_refusal_is_told_and_leaves_no_receipt(desk: RecordedCommands, town: Town) -> None:
    desk.refusal = "Dev Onlooker is not among the responders of refunds. ana, bo, cy could."
    ts = said(town, "mine")
    town.do("react", user="dev", channel="C0ROOM", ts=ts, name="memo")
    assert town.heard("C0ROOM", "not among the responders", user="dev")["ephemeral"]
    assert RECEIPT not in reactions(town, "C0ROOM", ts)


def test_without_the_scope_for_receipts_it_is_said_in_words(desk: RecordedCommands, town: Town) -> None:
    town.do("faults", fault="refuse", method="reactions.add", error="missing_scope")
    ts = said(town, "it is the prompt")
    town.do("react", user="ana", channel="C0ROOM", ts=ts, name="pushpin")
    assert town.heard("C0ROOM", "capture is done.")["ephemeral"]


def test_a_message_that_cannot_be_read_is_said(desk: RecordedCommands, town: Town) -> None:
    town.do("faults", fault="refuse", method="conversations.history", error="missing_scope")
    ts = said(town, "gone soon")
    town.do("react", user="ana", channel="C0ROOM", ts=ts, name="pushpin")
    assert town.heard("C0ROOM", "That message could not be read")["ephemeral"]
    assert desk.calls == []


def home(town: Town, user: str) -> str:
    town.do("home", user=user)
    town.calls_until("views.publish", 1)
    return str(town.calls("views.publish")[-1]["arguments"])


def test_the_home_tab_shows_what_is_to_be_done(desk: RecordedCommands, town: Town) -> None:
    shown = home(town, "ana")
    assert "1 waiting for you" in shown
    assert "Your follow-ups" in shown
    assert town.calls("views.publish")[-1]["answer"]["ok"]


def test_a_tap_on_the_home_tab_is_done_answered_directly_and_shown(desk: RecordedCommands, town: Town) -> None:
    home(town, "ana")
    town.do("click", user="ana", action_id=ids.ACK, home=True)
    assert desk.wait() == ("acknowledge", (42,))
    assert town.heard("@ana", "acknowledge is done.")
    town.calls_until("views.publish", 2)


def test_a_guest_has_no_home(desk: RecordedCommands, town: Town) -> None:
    town.do("home", user="guest")
    assert home(town, "ana")
    assert [call["arguments"]["user_id"] for call in town.calls("views.publish")] == ["U0ANA"]


def test_global_shortcuts_ask_for_everything(desk: RecordedCommands, town: Town) -> None:
    town.do("shortcut", user="ana", callback_id=ids.LOWER_ANYWHERE)
    town.submit("ana", {"SUBJECT": "refunds", "RUNG": "read-only", "reason": "loop"})
    assert desk.wait() == ("step_down", ("refunds", "read-only", "loop", None, ""))
    town.do("shortcut", user="ana", callback_id=ids.DECLARE_ANYWHERE)
    town.submit("ana", {"AGENT": "kyc", "title": "slow"})
    assert desk.wait(2) == ("declare", ("kyc", "slow"))
    assert town.heard("@ana", "declare is done.")


def test_with_several_open_a_choice_does_what_was_wanted(desk: RecordedCommands, town: Town) -> None:
    desk.open = 2
    town.slash("ana", "C0GENERAL", "/incident note it is “the prompt”")
    answer = town.heard("C0GENERAL", 'Which one? Say /incident 42 note it is "the prompt"')
    labels = [one["accessory"]["text"]["text"] for one in answer["blocks"] if "accessory" in one]
    assert labels == ["Note", "Note"]
