"""What keeps a fleet of thousands from being read whole: the first look, and lists that compute nothing."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from bot.core.model.fleet import Agent
from bot.core.model.samples import MinuteRow, Series, minute_of
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


def test_of_a_healthy_agent_no_minute_is_read_and_of_an_ill_one_those_to_its_first_bad(house: WiredEngine) -> None:
    asked: list[tuple[set[str], int]] = []
    rows_of = house.baselines.rows_of

    def noted(series: Collection[Series], first: int, last: int) -> object:
        asked.append(({one.sli for one in series}, last - first))
        return rows_of(series, first, last)

    house.baselines.rows_of = noted  # type: ignore[method-assign,assignment]
    house.live(1)
    assert asked == []
    assert len(house.store.open_incidents()) == 0
    house.live(40, her=18.0)
    assert asked[0][0] == {"her"}, "the others are well"
    first_bad = house.incident().breaches[0].first_bad
    assert minute_of(house.incident().opened_at) - first_bad <= 2


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
