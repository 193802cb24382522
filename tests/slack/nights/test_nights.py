"""A story for every command, on the local Slack with the real engine and store behind it.

What the person who types hears, and what everybody else sees.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.core.enforcement.approvals import Approval
from bot.engine.assembly import build_engine
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.runbooks.library import RunbookLibrary
from bot.slack.commands.roots import VERBS
from tests.slack.nights.waiting import AGENTS, Night
from tests.support.wired import ANA, BO

RUNBOOKS = Path(__file__).parents[3] / "runbooks"


def breached(night: Night) -> None:
    night.breach()


def acked(night: Night) -> None:
    night.breach()
    night.house.commands.paging.acknowledge(ANA, 1)
    night.house.deliver()


def write_asked(night: Night) -> None:
    """As `acked`, and a write of the agent waits for a person."""
    acked(night)
    house = night.house
    due = house.clock.now() + timedelta(minutes=15)
    house.engine.approvals.ask(Approval("write-0001", "refunds", "payments.refund", house.clock.now(), due, amount=40))
    house.deliver()


def stepped_down(night: Night) -> None:
    acked(night)
    night.house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    night.quietly(1)


def recovered(night: Night) -> None:
    stepped_down(night)
    night.quietly(40)
    assert night.house.incident().state == "recovered"


def restore_asked(night: Night) -> None:
    recovered(night)
    assert night.house.commands.autonomy.ask_restore(ANA, "refunds", "rolled back").ok
    night.house.deliver()


def planned(night: Night) -> None:
    """A restore plan walks: it has restored one rung."""
    recovered(night)
    assert night.house.commands.autonomy.ask_plan(ANA, "refunds", "rolled back").ok
    assert night.house.commands.autonomy.approve_restore(BO, 1).ok
    night.house.deliver()


def offered(night: Night) -> None:
    acked(night)
    night.house.commands.teamwork.hand_off(ANA, 1, "lead", "bo")
    night.house.deliver()


def with_work(night: Night) -> None:
    acked(night)
    night.house.commands.teamwork.task(ANA, 1, "ask finance")
    night.house.commands.teamwork.follow_up(ANA, 1, "write a case", "bo", "friday")
    night.house.deliver()


def closed(night: Night) -> None:
    acked(night)
    night.house.commands.lifecycle.resolve(ANA, 1, override="a drill")
    night.house.deliver()


def watched_over(night: Night) -> None:
    """As `acked`, and this Stepdown knows of runbooks and rehearsals, as the real one does."""
    acked(night)
    house = night.house
    readiness_check = ReadinessCheck(house.store, house.get_fleet, RunbookLibrary(RUNBOOKS))
    house.commands = build_engine(replace(house.engine.dependencies, readiness_check=readiness_check)).commands


def nothing(night: Night) -> None:
    del night


class Story(NamedTuple):
    """`line` is typed by `user` after `given`; they hear `hears`; the room (or `where`) shows `shows`."""

    given: Callable[[Night], None]
    user: str
    line: str
    hears: str
    shows: str = ""
    where: str = ""
    typed_in: str = ""


INCIDENT = {
    "declare": Story(
        nothing,
        "ana",
        "/incident declare refunds paying twice",
        "INC-0001 is open on refunds",
        "paying twice",
        AGENTS,
        "C0GENERAL",
    ),
    "ack": Story(breached, "ana", "/incident ack", "You have INC-0001. Paging has stopped."),
    "pass": Story(breached, "ana", "/incident pass on a train", "The next person is being paged", "", "@ben"),
    "contain": Story(acked, "ana", "/incident contain switched off", "INC-0001 is declared contained", "contained"),
    "resolve": Story(acked, "ana", "/incident resolve", "Not resolved: it is responding, not recovered"),
    "override": Story(acked, "ana", "/incident override nobody left", "INC-0001 is resolved", "resolved"),
    "reopen": Story(closed, "ana", "/incident reopen it is back", "INC-0001 is open again", "Reopened", AGENTS),
    "cancel": Story(acked, "ana", "/incident cancel test traffic", "cancelled as a false alarm", "test traffic"),
    "sev": Story(acked, "ana", "/incident sev 1 it spreads", "INC-0001 is SEV1", "SEV1"),
    "postmortem": Story(acked, "ana", "/incident postmortem", "The draft is being written", "Postmortem draft"),
    "postmortem-done": Story(closed, "ana", "/incident postmortem-done", "The postmortem of INC-0001 is done"),
    "tray": Story(breached, "ana", "/incident", "Nobody has it yet"),
    "status": Story(acked, "dev", "/incident status", "INC-0001 refunds"),
    "catchup": Story(stepped_down, "dev", "/incident catchup", "min past the objective"),
    "timeline": Story(acked, "dev", "/incident timeline", "Acknowledged by Ana"),
    "list": Story(acked, "dev", "/incident list", "1 open incident"),
    "help": Story(acked, "dev", "/incident help", "/incident note TEXT"),
    "steps": Story(acked, "dev", "/incident steps", "Confirm the signal"),
    "done": Story(acked, "ana", "/incident done 1", "Marked done", "Confirm the signal"),
    "skip": Story(acked, "ana", "/incident skip 1 no time", "Marked skipped", "no time"),
    "na": Story(acked, "ana", "/incident na confirm one workflow", "Marked not-applicable", "one workflow"),
    "blocked": Story(acked, "ana", "/incident blocked 1 no access", "Marked blocked", "Who can help"),
    "note": Story(acked, "ana", "/incident note it began with “v7”", "Note added to INC-0001"),
    "update": Story(acked, "ana", "/incident update holding", "Update added to INC-0001", "holding", AGENTS),
    "task": Story(acked, "ana", "/incident task ask finance @ben", "Task added to INC-0001", "ask finance (bo)"),
    "tasks": Story(with_work, "dev", "/incident tasks", "1 open of 1 task"),
    "task-done": Story(with_work, "ana", "/incident task-done 1", "Task done"),
    "followup": Story(
        acked,
        "ana",
        "/incident followup write a case @ben by friday",
        "Follow-up added",
        "write a case (bo, by 2026-03-06)",
    ),
    "followups": Story(with_work, "dev", "/incident followups", "write a case"),
    "followup-done": Story(with_work, "ben", "/incident followup-done 1-1", "Follow-up 1-1 is done"),
    "followup-move": Story(with_work, "ben", "/incident followup-move 1-1 by 2w", "Follow-up 1-1 is changed"),
    "snooze": Story(acked, "ana", "/incident snooze lead", "No reminder of this before"),
    "role": Story(acked, "ana", "/incident role lead", "Ana Silva is lead of INC-0001", "lead Ana Silva"),
    "handoff": Story(acked, "ana", "/incident handoff lead @ben", "Bo Lind is asked to be lead", "I am lead"),
    "accept": Story(offered, "ben", "/incident accept lead", "You are lead of INC-0001", "Bo Lind is lead."),
    "refuse": Story(offered, "ben", "/incident refuse lead", "You do not take lead", "Nobody is lead."),
    "cover": Story(acked, "ana", "/incident cover me until 8h @ben", "Bo Lind has the pager of Ana Silva"),
    "cover-end": Story(acked, "ana", "/incident cover-end", "Nobody covers for Ana Silva"),
    "covers": Story(acked, "dev", "/incident covers", "Everybody has their own pager"),
    "page": Story(
        acked, "ana", "/incident page @chloe the ledger is yours", "Paging cleo", "the ledger is yours", "@chloe"
    ),
    "approve": Story(restore_asked, "ben", "/incident approve", "Restored refunds to approval", "approval"),
    "decline": Story(restore_asked, "ben", "/incident decline too early", "Declined. The rung stays", "too early"),
    "evidence": Story(acked, "dev", "/incident evidence", ""),
    "cause": Story(acked, "ana", "/incident cause prompt v7 did it", ""),
    "ruleout": Story(acked, "ana", "/incident ruleout data looked at it", ""),
    "adopt": Story(acked, "ana", "/incident adopt", ""),
}
AUTONOMY = {
    "down": Story(acked, "ana", "/autonomy refunds down loop", "Step down requested: refunds full", "watched"),
    "to": Story(
        acked, "ana", "/autonomy refunds read-only loop for 2h", "Step down requested: refunds full", "read-only"
    ),
    "restore": Story(
        recovered, "ana", "/autonomy refunds restore rolled back", "A second person must approve it", "Approve"
    ),
    "plan": Story(recovered, "ana", "/autonomy refunds plan rolled back", "by a plan", "Needs a second person"),
    "stop-plan": Story(
        planned, "dev", "/autonomy refunds stop-plan it is odd", "The restore plan is stopped", "it is odd"
    ),
    "pin": Story(acked, "ana", "/autonomy refunds pin while we look", "Pinned refunds to full", "while we look"),
    "show": Story(stepped_down, "dev", "/autonomy refunds", "read and answer; no writes"),
    "list": Story(stepped_down, "dev", "/autonomy", "Off their normal rung"),
    "help": Story(acked, "dev", "/autonomy help", "/autonomy AGENT down"),
}
AGENT = {
    "show": Story(acked, "dev", "/agent refunds", "owner Ana Silva"),
    "sli": Story(acked, "dev", "/agent refunds sli her", "Human escalation"),
    "changes": Story(stepped_down, "dev", "/agent refunds changes", "autonomy to read-only"),
    "budget": Story(acked, "dev", "/agent refunds budget", "Error budgets of refunds, 30 days"),
    "ready": Story(watched_over, "dev", "/agent refunds ready", "deputy"),
    "scope": Story(watched_over, "ana", "/agent refunds scope small sums only", "decided on refunds as production"),
    "approvals": Story(write_asked, "dev", "/agent refunds approvals", "payments.refund"),
    "approve": Story(write_asked, "ana", "/agent refunds approve write-0001", "approved it", "payments.refund", AGENTS),
    "deny": Story(write_asked, "ana", "/agent refunds deny write-0001 paid before", "denied it: paid before"),
    "list": Story(acked, "dev", "/agent", "Fleet: 1"),
    "help": Story(acked, "dev", "/agent help", "/agent AGENT sli SLI"),
}
STORIES = {
    f"{root}-{name}": story
    for root, told in (("incident", INCIDENT), ("autonomy", AUTONOMY), ("agent", AGENT))
    for name, story in told.items()
}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_of_each_command(night: Night, name: str) -> None:
    story = STORIES[name]
    story.given(night)
    night.everybody_joins()
    answer = night.say(story.user, story.line, story.hears, story.typed_in)
    assert answer["ephemeral"], "nobody else is disturbed by an answer"
    if story.shows:
        assert story.shows in night.told(story.where, "ana" if not story.where.startswith("@") else story.where[1:])
    assert "finish" not in answer["text"], answer["text"]


def test_there_is_a_story_for_every_command() -> None:
    wanted = {f"{one.root}-{one.name}" for one in VERBS if one.root != "tabletop"}
    assert wanted == set(STORIES), "a story for each command here; those of /tabletop stand in test_drill_night.py"
