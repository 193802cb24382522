"""From a thumb to the engine and back, over a real Socket Mode connection to a real local Slack."""

import pytest

from bot.slack import Slack, blocks, ids
from bot.slack.commands.roots import VERBS
from bot.slack.inbound.listeners import CommandScope
from bot.slack.inbound.modals import FormPlace
from tests.slack.recording_commands import RecordedCommands, RecordedQueries
from tests.slack.setup import FLEET
from tests.slack.town import Town

# Commands typed in full: every verb, end to end.

SPOKEN = {
    "/incident declare refunds paying twice": ("declare", ("refunds", "paying twice")),
    "/incident ack": ("acknowledge", (42,)),
    "/incident 42 ack": ("acknowledge", (42,)),
    "/incident pass on a train": ("pass_on", (42, "on a train")),
    "/incident contain switched off by hand": ("contain", (42, "switched off by hand")),
    "/incident resolve": ("resolve", (42, "", "", "")),
    "/incident override nobody to ask": ("resolve", (42, "", "nobody to ask", "")),
    "/incident reopen it is back": ("reopen", (42, "it is back")),
    "/incident cancel test traffic": ("cancel", (42, "test traffic")),
    "/incident sev 1 it spreads": ("set_severity", (42, "1", "it spreads")),
    "/incident role lead @ben": ("take_role", (42, "lead", "U0BEN")),
    "/incident role lead": ("take_role", (42, "lead", "")),
    "/incident handoff scribe @ben": ("hand_off", (42, "scribe", "U0BEN")),
    "/incident accept lead": ("accept_role", (42, "lead")),
    "/incident refuse lead": ("decline_role", (42, "lead")),
    "/incident done 2": ("mark_step", (42, "reach", "done", "")),
    "/incident done reach all of them": ("mark_step", (42, "reach", "done", "all of them")),
    "/incident skip harm no time": ("mark_step", (42, "harm", "skipped", "no time")),
    "/incident na score none": ("mark_step", (42, "score", "not-applicable", "none")),
    "/incident blocked 2 no access": ("mark_step", (42, "reach", "blocked", "no access")),
    "/incident note “prompt loop”": ("note", (42, "prompt loop", "note")),
    "/incident task ask Bo": ("task", (42, "ask Bo", "")),
    "/incident task @ben ask the ledger team": ("task", (42, "ask the ledger team", "U0BEN")),
    "/incident task-done 1": ("finish_task", (42, "1")),
    "/incident followup write a case": ("follow_up", (42, "write a case", "", "")),
    "/incident followup write a case by hand @ben by friday": (
        "follow_up",
        (42, "write a case by hand", "U0BEN", "friday"),
    ),
    "/incident followup-done 42-1": ("change_followup", ("42-1", True, "", "")),
    "/incident followup-move 42-1 @ben by 2027-01-31": ("change_followup", ("42-1", False, "U0BEN", "2027-01-31")),
    "/incident cover me until 09:00 @ben": ("cover", ("me", "U0BEN", "09:00")),
    "/incident cover @ben until 8h": ("cover", ("", "U0BEN", "8h")),
    "/incident cover-end": ("end_cover", ("",)),
    "/incident snooze update": ("snooze", (42, "update")),
    "/incident postmortem-done": ("finish_postmortem", (42,)),
    "/incident update holding": ("note", (42, "holding", "update")),
    "/incident cause prompt, v7": ("attribute", (42, "prompt", "v7")),
    "/incident cause 1": ("attribute", (42, "1", "")),
    "/incident cause somebody pulled a plug": ("note", (42, "somebody pulled a plug", "attribution")),
    "/incident ruleout model same version as before": ("rule_out", (42, "model", "same version as before")),
    "/incident adopt": ("adopt", (42, "")),
    "/incident adopt retry-loop": ("adopt", (42, "retry-loop")),
    "/incident page @ben the ledger is yours": ("page", (42, "U0BEN", "the ledger is yours")),
    "/incident approve": ("approve_restore", (42,)),
    "/incident decline too early": ("decline_restore", (42, "too early")),
    "/incident postmortem": ("postmortem", (42,)),
    "/autonomy refunds down": ("step_down", ("refunds", None, "", None, "")),
    "/autonomy down": ("step_down", ("refunds", None, "", None, "")),
    "/autonomy read-only": ("step_down", ("refunds", "read-only", "", None, "")),
    "/autonomy refunds read-only loop for 2h workflow refund": (
        "step_down",
        ("refunds", "read-only", "loop", 120, "refund"),
    ),
    "/autonomy refunds pin full from today": ("pin", ("refunds", "full from today", "")),
    "/autonomy refunds plan up-to bounded every 20m rolled back": (
        "ask_plan",
        ("refunds", "rolled back", "bounded", 20, ""),
    ),
    "/autonomy refunds stop-plan enough": ("stop_plan", ("refunds", "enough")),
    "/autonomy refunds restore rolled back": ("ask_restore", ("refunds", "rolled back", "")),
}


@pytest.mark.parametrize("line", SPOKEN)
def test_a_command_typed_in_full_is_done_and_answered(desk: RecordedCommands, town: Town, line: str) -> None:
    assert town.slash("ana", "C0ROOM", line)["acked"]
    assert desk.wait() == SPOKEN[line]
    assert (desk.actors[-1].key, desk.actors[-1].responder) == ("ana", True)
    answer = town.heard("C0ROOM", f"{desk.calls[-1][0]} is done.")
    assert answer["ephemeral"]
    assert all(one["ephemeral"] for one in town.messages("C0ROOM")), "the channel is told by the outbox, not from here"


READ = {
    "/incident": "Nobody has it yet",
    "/incident tray": "Page somebody…",
    "/incident covers": "Everybody has their own pager.",
    "/incident tasks": "1 open of 2 tasks",
    "/incident followups": "write an eval case",
    "/incident status": "Step down to read-only",
    "/incident steps": "Find how far it reaches",
    "/incident steps attr": "Find how far it reaches",
    "/incident catchup": "Tried:",
    "/incident timeline": "12 earlier entries",
    "/incident list": "1 open incident",
    "/incident evidence": "Looks like the tool ledger",
    "/incident help": "/incident done STEP",
    "/autonomy": "Every agent is on its normal rung.",
    "/autonomy refunds": "Ask to restore one rung",
    "/autonomy help": "Rungs: full, watched",
    "/agent": "Fleet: 2",
    "/agent refunds": "Pays refunds up to 200 EUR.",
    "/agent refunds sli tie": "6.3 calls/task",
    "/agent help": "/agent AGENT sli SLI",
}


@pytest.mark.parametrize("line", READ)
def test_a_question_is_answered_to_whoever_asked_only(desk: RecordedCommands, town: Town, line: str) -> None:
    assert town.slash("dev", "C0ROOM", line)["acked"]
    assert town.heard("C0ROOM", READ[line], user="dev")["ephemeral"]
    assert not [one for one in town.messages("C0ROOM", user="ana") if READ[line] in str(one)]
    assert desk.calls == []


def test_every_verb_is_driven_above() -> None:
    spoken = {line.split()[1] for line in (*SPOKEN, *READ) if line.startswith("/incident ") and not line[10].isdigit()}
    assert {one.name for one in VERBS if one.root == "incident"} <= spoken


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/incident done ²", "There is no step ² in this phase"),
        (f"/incident skip {'9' * 4_400} no", "There is no step 9999"),
        ("/incident reslove", "Did you mean resolve?"),
        ("/autonomy nosuch down", "There is no agent 'nosuch'"),
        ("/autonomy refundz down", "Did you mean refunds?"),
        ("/autonomy refunds redonly", "Did you mean read-only?"),
        ("/incident done 9", "There is no step 9 in this phase; it has 4."),
        ("/incident steps nowhere", "There are: detection"),
    ],
)
def test_a_miss_is_answered_with_the_nearest(desk: RecordedCommands, town: Town, line: str, words: str) -> None:
    town.slash("ana", "C0ROOM", line)
    assert town.heard("C0ROOM", words)["ephemeral"]
    assert desk.calls == []


def test_elsewhere_the_only_open_incident_is_meant(desk: RecordedCommands, town: Town) -> None:
    town.slash("ana", "C0GENERAL", "/incident ack")
    assert desk.wait() == ("acknowledge", (42,))


def test_elsewhere_with_several_open_it_is_asked_which(desk: RecordedCommands, town: Town) -> None:
    desk.open = 2
    town.slash("ana", "C0GENERAL", "/incident ack")
    answer = town.heard("C0GENERAL", "Which one? Say /incident 42 ack")
    assert "'text': 'Ack'" in str(answer["blocks"]), "the choice does what was wanted"
    assert desk.calls == []


def test_elsewhere_a_bare_incident_lists_them(desk: RecordedCommands, town: Town) -> None:
    town.slash("ana", "C0GENERAL", "/incident")
    town.heard("C0GENERAL", "1 open incident")
    desk.open = 0
    town.slash("ana", "C0GENERAL", "/incident")
    town.heard("C0GENERAL", "No incident is open.")


def test_where_the_bot_is_not_it_still_answers(desk: RecordedCommands, town: Town) -> None:
    town.slash("ana", "C0ELSE", "/incident 42 ack")
    assert town.heard("C0ELSE", "acknowledge is done.")["ephemeral"]


# Missing arguments.

ASKED = {
    "/incident note": ({"TEXT": "it is the prompt"}, ("note", (42, "it is the prompt", "note"))),
    "/incident declare": ({"AGENT": "kyc", "title": "slow"}, ("declare", ("kyc", "slow"))),
    "/incident sev": ({"N": "SEV1", "reason": "spreads"}, ("set_severity", (42, "SEV1", "spreads"))),
    "/incident role": ({"ROLE": "lead", "@person": "U0BEN"}, ("take_role", (42, "lead", "U0BEN"))),
    "/incident skip": ({"STEP": "harm", "reason": "no time"}, ("mark_step", (42, "harm", "skipped", "no time"))),
    "/incident blocked": (
        {"STEP": "reach", "reason": "no access"},
        ("mark_step", (42, "reach", "blocked", "no access")),
    ),
    "/incident done": ({"STEP": "score"}, ("mark_step", (42, "score", "done", ""))),
    "/incident page": ({"@person": "U0BEN", "reason": "ledger"}, ("page", (42, "U0BEN", "ledger"))),
    "/incident override": (
        {"reason": "nobody to ask", "left_on": "until Monday"},
        ("resolve", (42, "", "nobody to ask", "until Monday")),
    ),
    "/autonomy refunds restore": ({"reason": "rolled back"}, ("ask_restore", ("refunds", "rolled back", ""))),
    "/autonomy refunds to": (
        {"RUNG": "suspended", "reason": ""},
        ("step_down", ("refunds", "suspended", "", None, "")),
    ),
}


@pytest.mark.parametrize("line", ASKED)
def test_what_is_missing_is_asked_in_a_form(desk: RecordedCommands, town: Town, line: str) -> None:
    values, call = ASKED[line]
    assert town.slash("ana", "C0ROOM", line)["acked"]
    assert town.submit("ana", {name: value for name, value in values.items() if value})["acked"]
    assert desk.wait() == call
    assert town.heard("C0ROOM", f"{call[0]} is done.")["ephemeral"]
    assert town.look("views", user="ana")["views"] == []


def test_the_form_is_prefilled_with_what_was_typed(desk: RecordedCommands, town: Town) -> None:
    town.slash("ana", "C0ROOM", "/incident declare refunds")
    inputs = {block["block_id"]: block["element"] for block in town.modal("ana")["blocks"] if "element" in block}
    assert inputs["AGENT"]["initial_option"]["value"] == "refunds"
    assert "initial_value" not in inputs["title"]


def test_a_step_is_chosen_from_the_open_ones_by_their_titles(desk: RecordedCommands, town: Town) -> None:
    town.slash("ana", "C0ROOM", "/incident skip")
    inputs = {block["block_id"]: block["element"] for block in town.modal("ana")["blocks"] if "element" in block}
    offered = {one["value"]: one["text"]["text"] for one in inputs["STEP"]["options"]}
    assert offered == {
        "reach": "Find how far it reaches",
        "harm": "Decide whether it is still doing harm",
        "score": "Score ten decisions by hand",
    }


def test_a_form_for_a_step_that_a_button_named_says_which(desk: RecordedCommands, town: Town) -> None:
    town.slash("ana", "C0ROOM", "/incident skip harm")
    about = town.modal("ana")["blocks"][0]["text"]["text"]
    assert about == "skip a step, with the reason\nDecide whether it is still doing harm"


def test_where_the_steps_cannot_be_told_the_form_asks_in_words(
    desk: RecordedCommands, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RecordedQueries, "open_steps", lambda *_: 1 / 0)
    town.slash("ana", "C0ROOM", "/incident skip")
    inputs = {block["block_id"]: block["element"] for block in town.modal("ana")["blocks"] if "element" in block}
    assert inputs["STEP"]["type"] == "plain_text_input"


def test_the_form_opens_before_anything_else_is_asked(desk: RecordedCommands, town: Town) -> None:
    town.slash("ana", "C0ROOM", "/incident note")
    town.modal("ana")
    methods = [call["method"] for call in town.look("calls")["calls"]]
    assert methods[0] == "views.open"


def test_a_form_that_cannot_open_says_what_to_type(desk: RecordedCommands, town: Town) -> None:
    town.do("faults", fault="refuse", method="views.open", error="expired_trigger_id")
    town.slash("ana", "C0ROOM", "/incident note")
    town.heard("C0ROOM", "Say it in full: /incident note TEXT")


def test_whoever_submits_is_looked_up_again(desk: RecordedCommands, slack: object, town: Town) -> None:
    town.slash("ana", "C0ROOM", "/incident note")
    town.submit("ana", {"TEXT": "x"})
    desk.wait()
    assert [call["arguments"]["user"] for call in town.calls("users.info")] == ["U0ANA"]


# Who, and what goes wrong.


def test_a_bystander_is_known_as_one(desk: RecordedCommands, town: Town) -> None:
    desk.refusal = "Dev Onlooker is not among the responders of refunds. ana, bo, cy could."
    town.slash("dev", "C0ROOM", "/autonomy refunds down")
    desk.wait()
    assert desk.actors[-1].responder is False
    assert town.heard("C0ROOM", "not among the responders", user="dev")["ephemeral"]


def test_a_guest_learns_nothing_and_changes_nothing(desk: RecordedCommands, town: Town) -> None:
    last = ""
    for line in ("/autonomy refunds down", "/agent"):
        town.slash("guest", "C0ROOM", line)
        last = town.heard("C0ROOM", "Only full members of this workspace", user="guest", after=last)["ts"]
    assert desk.calls == []


def test_a_guest_is_refused_in_the_house_that_was_meant(
    desk: RecordedCommands, slack: tuple[Slack, RecordedCommands], town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound, other = slack[0].inbound, RecordedCommands()
    house = CommandScope(other, slack[0].access, lambda: FLEET)  # type: ignore[arg-type]  # see desk
    monkeypatch.setattr(inbound, "route", lambda said, _: (house, said))
    town.slash("guest", "C0ROOM", "/incident 42 ack")
    town.heard("C0ROOM", "Only full members of this workspace", user="guest")
    assert [(who, number) for who, _, number in other.refused] == [("U0GUEST", 42)]
    assert desk.refused == []


def test_while_slack_cannot_be_asked_who_it_is_the_engine_is_told_so(desk: RecordedCommands, town: Town) -> None:
    town.do("faults", fault="server_error", method="users.info", times=4)
    town.slash("ana", "C0ROOM", "/autonomy refunds down")
    desk.wait()
    assert desk.actors[-1].responder is None


def test_a_refused_resolve_offers_the_form(desk: RecordedCommands, town: Town) -> None:
    desk.refusal = "Not resolved: it is contained, not recovered. An override takes a reason."
    town.slash("ana", "C0ROOM", "/incident resolve")
    answer = town.heard("C0ROOM", "Not resolved")
    assert "Resolve anyway" in str(answer["blocks"])


def test_an_error_of_our_own_is_said_and_the_next_click_works(desk: RecordedCommands, town: Town) -> None:
    desk.breaks = True
    assert town.slash("ana", "C0ROOM", "/incident ack")["acked"]
    town.heard("C0ROOM", "Stepdown could not finish")
    desk.breaks = False
    town.slash("ana", "C0ROOM", "/incident ack")
    town.heard("C0ROOM", "acknowledge is done.")


def test_an_answer_reaches_people_though_the_response_url_is_used_up(
    desk: RecordedCommands, town: Town, slack: tuple[Slack, RecordedCommands]
) -> None:
    inbound = slack[0].inbound
    used = FormPlace("U0ANA", "T0LOCAL", "C0ROOM", f"{town.server.url}/response/R9999")
    inbound._tell(used, blocks.line("the long way round"))
    assert town.heard("C0ROOM", "the long way round")["ephemeral"]
    inbound._tell(FormPlace("U0CHLOE", "T0LOCAL", "C0AGENTS"), blocks.line("directly then"))
    assert town.heard("@chloe", "directly then", user="chloe")


def test_the_message_shortcut_declares_with_the_message_as_title(desk: RecordedCommands, town: Town) -> None:
    said = town.do("say", user="ben", channel="C0ROOM", text="refunds pays twice")
    town.do("message_action", user="ana", channel="C0ROOM", ts=said["ts"], callback_id=ids.DECLARE_SHORTCUT)
    town.submit("ana", {"AGENT": "refunds"})
    assert desk.wait() == ("declare", ("refunds", "refunds pays twice"))


def test_a_mention_answers_where_commands_do_not_work(desk: RecordedCommands, town: Town) -> None:
    town.do("mention", user="ana", channel="C0ROOM", text="status")
    assert town.heard("C0ROOM", "Catch me up")["ephemeral"]
    town.do("mention", user="ana", channel="C0ROOM", text="autonomy refunds down")
    assert desk.wait() == ("step_down", ("refunds", None, "", None, ""))


def test_nothing_asked_slack_who_we_are_inside_the_three_seconds(desk: RecordedCommands, town: Town) -> None:
    town.slash("ana", "C0ROOM", "/incident ack")
    desk.wait()
    assert town.calls("auth.test") == []


def test_every_payload_was_acknowledged_in_half_a_second(desk: RecordedCommands, town: Town) -> None:
    for _ in range(5):
        town.slash("ana", "C0ROOM", "/incident ack")
    desk.wait(5)
    taken = [one["ms"] for one in town.look("deliveries")["deliveries"]]
    assert len(taken) == 5
    assert all(ms is not None and ms < 500 for ms in taken), taken
