"""What is old is shown as old: an exporter dies, and nothing calls its last number that of now."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.charts.sli_chart import _named
from bot.cli.cards import answer_text as as_text
from bot.core.cards.answer import Card
from bot.core.cards.parts import SliLine
from bot.core.incident.events import Acknowledged, RungLowered
from bot.core.model.people import BOT
from bot.core.model.rungs import InstanceReading
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.reports.chart_data import sli_chart
from bot.pagers.text import written
from bot.slack.blocks import draw
from bot.slack.blocks.words import NEUTRAL
from tests.support.wired import ANA, DQR, START, WiredEngine, fleet

GREEN = ("🟢", "✅")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path)
    made.settle_in()
    yield made
    made.close()


def dead_for(house: WiredEngine, minutes: int) -> None:
    """Nothing is measured any more; everything else goes on."""
    for _ in range(minutes):
        house.clock.advance(60)
        house.detector.look_for_silence({})
        house.monitor.judge_all()
    house.deliver()


def line(house: WiredEngine, name: str = "dqr") -> SliLine:
    agent = house.watched.agents["refunds"]
    found = house.views.agent_card(agent, house.clock.now()).row.lines
    return next(one for one in found if one.name == name)


def test_a_number_is_of_now_until_a_newer_one_is_due(house: WiredEngine) -> None:
    # every 60 s and 120 s to settle: the minute that just began is whole when it ends, and old three minutes later
    dead_for(house, 4)
    assert (line(house).status, line(house).age) == ("ok", None)
    dead_for(house, 1)
    assert (line(house).status, line(house).age) == ("old", 240.0)


def test_an_sli_that_is_asked_each_hour_is_not_old_after_ten_minutes(house: WiredEngine) -> None:
    hourly = replace(DQR, every=3600)
    house.watched = fleet(agents={"refunds": replace(house.watched.agents["refunds"], slis=(("", hourly),))})
    house.clock.advance(50 * 60)
    assert (line(house).status, line(house).now, line(house).age) == ("ok", 95.0, None)
    house.clock.advance(20 * 60)
    assert line(house).status == "old"


def cards(house: WiredEngine) -> dict[str, Card]:
    now, incident, agent = house.clock.now(), house.incident(), house.watched.agents["refunds"]
    return {
        "incident": house.views.incident_card(incident, now),
        "agent": house.views.agent_card(agent, now),
        "fleet": house.views.fleet_card(now, off_normal=False),
    }


def test_the_cards_of_a_blind_incident_show_the_last_number_grey_and_with_its_age(house: WiredEngine) -> None:
    dead_for(house, 26)
    assert house.incident().kind == "blind"
    for name, card in cards(house).items():
        text = str(draw(card).blocks)
        assert "25 min old" in text, name
        assert not any(mark in text for mark in GREEN), name
        assert f"{NEUTRAL} *Decision quality 95.0 %* · *25 min old*" in text or f"{NEUTRAL} *Human escalation" in text
    house.clock.advance(30 * 60)
    for card in cards(house).values():
        assert "no data" in str(draw(card).blocks)


def test_no_words_call_it_ok(house: WiredEngine) -> None:
    dead_for(house, 26)
    now, incident, agent = house.clock.now(), house.incident(), house.watched.agents["refunds"]
    told = [
        house.views.catchup_card(incident, now).now_line,
        house.views.sli_words(agent, "dqr", now),
        "\n".join(house.views.phase_card(incident, "detection", now).steps[0].evidence),
        as_text(house.commands.queries.agent("refunds")),
        as_text(house.commands.queries.fleet()),
        as_text(house.commands.queries.status(1)),
    ]
    for text in told:
        assert "25 min old" in text
        assert "too old to judge" in text
        assert ": ok" not in text
        assert ", ok" not in text


def test_a_page_says_how_old_its_number_is(house: WiredEngine) -> None:
    house.live(3, her=18.0)
    dead_for(house, 12)
    page = house.views.page_card(house.incident(), "You own refunds", house.clock.now())
    assert "11 min old" in written(page).body
    assert "11 min old" in str(draw(page).blocks)
    assert page.lines[0].status == "old"
    card = house.views.announcement_card(house.incident(), house.clock.now())
    assert "11 min old" in str(draw(card).blocks)


def test_the_posted_card_is_drawn_anew_when_its_number_gets_old(house: WiredEngine) -> None:
    house.live(3, her=18.0)
    house.deliver()
    dead_for(house, 6)
    shown = [str(draw(post.content).blocks) for post in house.chat.posts.values() if not isinstance(post.content, str)]
    assert any("min old" in text for text in shown)


@pytest.mark.parametrize("after", [0, 3, 4, 40])
def test_a_charts_newest_value_stands_with_its_minute(after: int) -> None:
    last = minute_of(START) - 1
    rows = [MinuteRow(Series("refunds", "", "dqr"), minute, 95.0, 100) for minute in range(last - 60, last + 1)]
    chart = sli_chart(Series("refunds", "", "dqr"), DQR, rows, None, (last - 60, last + 1 + after))
    assert next(iter(_named(chart)))[0] == "01:59"


def test_a_charts_now_is_not_in_doubt() -> None:
    last = minute_of(START)
    row = MinuteRow(Series("refunds", "", "dqr"), last, 95.0, 100, "one store did not answer")
    chart = sli_chart(Series("refunds", "", "dqr"), DQR, [row], None, (last - 60, last + 1))
    assert next(iter(_named(chart)))[0] == "in doubt"


def lowered(house: WiredEngine) -> None:
    house.live(3, her=18.0)
    now = house.clock.now()
    house.recorder.record(1, lambda _: Acknowledged(now, ANA))
    house.recorder.record(1, lambda _: RungLowered(now, BOT, "", "full", "watched", 1, "a test"))
    house.obey()
    house.monitor.read_back()
    assert house.incident().rungs.state == "confirmed"


def test_a_rung_with_polling_instances_is_not_none_of_none(house: WiredEngine) -> None:
    house.live(3, her=18.0)
    text = as_text(house.commands.queries.status(1))
    assert "Rung full: 2 of 2 instances report it now" in text
    assert "0 of 0" not in text
    assert "2 of 2 instances report it now" in as_text(house.commands.queries.agent("refunds"))
    assert "2 of 2 instances report it now" in str(draw(cards(house)["incident"]).blocks)


def test_what_was_confirmed_is_not_confirmed_when_nobody_reports_any_more(house: WiredEngine) -> None:
    lowered(house)
    assert "✅ confirmed by 2 of 2 instances" in str(draw(cards(house)["incident"]).blocks)
    house.clock.advance(3600)
    text = str(draw(cards(house)["incident"]).blocks)
    assert "✅" not in text
    assert "was confirmed by 2 of 2 instances" in text
    assert "no instance reports now" in text
    assert "no instance reports now" in as_text(house.commands.queries.status(1))


def test_an_instance_that_went_back_takes_the_mark_away(house: WiredEngine) -> None:
    lowered(house)
    house.clock.advance(30)
    house.obey(["a"])
    house.rung_cache.record(InstanceReading("refunds", "b", "full", 0, house.clock.now()))
    text = str(draw(cards(house)["incident"]).blocks)
    assert "✅" not in text
    assert "1 of 2 instances report it now" in text


def test_the_rules_propose_nothing_on_old_numbers(house: WiredEngine) -> None:
    agent = house.watched.agents["refunds"]
    house.live(3, her=5.5)
    before = house.incident().breaches[0]
    house.feed(1, her=99.0)
    house.clock.advance(20 * 60)
    assert before.value < 10
    found = house.views._sli_lines.proposal(agent, house.incident(), house.clock.now())
    assert found is not None
    assert "5.5 %" in found.rule, "the number at onset speaks, not the old 99 %"
