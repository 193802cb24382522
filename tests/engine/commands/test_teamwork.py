"""Between people: roles that are offered and accepted, tasks, follow-ups that outlive the incident, reminders."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.cards.incident import IncidentCard, TimelineCard
from bot.core.cards.team import FollowupList, HandoffCard, NudgeCard, TaskList
from bot.core.incident.effects import EditCard
from bot.core.incident.events import NudgeKind
from bot.core.model import calendar
from bot.core.model.people import BOT
from bot.core.transitions import reminders as nudges
from bot.core.transitions.reducer import replay
from bot.ports.errors import DeliveryError
from tests.support.wired import ANA, BO, EVE, START, WiredEngine


@pytest.fixture
def working(house: WiredEngine) -> WiredEngine:
    """INC-1 is open, its channel is there, and Ana has acknowledged."""
    house.commands.lifecycle.declare(ANA, "refunds", "paying twice")
    house.deliver()
    house.commands.paging.acknowledge(ANA, 1)
    house.deliver()
    return house


def posted(house: WiredEngine, name: str) -> list[object]:
    return [one.content for key, one in house.chat.posts.items() if f"/{name}" in key]


def standing(house: WiredEngine, name: str) -> list[object]:
    """What stands in the chat now, of what was posted."""
    found = [one for key, one in house.chat.posts.items() if f"/{name}" in key]
    return [one.content for one in found if one.receipt.ts not in house.chat.gone]


def nudge_cards(house: WiredEngine, kind: NudgeKind) -> list[NudgeCard]:
    return [card for card in posted(house, f"nudge-{kind}") if isinstance(card, NudgeCard)]


def pass_time(house: WiredEngine, minutes: int) -> None:
    """Minutes go by, with only deadlines ticking."""
    for _ in range(minutes):
        house.later(1)
        house.monitor.deadlines()
        house.reminders.tick()
        house.deliver()


# Roles.


def test_a_role_that_is_offered_is_somebodys_when_they_accept(working: WiredEngine) -> None:
    working.commands.teamwork.take_role(ANA, 1, "lead")
    answer = working.commands.teamwork.hand_off(ANA, 1, "lead", "U0BO")
    assert answer.text == "Bo Lindgren is asked to be lead."
    assert working.incident().roles == {"lead": "ana"}
    working.deliver()
    (asked,) = posted(working, "card/handoff-lead")
    assert isinstance(asked, HandoffCard)
    assert (asked.person, asked.asked_by, asked.settled) == ("Bo Lindgren", "Ana Duarte", "")
    assert working.commands.teamwork.accept_role(BO, 1, "lead").ok
    working.deliver()
    assert working.incident().roles == {"lead": "bo"}
    (answered,) = posted(working, "card/handoff-lead")
    assert isinstance(answered, HandoffCard)
    assert answered.settled == "Bo Lindgren is lead."


def test_accepting_twice_or_after_somebody_else_is_said_and_changes_nothing(working: WiredEngine) -> None:
    working.commands.teamwork.hand_off(ANA, 1, "scribe", "bo")
    working.commands.teamwork.accept_role(BO, 1, "scribe")
    version = working.incident().version
    assert working.commands.teamwork.accept_role(BO, 1, "scribe").ok
    late = working.commands.teamwork.accept_role(ANA, 1, "scribe")
    assert (late.ok, late.text) == (False, "Nobody is asked to be scribe any more. Bo Lindgren is scribe.")
    assert working.incident().version == version


def test_a_role_that_is_refused_stays_where_it_is(working: WiredEngine) -> None:
    working.commands.teamwork.take_role(ANA, 1, "lead")
    working.commands.teamwork.hand_off(ANA, 1, "lead", "bo")
    assert working.commands.teamwork.decline_role(BO, 1, "lead").ok
    assert (working.incident().roles, working.incident().offers) == ({"lead": "ana"}, {})


def test_asking_the_same_person_twice_asks_once(working: WiredEngine) -> None:
    for _ in range(2):
        working.commands.teamwork.hand_off(ANA, 1, "lead", "bo")
    working.deliver()
    assert len(posted(working, "card/handoff-lead")) == 1


def test_a_bystander_takes_no_role(working: WiredEngine) -> None:
    assert "not among the responders" in working.commands.teamwork.take_role(EVE, 1, "lead").text


# Tasks.


def test_tasks_are_kept_shown_and_ticked_off(working: WiredEngine) -> None:
    working.commands.teamwork.task(ANA, 1, "ask the ledger team", "U0BO")
    working.commands.teamwork.task(BO, 1, "stop the retry job")
    card = working.commands.queries.tasks(1).card
    assert isinstance(card, TaskList)
    assert [(line.number, line.text, line.person) for line in card.lines] == [
        (1, "ask the ledger team", "Bo Lindgren"),
        (2, "stop the retry job", ""),
    ]
    assert working.commands.teamwork.finish_task(BO, 1, "1").ok
    version = working.incident().version
    assert working.commands.teamwork.finish_task(BO, 1, "1-t1").ok, "a second tap"
    assert working.incident().version == version
    shown = working.commands.queries.status(1).card
    assert isinstance(shown, IncidentCard)
    assert [line.text for line in shown.tasks] == ["stop the retry job"]
    assert working.commands.teamwork.finish_task(BO, 1, "7").text == "There is no task 7. INC-0001 has 2."


# Follow-ups.


def test_a_follow_up_outlives_its_incident_and_reminds_its_owner_by_day(working: WiredEngine) -> None:
    """START is Monday 02:00 UTC; the due date is Friday 17:00."""
    working.commands.teamwork.follow_up(ANA, 1, "write a case", "bo", "friday")
    working.commands.lifecycle.cancel(ANA, 1, "a drill")
    (kept,) = working.store.followups(owner="bo")
    assert (kept.id, kept.text, kept.due) == ("1-1", "write a case", START.replace(day=6, hour=17))
    working.clock.advance(timedelta(days=4, hours=14, minutes=58).total_seconds())
    pass_time(working, 1)
    assert not posted(working, "direct/followup")
    pass_time(working, 1)
    (reminder,) = posted(working, "direct/followup-1-1-1/bo")
    assert isinstance(reminder, FollowupList)
    assert reminder.reminder
    assert [line.text for line in reminder.lines] == ["write a case"]


def test_reminders_wait_for_monday_and_are_five_at_most(working: WiredEngine) -> None:
    working.commands.teamwork.follow_up(ANA, 1, "write a case", "bo", "saturday")
    working.clock.advance(timedelta(days=5, hours=15, minutes=1).total_seconds())
    pass_time(working, 1)
    assert not posted(working, "direct/followup"), "Saturday 17:02"
    (kept,) = working.store.followups(owner="bo")
    assert kept.nudge_at == START.replace(day=9, hour=8), "Monday 08:00"
    for _ in range(24 * 14):
        working.clock.advance(3600)
        working.reminders.tick()
    working.deliver()
    assert len(posted(working, "direct/followup")) == 5
    assert all(8 <= one.nudge_at.hour < 20 for one in working.store.followups(owner="bo") if one.nudge_at)


def test_a_follow_up_that_is_done_or_moved_reminds_no_more(working: WiredEngine) -> None:
    working.commands.teamwork.follow_up(ANA, 1, "one", "bo", "tuesday")
    working.commands.teamwork.follow_up(ANA, 1, "two", "bo", "tuesday")
    assert working.commands.teamwork.change_followup(BO, "1-1", done=True).ok
    again = working.commands.teamwork.change_followup(ANA, "1-1", done=True)
    assert (again.ok, again.text) == (True, "Follow-up 1-1 is done already, by Bo Lindgren.")
    assert working.commands.teamwork.change_followup(BO, "1-2", due="friday").ok
    working.clock.advance(timedelta(days=2, hours=10).total_seconds())
    pass_time(working, 1)
    assert not posted(working, "direct/followup")
    assert [one.text for one in working.store.followups(owner="bo")] == ["two"]
    assert working.commands.teamwork.change_followup(BO, "9-9", done=True).text == "There is no follow-up 9-9."


def test_a_snoozed_follow_up_waits_a_day_and_that_does_not_count(working: WiredEngine) -> None:
    working.commands.teamwork.follow_up(ANA, 1, "one", "bo", "tuesday")
    working.clock.advance(timedelta(days=1, hours=15, minutes=1).total_seconds())
    pass_time(working, 1)
    assert working.commands.teamwork.snooze(BO, 1, "1-1").text == "No reminder of this before tomorrow."
    (kept,) = working.store.followups()
    assert (kept.nudges, kept.nudge_at) == (1, working.clock.now() + timedelta(days=1))


def test_a_date_that_is_none_is_answered_with_what_is_allowed(working: WiredEngine) -> None:
    answer = working.commands.teamwork.follow_up(ANA, 1, "one", "", "2026-13-01")
    assert not answer.ok
    assert "write a date such as 2026-01-31" in answer.text
    assert working.store.followups() == []


# Reminders of the incident.


def test_nobody_leads_for_two_minutes(working: WiredEngine) -> None:
    pass_time(working, 1)
    assert nudge_cards(working, "lead") == []
    pass_time(working, 1)
    (card,) = nudge_cards(working, "lead")
    assert (card.count, card.settled) == (1, "")
    working.commands.teamwork.take_role(ANA, 1, "lead")
    pass_time(working, 20)
    (card,) = nudge_cards(working, "lead")
    assert card.settled, "the buttons go once somebody leads"


def test_reminders_are_five_at_most(working: WiredEngine) -> None:
    for _ in range(6):
        working.commands.teamwork.note(ANA, 1, "still here")
        pass_time(working, 10)
    assert [card.count for card in nudge_cards(working, "lead")] == [1, 2, 3, 4, 5]
    (left,) = standing(working, "nudge-lead")
    assert isinstance(left, NudgeCard)
    assert left.count == 5, "each came in place of the one before it"


def test_a_reminder_stays_where_the_one_that_replaces_it_cannot_be_posted(working: WiredEngine) -> None:
    pass_time(working, 2)
    working.chat.refuse += [DeliveryError("is_archived", permanent=True)]
    working.commands.teamwork.note(ANA, 1, "still here")
    pass_time(working, 5)
    (left,) = standing(working, "nudge-lead")
    assert isinstance(left, NudgeCard)
    assert left.count == 1


def test_reminders_that_could_not_be_posted_for_a_while_come_as_one(working: WiredEngine) -> None:
    pass_time(working, 2)
    for _ in range(2):
        working.commands.teamwork.note(ANA, 1, "still here")
        working.later(5)
        working.monitor.deadlines()
    working.deliver()
    assert [card.count for card in nudge_cards(working, "lead")] == [1, 3]
    assert len(standing(working, "nudge-lead")) == 1


def test_a_reminder_that_was_taken_down_does_not_come_back_with_an_edit(working: WiredEngine) -> None:
    pass_time(working, 7)
    before, _ = [key for key in working.chat.posts if "/card/nudge-lead" in key]
    working.recorder.refresh([EditCard(1, before.rpartition("/")[2], "late")])
    working.deliver()
    assert len(standing(working, "nudge-lead")) == 1
    assert not [key for key in working.chat.posts if key.endswith("/again")]


def test_the_reminder_of_a_follow_up_comes_in_place_of_the_one_before_it(working: WiredEngine) -> None:
    working.commands.teamwork.note(ANA, 1, "write the missing eval", "followup")
    working.clock.advance(timedelta(hours=8).total_seconds())
    for _ in range(4):
        working.clock.advance(timedelta(days=7).total_seconds())
        pass_time(working, 1)
    assert len(posted(working, "direct/followup")) > 1
    assert len(standing(working, "direct/followup")) == 1


def test_no_update_for_half_an_hour_and_the_card_says_when_it_is_due(working: WiredEngine) -> None:
    working.commands.teamwork.take_role(ANA, 1, "lead")
    pass_time(working, 10)
    working.commands.teamwork.note(ANA, 1, "holding on read-only", "update")
    shown = working.views.announcement_card(working.incident(), working.clock.now())
    assert shown.update == "holding on read-only"
    assert shown.update_due == working.clock.now() + nudges.UPDATE_EVERY
    pass_time(working, 20)
    working.commands.teamwork.note(ANA, 1, "still here")
    pass_time(working, 9)
    assert nudge_cards(working, "update") == []
    pass_time(working, 1)
    assert len(nudge_cards(working, "update")) == 1


def test_a_snoozed_reminder_waits_an_hour_and_does_not_count(working: WiredEngine) -> None:
    pass_time(working, 2)
    answer = working.commands.teamwork.snooze(ANA, 1, "lead")
    assert answer.text == "No reminder of this before 03:02."
    for _ in range(5):
        working.commands.teamwork.note(ANA, 1, "still here")
        pass_time(working, 11)
    assert len(nudge_cards(working, "lead")) == 1
    working.commands.teamwork.note(ANA, 1, "still here")
    pass_time(working, 6)
    assert [card.count for card in nudge_cards(working, "lead")] == [1, 2]


def test_the_postmortem_is_asked_for_after_three_working_days_in_working_hours(working: WiredEngine) -> None:
    working.commands.lifecycle.resolve(ANA, 1, override="a drill")
    working.deliver()
    working.clock.advance(timedelta(days=3).total_seconds())
    pass_time(working, 1)
    assert nudge_cards(working, "postmortem") == [], "Thursday 02:01: it waits for the morning"
    working.clock.advance(timedelta(hours=6).total_seconds())
    pass_time(working, 1)
    assert [key for key in working.chat.posts if "/direct/nudge-postmortem" in key], "to the person, not the channel"
    assert working.commands.lifecycle.finish_postmortem(ANA, 1).ok
    working.clock.advance(timedelta(days=5).total_seconds())
    pass_time(working, 1)
    assert len(nudge_cards(working, "postmortem")) == 1


def with_quiet(house: WiredEngine, quiet: str) -> None:
    """Ana has quiet hours of her own."""
    people = house.watched.people
    ana = replace(people["ana"], quiet=calendar.quiet_hours(quiet))
    house.watched = replace(house.watched, people={**people, "ana": ana})


@pytest.mark.parametrize(("quiet", "reminders"), [("22:00-01:00", 1), ("22:00-07:00", 0)])
def test_what_can_wait_waits_for_the_persons_own_hours(working: WiredEngine, quiet: str, reminders: int) -> None:
    with_quiet(working, quiet)
    working.commands.lifecycle.resolve(ANA, 1, override="a drill")
    working.deliver()
    working.clock.advance(timedelta(days=3).total_seconds())
    pass_time(working, 1)
    assert len(nudge_cards(working, "postmortem")) == reminders, "Thursday 02:01"


def test_nothing_of_an_open_sev1_waits(working: WiredEngine) -> None:
    assert nudges.can_wait(working.incident(), "restore")
    assert working.commands.lifecycle.set_severity(ANA, 1, "SEV1").ok
    assert not nudges.can_wait(working.incident(), "restore")
    working.commands.lifecycle.resolve(ANA, 1, override="a drill")
    assert nudges.can_wait(working.incident(), "postmortem"), "what is over can wait for the morning"


def test_reminders_survive_a_restart_and_replay_gives_the_row(working: WiredEngine) -> None:
    working.later(1)
    working.close()
    working.open()
    pass_time(working, 1)
    assert len(nudge_cards(working, "lead")) == 1
    working.commands.teamwork.hand_off(ANA, 1, "lead", "bo")
    working.commands.teamwork.task(ANA, 1, "ask")
    working.commands.teamwork.follow_up(ANA, 1, "later")
    working.commands.teamwork.snooze(ANA, 1, "lead")
    events = [one.entry.event for one in working.store.entries(1) if one.entry.event is not None]
    assert replay(events) == working.incident()


# Taking messages over.


def test_a_message_is_taken_over_once_at_its_own_time(working: WiredEngine) -> None:
    said_at = working.clock.now()
    working.later(10)
    for _ in range(2):
        answer = working.commands.teamwork.capture(BO, 1, "Ana: it is the prompt", "note", "C1|1.5", said_at)
        assert answer.ok
    notes = [one.entry for one in working.store.entries(1) if one.entry.kind == "noted"]
    assert [(note.at, note.text, note.actor.key) for note in notes] == [(said_at, "Ana: it is the prompt", "bo")]
    card = working.commands.queries.timeline(1).card
    assert isinstance(card, TimelineCard)
    assert [line.at for line in card.lines] == sorted(line.at for line in card.lines)
    working.commands.teamwork.capture(BO, 1, "ask finance", "task", "C1|1.6", said_at)
    working.commands.teamwork.capture(BO, 1, "write a case", "followup", "C1|1.7", said_at)
    assert [task.text for task in working.incident().tasks] == ["ask finance"]
    assert [one.text for one in working.store.followups()] == ["write a case"]
    assert BOT.key not in {note.actor.key for note in notes}


def test_the_open_steps_are_those_not_settled_and_a_blocked_one_is_open(working: WiredEngine) -> None:
    assert [step for step, _ in working.commands.queries.open_steps(1)] == [
        "confirm",
        "changed",
        "lower",
        "backlog",
        "nice",
    ]
    working.commands.lifecycle.mark_step(ANA, 1, "confirm", "done")
    working.commands.lifecycle.mark_step(ANA, 1, "changed", "blocked", "no access")
    assert working.commands.queries.open_steps(1)[0] == ("changed", "What changed?")
    assert working.commands.queries.open_steps(99) == ()
