"""Readiness, decisions and the weekly review on a real store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.cards import card_lines
from bot.core.cards.fleet import ReadyCard
from bot.core.model.people import Actor
from bot.core.model.slis import Call
from bot.core.reports.readiness import Readiness, RehearsalFact
from bot.engine.paging import reachability_check
from bot.engine.reliability.queries import ReliabilityQueries
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.engine.reliability.weekly_review import WeeklyReview
from bot.runbooks.library import RunbookLibrary
from tests.support.wired import ANA, EVE, WiredEngine, fleet

AGENT = replace(fleet().agents["refunds"], top_failures=("retry-loop", "tool-misuse"), fallback="a form")
HOLES = "Holes in who can be reached:\nNO PAGE WOULD ARRIVE: Bo Lindgren (bo): has no Slack id"
RUNBOOKS = RunbookLibrary(Path(__file__).parents[3] / "runbooks")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path, watched=fleet(agents={"refunds": AGENT}))
    made.settle_in()
    made.store.once(reachability_check.KIND, "2026-03-02", made.clock.now(), wall=1.0, detail=HOLES)
    yield made
    made.close()


def readiness_check(house: WiredEngine) -> ReadinessCheck:
    def rehearsals(agent: str) -> list[RehearsalFact]:
        return [RehearsalFact(agent, name, house.clock.now(), "P") for name in AGENT.top_failures]

    return ReadinessCheck(house.store, house.get_fleet, RUNBOOKS, rehearsals)


def reviewing(house: WiredEngine) -> WeeklyReview:
    return WeeklyReview(house.store, house.get_fleet, readiness_check(house), house.clock, house.wall)


def between(house: WiredEngine) -> ReliabilityQueries:
    return ReliabilityQueries(house.store, house.get_fleet, house.clock, readiness_check(house))


def calls(found: Readiness) -> dict[str, Call]:
    return {line.key: line.call for line in found.lines}


def test_evidence_comes_from_what_is_stored(house: WiredEngine) -> None:
    house.live(2)
    found = readiness_check(house).of(AGENT, house.clock.now())
    assert calls(found) == {
        "slis": Call.OK,
        "baseline": Call.BAD,
        "owner": Call.OK,
        "deputy": Call.BAD,
        "runbook": Call.OK,
        "fallback": Call.OK,
        "scope": Call.BAD,
        "decision": Call.BAD,
        "data_contracts": Call.BAD,
        "cost": Call.BAD,
        "step_down": Call.BAD,
        "tabletop": Call.OK,
        "stability": Call.BAD,
        "budget": Call.OK,
    }
    assert found.headline.startswith("refunds is demo-ready")


def test_a_silent_sli_is_no_evidence(house: WiredEngine) -> None:
    house.clock.advance(20 * 60)
    assert calls(readiness_check(house).of(AGENT, house.clock.now()))["slis"] is Call.BAD


def test_thirty_days_of_numbers_are_an_observed_baseline(house: WiredEngine) -> None:
    for day in range(30):
        house.feed(30, house.healthy(), end=house.clock.now() - timedelta(days=day))
    assert calls(readiness_check(house).of(AGENT, house.clock.now()))["baseline"] is Call.OK


def test_the_answer_is_a_card_with_what_is_missing_first_and_the_command_line_prints_its_facts(
    house: WiredEngine,
) -> None:
    answer = between(house).ready("refunds")
    card = answer.card
    assert isinstance(card, ReadyCard)
    stages = [line.stage for line in card.missing]
    assert stages == sorted(stages, key=["beta", "production"].index)
    assert all(line.next for line in (*card.missing, *card.later))
    printed = "\n".join(card_lines(card))
    assert printed.startswith(answer.text)
    assert all(said in printed for line in card.missing for said in (line.title, line.why, line.next))
    assert printed.index(card.missing[0].title) < printed.index(card.met[0].title)


def test_a_step_down_counts_once_the_agent_has_read_it_back(house: WiredEngine) -> None:
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "drill")
    house.deliver()
    assert calls(readiness_check(house).of(AGENT, house.clock.now()))["step_down"] is Call.BAD
    house.obey()
    house.tick()
    [line] = [one for one in readiness_check(house).of(AGENT, house.clock.now()).lines if one.key == "step_down"]
    assert line.call is Call.OK
    assert line.why.startswith("read-only, read back 2026-03-02")


def test_a_severe_incident_begins_the_stability_window_anew(house: WiredEngine) -> None:
    between(house).scope(ANA, "refunds", "go-live review of February")
    house.clock.advance(timedelta(days=10).total_seconds())
    assert readiness_check(house).of(AGENT, house.clock.now()).stable_days == pytest.approx(10)
    house.feed(60, house.healthy())
    house.live(3, her=60.0)
    house.commands.lifecycle.set_severity(ANA, 1, "SEV1", "many customers")
    found = readiness_check(house).of(AGENT, house.clock.now())
    assert found.stable_days == 0.0
    assert "0 of 90 days since INC-0001" in [line.why for line in found.lines]


class TestDecisions:
    def test_a_decision_is_recorded_with_who_and_why(self, house: WiredEngine) -> None:
        answer = between(house).scope(ANA, "refunds", " go-live review ")
        assert answer.text == "Recorded: Ana Duarte decided on refunds as production. Reason: go-live review"
        [decided] = house.store.decisions("refunds")
        assert (decided.by, decided.stage, decided.reason) == ("ana", "production", "go-live review")
        assert calls(readiness_check(house).of(AGENT, house.clock.now()))["decision"] is Call.OK

    def test_a_fleet_file_that_says_more_than_was_decided_is_seen(self, house: WiredEngine) -> None:
        between(house).scope(ANA, "refunds", "go-live")
        house.watched = fleet(agents={"refunds": replace(AGENT, tools=("payments.refund",))})
        found = readiness_check(house).of(house.watched.agents["refunds"], house.clock.now())
        assert calls(found)["decision"] is Call.BAD
        assert between(house).scope(ANA, "refunds", "more tools").text.endswith("(tools changed). Reason: more tools")

    @pytest.mark.parametrize(
        ("actor", "reason", "says"),
        [(EVE, "because", "not among the responders"), (ANA, "  ", "takes a reason")],
    )
    def test_not_everybody_decides_and_nobody_without_a_reason(
        self, house: WiredEngine, actor: Actor, reason: str, says: str
    ) -> None:
        answer = between(house).scope(actor, "refunds", reason)
        assert (answer.ok, says in answer.text) == (False, True)
        assert house.store.decisions("refunds") == []

    def test_the_same_again_is_not_a_second_decision(self, house: WiredEngine) -> None:
        between(house).scope(ANA, "refunds", "go-live")
        assert "Nothing has changed since ana decided" in between(house).scope(ANA, "refunds", "again").text
        assert len(house.store.decisions("refunds")) == 1


class TestReview:
    def test_it_is_posted_once_a_week_to_the_announcements(self, house: WiredEngine) -> None:
        house.live(3, her=60.0)  # Monday 2 March, 02:03
        reviewing(house).post_if_due()
        house.deliver()
        assert not house.store.receipts("notice/review/")
        house.clock.advance(6 * 3600)
        for _ in range(3):
            reviewing(house).post_if_due()
            house.deliver()
        receipts = house.store.receipts("notice/review/")
        assert {key: receipt.channel for key, receipt in receipts.items()} == {"notice/review/2026-W10": "C-incidents"}
        assert house.said().count("Week 23 Feb to 02 Mar, 1 agent.") == 1
        assert "Incidents: 1 (1 SEV" in house.said()

    def test_a_restart_before_it_was_sent_loses_and_doubles_nothing(self, house: WiredEngine) -> None:
        house.clock.advance(7 * 3600)
        reviewing(house).post_if_due()
        house.close()
        house.open()
        reviewing(house).post_if_due()
        house.deliver()
        assert house.said().count("Week 23 Feb to 02 Mar") == 1

    def test_follow_ups_past_their_day_are_owed(self, house: WiredEngine) -> None:
        house.live(3, her=60.0)
        house.commands.teamwork.note(ANA, 1, "write the missing eval", "followup")
        house.clock.advance(timedelta(days=20).total_seconds())
        [line] = reviewing(house).of(house.clock.now()).overdue
        assert line == "refunds: 1-1 write the missing eval (Ana Duarte, 6 days late)"

    def test_pages_and_what_is_owed_come_from_the_store(self, house: WiredEngine) -> None:
        house.live(3, her=60.0)
        house.commands.paging.acknowledge(ANA, 1)
        found = reviewing(house).of(house.clock.now() + timedelta(minutes=1))
        assert [page.person for page in found.pages] == ["Ana Duarte"]
        assert found.nights == {"Ana Duarte": 1}
        assert found.times.acknowledge is not None
        assert found.unreachable == ("refunds: bo cannot be reached: has no Slack id",)
        assert found.not_ready[0].startswith("refunds is demo-ready")


def test_budgets_in_words(house: WiredEngine) -> None:
    house.live(2)
    answer = between(house).budget("refund")
    assert answer.ok
    assert "Error budgets of refunds, 30 days." in answer.text
    assert "burn rate: 1h 0.4x" in answer.text  # 2 % of 5 %
    assert answer.chart == ("refunds", "error budget")
    assert "Did you mean refunds?" in between(house).budget("refnds").text
