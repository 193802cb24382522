"""What is reported and watched by nobody, or was refused, is found at once and told once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cli.cards import answer_text as as_text
from bot.core.model.aliases import Aliases
from bot.core.model.samples import Sample, Series, minute_of
from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.unwatched import unwatched
from bot.engine.detection.findings import MOST, MOST_NAMED, QUIET
from bot.slack.blocks import draw
from tests.support.wired import HER, START, WiredEngine, fleet

FLOWS = ("refund", "goodwill")


@pytest.fixture
def house(house: WiredEngine) -> WiredEngine:
    """HER by workflow, as a query split by label watches it."""
    split = tuple((flow, HER) for flow in FLOWS)
    agent = replace(fleet().agents["refunds"], workflows=FLOWS, slis=split)
    house.watched = fleet(agents={"refunds": agent})
    return house


def texts(house: WiredEngine, agent: str = "refunds") -> list[str]:
    return [one.text for one in house.store.tickets([agent])]


def see(house: WiredEngine, *pairs: tuple[str, str]) -> None:
    house.engine.findings.strangers("source prom", "her", pairs)
    house.deliver()


def test_an_unlisted_workflow_is_a_ticket_in_the_agents_channel_at_once(house: WiredEngine) -> None:
    see(house, ("refunds", "chargeback-v2"))
    (text,) = texts(house)
    assert text == (
        "workflow 'chargeback-v2' is not in the fleet file: source prom reports her of it. "
        "Nobody watches it by itself: list it under `workflows`, or as `aka` of one that is listed"
    )
    posted = [post for post in house.chat.posts.values() if "chargeback-v2" in str(post.content)]
    assert [post.receipt.channel for post in posted] == ["C-refunds"]
    assert "owner Ana Duarte" in str(posted[0].content)


def test_it_is_told_once_an_episode_also_by_a_second_process(house: WiredEngine) -> None:
    for _ in range(5):
        house.clock.advance(60)
        see(house, ("refunds", "chargeback-v2"))
    house.close()
    house.open()
    see(house, ("refunds", "chargeback-v2"))
    assert len(house.store.tickets(["refunds"], open_only=False)) == 1
    assert sum("chargeback-v2" in str(post.content) for post in house.chat.posts.values()) == 1


def test_it_stands_on_the_cards_and_in_the_command_line(house: WiredEngine) -> None:
    see(house, ("refunds", "chargeback-v2"), ("stranger", "x"))
    now, agent = house.clock.now(), house.watched.agents["refunds"]
    for card in (house.views.agent_card(agent, now), house.views.fleet_card(now, off_normal=False)):
        assert "chargeback-v2" in str(draw(card).blocks)
    for answer in (house.commands.queries.agent("refunds"), house.commands.queries.fleet()):
        assert "workflow 'chargeback-v2' is not in the fleet file" in as_text(answer)
    assert "'stranger'" in as_text(house.commands.queries.fleet())
    assert "refunds: workflow 'chargeback-v2'" in "\n".join(house.engine.findings.told())


def test_what_the_fleet_file_lists_by_now_is_over(house: WiredEngine) -> None:
    see(house, ("refunds", "chargeback-v2"))
    house.watched = replace(house.watched, aliases=Aliases({}, {("refunds", "chargeback-v2"): "refund"}))
    house.engine.findings.tick()
    assert texts(house) == []


@pytest.mark.parametrize("kind", ["unlisted", "refused"])
def test_what_is_not_seen_any_more_is_over_after_a_while(house: WiredEngine, kind: str) -> None:
    if kind == "unlisted":
        see(house, ("refunds", "chargeback-v2"))
    else:
        house.engine.findings.refused("refunds", "3 pushed records refused")
    house.clock.advance(QUIET[kind].total_seconds() - 60)
    house.engine.findings.tick()
    assert len(texts(house)) == 1
    house.clock.advance(120)
    house.engine.findings.tick()
    assert texts(house) == []


def test_names_made_up_by_the_minute_do_not_flood_the_channel(house: WiredEngine) -> None:
    see(house, *(("refunds", f"flow-{number}") for number in range(500)))
    assert len(texts(house)) == MOST


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        (("refunds", "chargeback-v2"), "workflow 'chargeback-v2' is not in the fleet file"),
        (("refunds", ""), "source prom has a series of her that names no workflow"),
        (("", "refund"), "source prom has a series of her that names no agent (workflow 'refund')"),
        (("", ""), "source prom has a series of her that names no agent"),
        (("math-tutor", "refund"), "reports her of agents that the fleet file does not list: 'math-tutor'"),
    ],
)
def test_each_kind_of_what_nobody_watches(house: WiredEngine, pair: tuple[str, str], says: str) -> None:
    (found,) = unwatched(house.watched, "source prom", "her", [pair])
    assert says in found.text


@pytest.mark.parametrize("pair", [("refunds", "refund"), ("refunds", "goodwill")])
def test_what_is_listed_and_off_or_asked_elsewhere_is_no_finding(house: WiredEngine, pair: tuple[str, str]) -> None:
    assert list(unwatched(house.watched, "source prom", "dqr", [pair])) == []


def test_an_agent_without_a_list_of_workflows_counts_them_all(house: WiredEngine) -> None:
    agent = replace(house.watched.agents["refunds"], workflows=(), slis=(("", HER),))
    house.watched = fleet(agents={"refunds": agent})
    assert list(unwatched(house.watched, "source prom", "her", [("refunds", "refund")])) == []


def whole(house: WiredEngine) -> tuple[float | None, float | None, str]:
    minute = minute_of(START)
    (row,) = house.store.minutes(Series("refunds", "", "her"), minute, minute)
    return row.value, row.n, row.doubt


def as_a_whole(house: WiredEngine) -> None:
    agent = replace(house.watched.agents["refunds"], slis=(("", HER),))
    house.watched = fleet(agents={"refunds": agent})


def test_an_unlisted_workflows_samples_count_for_the_agent_as_a_whole(house: WiredEngine) -> None:
    as_a_whole(house)
    at = house.clock.now()
    parts = [("refund", 2.0, 150.0), ("chargeback-v2", 50.0, 50.0)]
    house.engine.intake.samples([Sample(Series("refunds", flow, "her"), at, value, n) for flow, value, n in parts], at)
    assert whole(house) == (14.0, 200.0, "")  # 3 + 25 of 200
    assert "pushed samples name it" in texts(house)[0]


def test_an_unlisted_workflows_tasks_count_for_the_agent_as_a_whole(house: WiredEngine) -> None:
    as_a_whole(house)
    records = [
        TaskRecord(f"{flow}-{number}", "refunds", flow, START, completed=True, required_escalation=number < bad)
        for flow, bad in (("refund", 1), ("chargeback-v2", 25))
        for number in range(50)
    ]
    house.engine.intake.tasks(records)
    assert whole(house) == (26.0, 100.0, "")
    assert "task records name it" in texts(house)[0]


def test_a_reporter_that_makes_up_workflows_does_not_fill_the_store(house: WiredEngine) -> None:
    as_a_whole(house)
    at = house.clock.now()
    made_up = [Sample(Series("refunds", f"flow-{number}", "her"), at, 50.0, 1.0) for number in range(150)]
    house.engine.intake.samples(made_up, at)
    assert whole(house)[1] == 100
    assert any("more than 100 workflows" in text for text in texts(house))


def test_refused_records_put_the_minute_in_doubt_and_are_a_finding(house: WiredEngine) -> None:
    as_a_whole(house)
    good = [TaskRecord(str(number), "refunds", "refund", START, completed=True) for number in range(30)]
    house.engine.intake.tasks(good)
    house.clock.advance(20)
    house.engine.intake.refused({"refunds": 50}, "time: 45 s ahead of our clock")
    assert whole(house) == (0.0, 30.0, "50 pushed records refused: time: 45 s ahead of our clock")
    assert texts(house) == ["50 pushed records refused: time: 45 s ahead of our clock"]
    # a later word on a task of that minute does not make it whole
    house.engine.intake.tasks([replace(good[0], at=START + timedelta(seconds=5), required_escalation=True)])
    assert whole(house)[2] == "50 pushed records refused: time: 45 s ahead of our clock"
    house.clock.advance(300)
    house.engine.intake.tasks([TaskRecord("z", "refunds", "refund", house.clock.now(), completed=True)])
    minute = minute_of(house.clock.now())
    assert [row.doubt for row in house.store.minutes(Series("refunds", "", "her"), minute, minute)] == [""]


def test_refused_records_of_an_agent_that_is_not_ours_are_a_finding_of_the_fleet(house: WiredEngine) -> None:
    house.engine.intake.refused({"Math Tutor": 3}, "agent: 'Math Tutor'")
    assert texts(house, "") == ["3 pushed records refused: agent: 'Math Tutor'"]


def test_what_is_named_in_passing_is_told_with_the_next_tick(house: WiredEngine) -> None:
    """A poll, a deploy and spans name what nobody listed, and none of them waits for the database."""
    intake = house.engine.intake
    for agent, workflow in (
        ("refunds", "refund"),
        ("refunds", ""),
        ("refunds", "chargeback-v2"),
        ("math-tutor", ""),
        ("math-tutor", "lesson"),
        ("", "x"),
    ):
        intake.named(agent, workflow, "an instance asks for its rung")
    assert texts(house) + texts(house, "") == []
    house.engine.findings.tick()
    (flow,), (agent,) = texts(house), texts(house, "")
    assert flow.startswith("workflow 'chargeback-v2' is not in the fleet file: an instance asks for its rung. Nobody")
    assert agent.startswith(
        "agent 'math-tutor' is not in the fleet file: an instance asks for its rung. Nobody watches"
    )
    house.engine.findings.tick()
    assert len(texts(house)) == 1


def test_names_made_up_by_the_second_are_kept_in_bounds(house: WiredEngine) -> None:
    for number in range(10 * MOST_NAMED):
        house.engine.intake.named("refunds", "x" * 300 + str(number), "spans of its runs come in")
    for number in range(10 * MOST_NAMED):
        house.engine.intake.named("refunds", f"flow-{number}", "spans of its runs come in")
    house.engine.findings.tick()
    assert len(texts(house)) == MOST
