"""What a hostile reader found: each of these once said "done" when it was not, or paged nobody."""

from dataclasses import replace

import pytest

from bot.core.incident.effects import Say
from bot.core.incident.incident import IncidentState
from bot.core.model.rungs import InstanceReading
from bot.core.model.samples import MinuteRow, Series, minute_of
from tests.support.wired import ANA, BO, START, WiredEngine, fleet


def test_readings_of_one_change_never_confirm_the_next(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    house.obey()
    stale = house.incident()
    house.commands.autonomy.step_down(ANA, "refunds", "suspended", "worse")
    house.monitor._read_back(stale, house.clock.now())
    assert house.incident().rungs.state == "requested"


def test_an_instance_that_spoke_before_a_restart_still_has_to_be_heard(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.obey(("a", "b", "c"))
    house.store.put_readings(house.rung_cache.take_changed())
    assert {reading.instance for reading in house.store.readings(START)} == {"a", "b", "c"}


def test_one_effect_that_breaks_does_not_hold_up_the_others(
    house: WiredEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.live(2, her=18.0)
    say = type(house.chat).say

    def brittle(chat: object, channel: str, text: str, key: str, **more: object) -> object:
        if text == "poison":
            raise ValueError("a defect of ours")
        return say(chat, channel, text, key, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(type(house.chat), "say", brittle)
    house.recorder.refresh([Say(1, "poison", "poison"), Say(1, "healthy", "healthy")])
    house.deliver()
    assert "inc-1/say/healthy" in house.chat.posts


def test_a_person_can_be_paged_after_the_acknowledgement(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.paging.page(ANA, 1, "cleo", "knows the tool")
    house.deliver()
    assert any("/cleo/" in key for key in house.chat.posts)


def test_lowering_one_workflow_excuses_no_other(house: WiredEngine) -> None:
    agent = house.watched.agents["refunds"]
    her = agent.slis[0][1]
    kyc = replace(agent, workflows=("refund", "kyc"), slis=(("refund", her), ("kyc", her)))
    house.watched = fleet(agents={"refunds": kyc})

    def feed(minutes: int) -> None:
        for _ in range(minutes):
            house.clock.advance(60)
            now = minute_of(house.clock.now())
            house.store.put_minutes(
                [
                    MinuteRow(Series("refunds", flow, "her"), now, value, 200)
                    for flow, value in (("refund", 2.0), ("kyc", 18.0))
                ]
            )
            house.rung_cache.record(InstanceReading("refunds", "a", "approval", 1, house.clock.now(), "refund"))
            house.tick()

    feed(3)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "x", workflow="refund")
    feed(60)
    assert house.incident().state not in (IncidentState.RECOVERING, IncidentState.RECOVERED, IncidentState.CONTAINED)


def test_a_new_breach_pages_again_when_the_escalation_had_run_out(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.live(110, her=18.0)
    assert house.incident().escalation.exhausted
    pages = sum("/page/" in key for key in house.chat.posts)
    house.live(2, her=18.0, dqr=40.0)
    assert sum("/page/" in key for key in house.chat.posts) > pages


def test_a_rung_that_a_new_fleet_file_lost_stops_nothing(house: WiredEngine) -> None:
    house.commands.autonomy.step_down(ANA, "refunds", "bounded", "x")
    ladder = house.watched.ladder
    shorter = replace(ladder, rungs=tuple(rung for rung in ladder if rung.name != "bounded"))
    house.watched = replace(house.watched, ladder=shorter)
    house.live(2, dqr=40.0)
    assert [breach.series.sli for breach in house.incident().breaches] == ["dqr"]


def test_evidence_that_is_gone_approves_nothing(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    house.live(50)
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "fixed").ok
    house.live(6, tie=13.0)
    assert not house.commands.autonomy.approve_restore(BO, 1).ok
    assert house.rung_cache.answer("refunds").level == "approval"


def test_a_false_alarm_that_was_cancelled_is_not_opened_again_by_the_same_run(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    assert house.commands.lifecycle.cancel(ANA, 1, "the dashboard is wrong").ok
    house.live(5, her=18.0)
    assert len(house.store.incidents(10)) == 1
    house.live(5)
    house.live(2, her=18.0)
    assert len(house.store.incidents(10)) == 2


def test_a_new_agent_is_not_blind_before_it_could_report(house: WiredEngine) -> None:
    house.live(8)
    agent = replace(house.watched.agents["refunds"], key="kyc")
    house.watched = replace(house.watched, agents={**house.watched.agents, "kyc": agent})
    house.detector.look_for_silence({})
    assert house.store.open_incidents("kyc") == []
