"""Missing data and autonomy: what was only posted wakes somebody, and what was lowered can be restored."""

from bot.core.incident.incident import IncidentState
from bot.core.model.rungs import RungState
from bot.store.repositories.rungs import add_rung
from tests.support.wired import ANA, BO, WiredEngine


def silent(house: WiredEngine, minutes: int) -> None:
    """Let minutes go by without any data."""
    for _ in range(minutes):
        house.clock.advance(60)
        house.obey()
        house.detector.look_for_silence({})
        house.monitor.deadlines()
        house.monitor.read_back()
        house.monitor.judge_all()
        house.deliver()


def reporting(house: WiredEngine, minutes: int) -> None:
    for _ in range(minutes):
        house.live(1)
        house.detector.look_for_silence({})


def pages(house: WiredEngine) -> list[str]:
    return [key for key in house.chat.posts if key.startswith("inc-2/page/")]


def test_a_silent_agent_on_approval_wakes_somebody_once_it_is_raised_above_it(house: WiredEngine) -> None:
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "quarter end")
    house.deliver()
    house.commands.paging.acknowledge(ANA, 1)
    silent(house, 9)
    blind = house.incident(2)
    assert (blind.kind, blind.pages, blind.state) == ("blind", False, IncidentState.PAGING)
    assert pages(house) == []
    raise_by_hand(house, "full")
    silent(house, 1)
    assert house.incident(2).pages
    assert len(pages(house)) == 1


def raise_by_hand(house: WiredEngine, rung: str) -> None:
    """Commit a higher rung as another replica would have, without its evidence."""
    state = RungState("refunds", "", rung, house.store.epoch("refunds") + 1, house.clock.now(), "bo", "by hand")
    with house.store.writing() as connection:
        add_rung(connection, state)
    house.rung_cache.publish((state,))


def test_a_rung_lowered_in_a_blind_incident_is_restored_on_thirty_good_minutes(house: WiredEngine) -> None:
    silent(house, 9)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "nobody can see it")
    silent(house, 2)
    assert house.incident().state is IncidentState.CONTAINED
    reporting(house, 10)
    early = house.commands.autonomy.ask_restore(ANA, "refunds", "data is back")
    assert not early.ok
    assert "has not recovered yet" in early.text
    reporting(house, 30)
    assert house.incident().state is IncidentState.RECOVERED
    for expected in ("bounded", "watched", "full"):
        assert house.commands.autonomy.ask_restore(ANA, "refunds", "30 good minutes").ok
        assert house.commands.autonomy.approve_restore(BO, 1).ok
        assert house.rung_cache.answer("refunds").level == expected
        reporting(house, 14)
    assert house.incident().state is IncidentState.RECOVERING
    reporting(house, 25)
    assert house.incident().state is IncidentState.RECOVERED


def test_data_that_goes_away_again_takes_the_evidence_with_it(house: WiredEngine) -> None:
    silent(house, 9)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "nobody can see it")
    reporting(house, 45)
    assert house.incident().state is IncidentState.RECOVERED
    silent(house, 12)
    assert house.incident().state is IncidentState.CONTAINED
    assert not house.commands.autonomy.ask_restore(ANA, "refunds", "please").ok


def test_a_blind_agent_on_its_normal_rung_has_recovered_when_it_reports_again(house: WiredEngine) -> None:
    silent(house, 9)
    house.commands.paging.acknowledge(ANA, 1)
    reporting(house, 8)
    assert house.incident().state is IncidentState.RECOVERED
