"""Charts reach the cards that show them, by an effect of their own: a page goes out without waiting for one."""

from bot.core.cards.incident import RecoveryCard
from bot.core.cards.page import ChartImage, PageCard
from bot.core.incident.effects import LANES
from bot.ports.errors import DeliveryError
from tests.support.wired import ANA, WiredEngine

PAGE = "inc-1/page/1/ana/slack"


def page(house: WiredEngine, key: str = PAGE) -> PageCard:
    card = house.chat.posts[key].content
    assert isinstance(card, PageCard)
    return card


def breach(house: WiredEngine) -> None:
    """Two bad minutes, judged; nothing is delivered yet."""
    for _ in range(2):
        house.clock.advance(60)
        house.feed(1, {**house.healthy(), "her": 18.0})
    house.detector.evaluate(["refunds"], house.clock.now())


def test_the_page_goes_first_and_shows_its_chart_when_that_is_drawn(house: WiredEngine) -> None:
    breach(house)
    for lane in LANES[:3]:
        house.delivery.run(lane)
    assert page(house).charts == ()
    house.deliver()
    (chart,) = page(house).charts
    assert chart.file.startswith("F")
    assert "human escalation" in chart.alt
    assert "objective <= 5 %" in chart.alt
    assert page(house, "inc-1/card/page").charts == (chart,)
    assert house.chat.doubled == []


def test_a_caption_names_the_newest_minute_of_the_curve_and_not_when_it_was_drawn(house: WiredEngine) -> None:
    breach(house)
    newest = house.clock.now()
    house.clock.advance(120)
    house.deliver()
    (chart,) = page(house).charts
    assert chart.title == f"Human escalation, until {newest:%H:%M} UTC"
    assert f"until {newest:%H:%M} UTC" in chart.alt


def test_what_is_drawn_is_the_breached_sli(house: WiredEngine) -> None:
    breach(house)
    house.deliver()
    assert [content for name, content in house.chat.files.items() if name.endswith(".png")] == [b"refunds/her"]


def test_a_chat_that_takes_no_pictures_is_said_once_and_the_page_stands(house: WiredEngine) -> None:
    breach(house)
    for lane in LANES[:3]:
        house.delivery.run(lane)
    house.chat.refuse.append(DeliveryError("the app lacks the scope files:write: reinstall it with it", permanent=True))
    house.delivery.run("documents")
    house.deliver()
    house.commands.paging.acknowledge(ANA, 1)
    house.deliver()
    assert page(house).acked
    told = [entry.entry.text for entry in house.store.entries(1) if "files:write" in entry.entry.text]
    assert len(told) == 1


def test_the_recovery_card_shows_every_breached_sli_and_is_drawn_again_as_it_goes_on(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.live(2, tie=13.0, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "bounded", "loop")
    house.live(2, tie=13.0, her=18.0)
    house.live(8)
    first = _recovery(house)
    house.live(12)
    later = _recovery(house)
    assert len(first) == len(later) == 2
    assert {chart.file for chart in first} != {chart.file for chart in later}


def _recovery(house: WiredEngine) -> tuple[ChartImage, ...]:
    card = house.chat.posts["inc-1/card/recovery"].content
    assert isinstance(card, RecoveryCard)
    return card.charts


def test_younger_charts_make_older_ones_superfluous(house: WiredEngine) -> None:
    breach(house)
    house.clock.advance(60)
    house.feed(1, {**house.healthy(), "her": 18.0, "tie": 13.0})
    house.clock.advance(60)
    house.feed(1, {**house.healthy(), "her": 18.0, "tie": 13.0})
    house.detector.evaluate(["refunds"], house.clock.now())
    house.deliver()
    assert len([name for name in house.chat.files if name.endswith(".png")]) == 2
