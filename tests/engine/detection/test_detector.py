"""From minutes to incidents: breaches that join, relapses, silence, rungs that excuse, rules that act."""

from dataclasses import replace

from bot.core.cards.incident import BreachesCard
from bot.core.incident.incident import IncidentState
from bot.core.model.rungs import InstanceReading, RungState
from bot.core.model.samples import MinuteRow, Series, minute_of
from tests.support.wired import ANA, BO, HER, WiredEngine, fleet


def test_two_bad_minutes_page_the_owner_and_say_why(house: WiredEngine) -> None:
    house.live(1, her=18.0)
    assert house.store.open_incidents() == []
    house.live(1, her=18.0)
    incident = house.incident()
    assert incident.title == "human escalation 18.0 % (limit 5.0 %)"
    assert "18.0 % > 5.0 %" in incident.breaches[0].why
    assert incident.breaches[0].baseline is not None
    assert round(incident.breaches[0].baseline.value, 3) == 2.0
    page = house.chat.posts["inc-1/page/1/ana/slack"]
    assert page.receipt.channel == "D-ana"
    assert page.content.headline.startswith("refunds: human escalation 18.0 % (limit 5.0 %), ")  # type: ignore[union-attr]
    assert page.content.headline.endswith("You own it.")  # type: ignore[union-attr]
    assert len(page.content.headline) <= 100  # type: ignore[union-attr]


def test_judging_twice_opens_one(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    for _ in range(3):
        house.tick()
    assert [incident.id for incident in house.store.incidents(10)] == [1]


def test_a_second_sli_joins_the_open_incident(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.live(2, tie=13.0, her=18.0)
    assert [breach.series.sli for breach in house.incident().breaches] == ["tie", "her"]
    assert "Also in breach: HER 18.0 %" in "\n".join(entry.entry.text for entry in house.store.entries(1))
    card = house.chat.posts["inc-1/card/breaches"].content
    assert isinstance(card, BreachesCard)
    assert [line.name for line in card.lines] == ["her", "tie"], "16 points off for 100 tasks, beside 9 calls"


def test_sixty_workflows_in_breach_are_one_card_that_is_edited(house: WiredEngine) -> None:
    """119 messages in two minutes hid the question who leads: now everything that joins is on one message."""
    names = tuple(f"w{number:02}" for number in range(60))
    agent = replace(house.watched.agents["refunds"], workflows=names, slis=tuple((name, HER) for name in names))
    house.watched = replace(house.watched, agents={"refunds": agent})
    for bad in (20, 40, 60, 60):
        house.clock.advance(60)
        now = minute_of(house.clock.now())
        house.store.put_minutes(
            [
                MinuteRow(Series("refunds", name, "her"), now, 18.0 + place, 100)
                for place, name in enumerate(names[:bad])
            ]
        )
        house.tick()
    house.commands.paging.acknowledge(ANA, 1)
    house.deliver()
    assert len(house.incident().breaches) == 60
    in_channel = [posted for posted in house.chat.posts.values() if posted.receipt.channel == "C-inc-0001-refunds"]
    assert len([posted for posted in in_channel if isinstance(posted.content, BreachesCard)]) == 1
    assert len(in_channel) < 10, [posted.key for posted in in_channel]
    card = house.chat.posts["inc-1/card/breaches"]
    assert isinstance(card.content, BreachesCard)
    assert [line.workflow for line in card.content.lines[:2]] == ["w59", "w58"], "the worst first"
    assert card.edits > 0
    assert len(card.content.lines) == 60


def test_her_on_a_rung_that_waits_for_people_is_no_new_breach(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    house.live(6, her=30.0)
    assert [breach.series.sli for breach in house.incident().breaches] == ["tie"]


def test_a_breach_within_two_hours_of_resolving_reopens(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.lifecycle.resolve(ANA, 1, override="wrong reading")
    house.live(20)
    house.live(2, her=18.0)
    incident = house.incident()
    assert incident.state is IncidentState.PAGING
    assert incident.relapses == 1
    assert len(house.store.incidents(10)) == 1
    assert house.chat.doubled == []


def test_silence_is_an_incident_of_its_own_and_never_a_breach(house: WiredEngine) -> None:
    for _ in range(9):
        house.clock.advance(60)
        house.detector.look_for_silence({"metrics": "metrics: answered HTML, not JSON"})
    house.deliver()
    incident = house.incident()
    assert incident.kind == "blind"
    assert "no data on DQR, HER, TIE" in incident.title
    assert incident.pages
    assert "inc-1/page/1/ana/slack" in house.chat.posts
    house.commands.paging.acknowledge(ANA, 1)
    for _ in range(12):
        house.live(1)
        house.detector.look_for_silence({})
    assert house.incident().state is IncidentState.RECOVERED
    assert house.incident().open


def test_silence_on_a_waiting_rung_only_posts(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    for _ in range(9):
        house.clock.advance(60)
        house.detector.look_for_silence({})
    house.deliver()
    assert house.incident(2).kind == "blind"
    assert not house.incident(2).pages
    assert not [key for key in house.chat.posts if key.startswith("inc-2/page")]


def test_a_silence_of_four_minutes_is_not_one_yet(house: WiredEngine) -> None:
    for _ in range(5):
        house.clock.advance(60)
        house.detector.look_for_silence({})
    assert house.store.open_incidents() == []


def test_with_containment_auto_the_bot_lowers_and_says_by_which_rule(house: WiredEngine) -> None:
    agents = {"refunds": replace(fleet().agents["refunds"], containment="auto")}
    house.watched = fleet(agents=agents)
    house.live(4, tie=13.0)
    incident = house.incident()
    assert incident.state is IncidentState.PAGING
    assert incident.rungs.rung == "approval"
    assert "by rule: TIE" in incident.rungs.reason
    assert incident.rungs.state == "confirmed"


def test_suggestions_alone_lower_nothing(house: WiredEngine) -> None:
    house.live(4, tie=13.0)
    assert house.incident().suggestion is not None
    assert house.incident().suggestion.rung == "approval"  # type: ignore[union-attr]
    assert house.incident().rungs.rung == "full"


def test_confirmed_means_every_live_instance_said_so(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.obey(("a", "b", "c"))
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    house.obey(("a",))
    house.monitor.read_back()
    assert (house.incident().rungs.state, house.incident().rungs.seen) == ("seen", 1)
    house.rung_cache.record(InstanceReading("refunds", "b", "full", 1, house.clock.now()))
    house.obey(("c",))
    house.monitor.read_back()
    assert house.incident().rungs.state == "seen"
    house.obey(("b",))
    house.monitor.read_back()
    assert house.incident().rungs.state == "confirmed"
    assert house.store.rung("refunds") == replace(
        house.store.rung("refunds") or RungState("", "", "", 0, house.clock.now()), confirmed_at=house.clock.now()
    )


def test_an_agent_that_never_answers_is_said_loudly_and_pages(house: WiredEngine) -> None:
    house.live(2, tie=13.0, read=False)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    house.live(2, tie=13.0, read=False)
    assert house.incident().rungs.state == "not-confirmed"
    assert house.incident().state is IncidentState.RESPONDING
    assert "NOT CONFIRMED: refunds has not shown that it is on approval (no instance of it answered)" in house.said()
    pages = [key for key in house.chat.posts if key.startswith("inc-1/page/2/ana")]
    assert len(pages) == 1


def test_what_a_waiting_rung_did_to_her_is_no_breach_after_the_restore(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    house.live(55, her=30.0)
    assert house.incident().state is IncidentState.RECOVERED
    house.commands.autonomy.ask_restore(ANA, "refunds", "fixed")
    assert house.commands.autonomy.approve_restore(BO, 1).ok
    house.live(14)
    assert [breach.series.sli for breach in house.incident().breaches] == ["tie"]
    assert house.incident().resets == 0
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "fixed").ok


def test_a_reset_gives_whoever_has_it_the_full_time_again(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    house.live(45)
    assert house.incident().state is IncidentState.RECOVERED
    house.live(8, tie=13.0)
    assert house.incident().state is IncidentState.CONTAINED
    assert house.incident().acked_by == "ana"
