"""A restore plan: approved once by two people, walked by the bot while the numbers hold, stopped by anybody."""

import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.cards import card_lines
from bot.core.incident import events as ev
from bot.core.incident.incident import IllegalMove, IncidentState
from bot.core.model.people import BOT, Actor
from bot.core.transitions.reducer import advance, replay
from bot.engine.assembly import EngineDependencies, build_engine
from tests.support.wired import ANA, BO, EVE, WiredEngine, fleet

NAMED = Actor("bo", "Bo Lindgren", "U0BO", responder=True, surface="cli")
"""Somebody who typed a name in a shell and proved nothing."""


def _approved(house: WiredEngine, after: int = 10, up_to: str = "") -> None:
    asked = house.commands.autonomy.ask_plan(ANA, "refunds", "rolled back", up_to, after)
    assert asked.ok, asked.text
    approved = house.commands.autonomy.approve_restore(BO, 1)
    assert approved.ok, approved.text
    house.deliver()


def _rung(house: WiredEngine) -> str:
    return house.rung_cache.answer("refunds").level


def _raises(house: WiredEngine) -> list[ev.RungRaised]:
    found = (one.entry.event for one in house.store.entries(1))
    return [event for event in found if isinstance(event, ev.RungRaised)]


def test_the_bot_walks_it_up_in_the_names_of_the_two(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house)
    assert _rung(house) == "approval"
    seen: list[str] = []
    for _ in range(50):
        house.live(1)
        if not seen or seen[-1] != _rung(house):
            seen.append(_rung(house))
    assert seen == ["approval", "bounded", "watched", "full"]
    raises = _raises(house)
    assert [event.by_plan for event in raises] == [False, True, True, True]
    assert all((event.asked_by.key, event.actor.key) == ("ana", "bo") for event in raises)
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(raises)]
    assert all(gap >= timedelta(minutes=10) for gap in gaps), gaps
    plan = house.incident().rungs.plan
    assert plan is not None
    assert plan.state == "done"
    told = [one.entry.text for one in house.store.entries(1)]
    assert any("Restored approval -> bounded: by the restore plan of Ana Duarte and Bo Lindgren" in one for one in told)
    house.live(35)
    assert house.incident().state is IncidentState.RECOVERED
    events = [one.entry.event for one in house.store.entries(1) if one.entry.event is not None]
    assert replay(events) == house.incident()


def test_one_bad_minute_stops_it_for_good_and_pages(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house)
    house.live(13)
    assert _rung(house) == "bounded"
    serial = house.incident().escalation.serial
    house.live(3, tie=30.0)
    incident = house.incident()
    assert incident.rungs.plan is not None
    assert incident.rungs.plan.state == "stopped"
    assert "also in breach: TIE 30 calls/task" in incident.rungs.plan.why
    assert incident.escalation.serial > serial
    assert "Restore plan stopped" in house.said()
    house.live(60)
    assert _rung(house) == "bounded"


def test_a_bad_minute_while_nobody_ran_stops_it_too(recovered: WiredEngine) -> None:
    """The bot was away for it, and good minutes came after: they make up for nothing."""
    house = recovered
    _approved(house)
    house.live(1)
    house.close()
    for _ in range(30):
        house.clock.advance(60)
        house.open()
        house.feed(1, {**house.healthy(), "tie": 30.0} if _ < 5 else house.healthy())
        house.close()
    house.open()
    house.obey()
    house.tick()
    plan = house.incident().rungs.plan
    assert plan is not None
    assert plan.state == "stopped"
    assert _rung(house) == "approval"


def test_anybody_may_stop_it(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house)
    answer = house.commands.autonomy.stop_plan(EVE, "refunds", "I do not trust it")
    assert answer.ok
    assert not house.commands.autonomy.stop_plan(ANA, "refunds").ok
    house.live(30)
    assert _rung(house) == "approval"
    texts = [one.entry.text for one in house.store.entries(1)]
    assert "Restore plan stopped by Eve: I do not trust it. refunds stays on approval." in texts
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "by hand").ok


def test_never_without_the_two(recovered: WiredEngine) -> None:
    house = recovered
    assert house.commands.autonomy.ask_plan(ANA, "refunds", "rolled back").ok
    assert not house.commands.autonomy.approve_restore(ANA, 1).ok
    assert not house.commands.autonomy.approve_restore(NAMED, 1).ok
    assert not house.commands.autonomy.approve_restore(EVE, 1).ok
    house.live(40)
    assert _rung(house) == "read-only"
    assert _raises(house) == []


def test_who_approves_what_somebody_unproven_asked_for_has_asked_for_the_whole_plan(recovered: WiredEngine) -> None:
    house = recovered
    cleo = Actor("cleo", "Cleo Baptiste", "U0CLEO", responder=True, surface="cli")
    assert house.commands.autonomy.ask_plan(cleo, "refunds", "rolled back").ok
    assert "the asking is yours now" in house.commands.autonomy.approve_restore(BO, 1).text
    assert not house.commands.autonomy.approve_restore(BO, 1).ok
    assert _raises(house) == []
    assert house.commands.autonomy.approve_restore(ANA, 1).ok
    house.live(40)
    assert _rung(house) == "full"
    assert {event.asked_by.slack for event in _raises(house)} == {"U0BO"}


def test_a_restart_goes_on_where_it_was(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house)
    house.live(13)
    assert _rung(house) == "bounded"
    house.close()
    house.open()
    house.live(28)
    assert _rung(house) == "full"
    assert len(_raises(house)) == 4


def test_of_two_replicas_one_makes_each_restore(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house)
    other = build_engine(
        EngineDependencies(house.store, house.get_fleet, house.clock, house.wall, house.runbooks, lambda: ())
    )
    for _ in range(45):
        house.clock.advance(60)
        house.feed(1, house.healthy())
        house.obey()
        other.rung_cache.publish(house.store.rungs())
        house.monitor.read_back()
        other.monitor.judge_all()
        house.monitor.judge_all()
        house.rung_cache.publish(house.store.rungs())
    assert [event.to_rung for event in _raises(house)] == ["approval", "bounded", "watched", "full"]
    epochs = [state.epoch for state in house.store.rung_history("refunds", house.incident().opened_at)]
    assert epochs == sorted(set(epochs))


def test_it_waits_for_the_rung_before_to_be_read_back(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house)
    house.live(30, read=False)
    assert _rung(house) == "approval"
    house.live(1)
    house.live(1)
    assert _rung(house) == "bounded"


def test_a_longer_wait_is_kept_and_a_nearer_end(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house, after=20, up_to="bounded")
    house.live(19)
    assert _rung(house) == "approval"
    house.live(6)
    assert _rung(house) == "bounded"
    house.live(60)
    assert _rung(house) == "bounded"


@pytest.mark.parametrize("change", ["down", "beside", "normal", "gone", "late"])
def test_whatever_changes_beside_it_stops_it(recovered: WiredEngine, change: str) -> None:
    house = recovered
    _approved(house)
    house.live(2)
    refunds = house.watched.agents["refunds"]
    if change == "down":
        assert house.commands.autonomy.step_down(BO, "refunds", "suspended", "no").ok
    elif change == "beside":
        assert house.commands.autonomy.step_down(BO, "refunds", "suspended", "no", workflow="refund").ok
    elif change == "normal":
        house.watched = replace(house.watched, agents={"refunds": replace(refunds, normal_rung="approval")})
    elif change == "gone":
        house.watched = replace(house.watched, agents={})
        house.monitor.judge_all()
        house.watched = fleet()
    else:
        house.clock.advance(13 * 3600)
        house.monitor.deadlines()
    before = _rung(house)
    house.live(30)
    plan = house.incident().rungs.plan
    assert plan is not None
    if change == "gone":  # an agent that the file lacks is not judged, so nothing was decided meanwhile
        assert plan.state in ("walking", "done")
        return
    assert plan.state == "stopped", plan
    assert _rung(house) == before
    assert len(_raises(house)) == 1


@pytest.mark.parametrize(
    ("up_to", "after", "why"),
    [
        ("suspended", 10, "goes nowhere"),
        ("full", 5, "10 to 240 good minutes"),
        ("full", 500, "10 to 240 good minutes"),
        ("nosuch", 10, "nosuch"),
    ],
)
def test_a_plan_that_is_none_is_refused(recovered: WiredEngine, up_to: str, after: int, why: str) -> None:
    answer = recovered.commands.autonomy.ask_plan(ANA, "refunds", "rolled back", up_to, after)
    assert not answer.ok
    assert why in answer.text


def test_a_plan_above_the_normal_rung_is_refused(recovered: WiredEngine) -> None:
    house = recovered
    refunds = house.watched.agents["refunds"]
    house.watched = replace(house.watched, agents={"refunds": replace(refunds, normal_rung="bounded")})
    answer = house.commands.autonomy.ask_plan(ANA, "refunds", "rolled back", "full")
    assert "full is above the normal rung of refunds, bounded" in answer.text


def test_no_restore_by_hand_beside_a_plan(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house)
    house.live(3)
    refused = house.commands.autonomy.ask_restore(BO, "refunds", "faster")
    assert "The restore plan of Ana Duarte and Bo Lindgren is walking. Stop it first" in refused.text


def test_closing_ends_it(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house)
    house.live(1)
    assert house.commands.lifecycle.resolve(ANA, 1, override="trial over", left_on="for good").ok
    plan = house.incident().rungs.plan
    assert plan is not None
    assert plan.state == "stopped"
    house.live(20)
    assert _rung(house) == "approval"


def test_the_core_alone_lets_no_other_restore_through_as_one_of_the_plan(recovered: WiredEngine) -> None:
    house = recovered
    now = house.clock.now()
    made = ev.RungRaised(now, BO, "read-only", "approval", 2, "x", asked_by=ANA, by_plan=True)
    with pytest.raises(IllegalMove, match="No restore plan is walking"):
        advance(house.incident(), made)
    _approved(house)
    incident = house.incident()
    good = ev.RungRaised(now, BO, "approval", "bounded", 3, "x", asked_by=ANA, by_plan=True)
    assert advance(incident, good).incident.rungs.rung == "bounded"
    for bad in (
        replace(good, to_rung="full"),
        replace(good, actor=ANA, asked_by=BO),
        replace(good, actor=BOT),
        replace(good, actor=NAMED),
        replace(good, workflow="refund"),
        replace(good, at=now + timedelta(hours=13)),
    ):
        with pytest.raises(IllegalMove):
            advance(incident, bad)


def test_cards_say_what_is_approved_and_how_far_it_came(recovered: WiredEngine) -> None:
    house = recovered
    offered = house.views.recovery_card(house.incident(), house.clock.now())
    assert (offered.restore_to, offered.plan_to) == ("approval", "full")
    assert house.commands.autonomy.ask_plan(ANA, "refunds", "rolled back", "watched").ok
    asked = house.views.restore_card(house.incident(), house.incident().rungs.restore_card, house.clock.now())
    assert asked is not None
    assert [(rung, after) for rung, _, after in asked.then] == [("bounded", 10), ("watched", 10)]
    assert any("By the plan, after 10 good minutes: bounded" in line for line in card_lines(asked))
    assert house.commands.autonomy.approve_restore(BO, 1).ok
    walking = house.views.recovery_card(house.incident(), house.clock.now())
    assert walking.plan_walks
    assert "next bounded after 10 good minutes, then watched after 10 more" in walking.plan
    assert walking.restore_wait == ""
    assert house.commands.autonomy.stop_plan(EVE, "refunds").ok
    stopped = house.views.recovery_card(house.incident(), house.clock.now())
    assert not stopped.plan_walks
    assert "was stopped: by Eve" in stopped.plan


def test_the_postmortem_says_which_restores_the_plan_made(recovered: WiredEngine) -> None:
    house = recovered
    _approved(house, up_to="bounded")
    house.live(13)
    assert house.commands.lifecycle.resolve(ANA, 1, override="trial over", left_on="for good").ok
    house.deliver()
    draft = Path(house.incident().postmortem).read_text()
    planned = [line for line in draft.splitlines() if "by their restore plan" in line]
    assert len(planned) == 1
    assert "approval -> bounded" in planned[0]
