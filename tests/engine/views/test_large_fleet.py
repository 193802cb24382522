"""What keeps a fleet of thousands from being read whole: the first look, and lists that compute nothing."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from bot.core.model.fleet import Agent
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.engine.detection.suspects import FEW
from bot.engine.views.sli_lines import MOST_NUMBERED
from tests.support.wired import ANA, HER, WiredEngine, fleet


def crowd(count: int) -> dict[str, Agent]:
    return {f"a{number:03}": Agent(f"a{number:03}", "ana", slis=(("", HER),)) for number in range(count)}


@pytest.mark.parametrize("n", [3.0, 8.0, 100.0])
def test_a_breach_of_few_tasks_a_minute_is_seen_by_the_first_look(house: WiredEngine, n: float) -> None:
    house.feed(360, house.healthy(), n=n)
    for _ in range(14):
        house.clock.advance(60)
        house.feed(1, {**house.healthy(), "her": 60.0}, n=n)
        house.detector.evaluate(["refunds"], house.clock.now())
    assert [incident.agent for incident in house.store.open_incidents()] == ["refunds"]


def read_by(house: WiredEngine) -> list[tuple[set[Series], int]]:
    """What detection will have read: the series, and how many minutes back."""
    asked: list[tuple[set[Series], int]] = []
    rows_of = house.baselines.rows_of

    def noted(series: Collection[Series], first: int, last: int) -> object:
        asked.append((set(series), last - first))
        return rows_of(series, first, last)

    house.baselines.rows_of = noted  # type: ignore[method-assign,assignment]
    return asked


def test_a_healthy_agent_is_read_a_few_minutes_back_and_of_an_ill_one_what_is_ill(house: WiredEngine) -> None:
    asked = read_by(house)
    house.live(1)
    assert [back for _, back in asked if back >= 30] == []
    assert len(house.store.open_incidents()) == 0
    house.live(40, her=18.0)
    far = [series for series, back in asked if back >= 30]
    assert {one.sli for one in far[0]} == {"her"}, "the others are well"
    first_bad = house.incident().breaches[0].first_bad
    assert minute_of(house.incident().opened_at) - first_bad <= 2


def test_of_many_healthy_agents_no_minute_is_read(house: WiredEngine) -> None:
    agents = crowd(FEW + 1)
    house.watched = replace(house.watched, agents=agents)
    newest = minute_of(house.clock.now())
    sick = Series("a007", "", "her")
    house.store.put_minutes(
        [
            MinuteRow(Series(key, "", "her"), newest - back, 40.0 if key == "a007" and back < 3 else 2.0, 100.0)
            for key in agents
            for back in range(12)
        ]
    )
    asked = read_by(house)
    house.detector.evaluate(list(agents), house.clock.now())
    assert asked
    assert {one for series, _ in asked for one in series} == {sick}
    assert [incident.agent for incident in house.store.open_incidents()] == ["a007"]


def test_a_long_list_has_the_troubled_first_and_numbers_for_as_many_as_a_message_shows(house: WiredEngine) -> None:
    house.watched = replace(house.watched, agents={**crowd(70), **fleet().agents})
    last = minute_of(house.clock.now())
    house.store.put_minutes([MinuteRow(Series("a001", "", "her"), last, 2.0, 100.0)])
    house.live(2, her=18.0)
    house.commands.autonomy.step_down(ANA, "a040", "read-only", "testing")
    rows = house.views.fleet_card(house.clock.now(), off_normal=False).rows
    assert {row.agent for row in rows[:2]} == {"refunds", "a040"}
    assert len(rows) == 71
    assert all(row.lines for row in rows[:MOST_NUMBERED])
    assert not any(row.lines for row in rows[MOST_NUMBERED:])
    assert house.store.baseline(Series("a001", "", "her")) is None
    off = house.views.fleet_card(house.clock.now(), off_normal=True).rows
    assert [row.agent for row in off] == ["a040"]
