from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.fleet import Agent
from bot.core.model.slis import Call
from bot.core.reports.readiness import (
    Facts,
    ReachabilityFact,
    Readiness,
    ReadinessLine,
    RehearsalFact,
    ReportingFact,
    ScopeDecision,
    StepDown,
    changed_terms,
    judge,
    stability,
    terms_of,
    went_live,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AGENT = Agent(
    "refunds",
    "ana",
    deputy="bo",
    scope="Refunds of card payments up to 200 EUR.",
    blast_radius="At most 200 EUR a task.",
    tools=("orders.read", "payments.refund"),
    stage="production",
    fallback="The refunds desk.",
    data_contracts=("orders v3",),
    cost={"usd_a_day": 360, "usd_a_day_at_10x": 3400, "usd_a_day_at_100x": 41000},
    top_failures=("retry-loop", "tool-misuse"),
)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def decided(days: float, stage: str = "production", agent: Agent = AGENT) -> ScopeDecision:
    return ScopeDecision("refunds", ago(days), "cleo", stage, terms_of(agent), "go-live review")


UNBOUND = replace(AGENT, blast_radius="")
WHOLE = Facts(
    AGENT,
    slis=(ReportingFact("HER", NOW - timedelta(minutes=1), 30), ReportingFact("DQR", NOW - timedelta(minutes=2), 30)),
    owner=ReachabilityFact("ana", ok=True, why="Slack, pagerduty", at=ago(0.5)),
    deputy=ReachabilityFact("bo", ok=True, at=ago(0.5)),
    runbook_phases=frozenset({"detection", "attribution", "containment", "recovery"}),
    step_downs=(StepDown(ago(12), "read-only"),),
    rehearsals=(
        RehearsalFact("refunds", "retry-loop", ago(20), "P"),
        RehearsalFact("refunds", "tool-misuse", ago(5), "S"),
    ),
    decisions=(decided(100),),
)


def line(found: Readiness, key: str) -> ReadinessLine:
    return next(each for each in found.lines if each.key == key)


class TestTheAnswer:
    def test_with_evidence_for_every_line_it_is_ready(self) -> None:
        found = judge(WHOLE, NOW)
        assert found.production_ready
        assert found.reached == "reliable production"
        assert not found.missing
        assert "every line has evidence" in found.headline

    def test_nothing_known_is_not_ready(self) -> None:
        found = judge(Facts(Agent("kyc", "ana")), NOW)
        assert (found.production_ready, found.reached) == (False, "demo")
        assert all(each.call is not Call.OK for each in found.lines if each.key != "budget")
        assert found.headline.startswith("kyc is demo-ready: 12 of 12 lines have no evidence yet.")

    @pytest.mark.parametrize(
        ("facts", "key", "says"),
        [
            (replace(WHOLE, slis=(ReportingFact("HER", ago(1), 30),)), "slis", "no answer in the last 15 min: HER"),
            (replace(WHOLE, slis=(ReportingFact("HER", NOW, 29),)), "baseline", "days seen: HER 29"),
            (replace(WHOLE, owner=ReachabilityFact("ana", ok=False, why="no such member")), "owner", "no such member"),
            (replace(WHOLE, deputy=None), "deputy", "nobody has checked"),
            (replace(WHOLE, agent=replace(AGENT, deputy="")), "deputy", "no deputy is named"),
            (replace(WHOLE, runbook_phases=frozenset({"detection"})), "runbook", "attribution, containment, recovery"),
            (replace(WHOLE, runbook_problems=("default.md:3: no text",)), "runbook", "default.md:3"),
            (replace(WHOLE, agent=replace(AGENT, fallback=" ")), "fallback", "`fallback` is empty"),
            (replace(WHOLE, agent=replace(AGENT, data_contracts=())), "data_contracts", "empty"),
            (replace(WHOLE, agent=replace(AGENT, cost={"usd_a_day": 3.0})), "cost", "`cost.usd_a_day_at_10x`"),
            (
                replace(WHOLE, agent=UNBOUND, decisions=(decided(100, agent=UNBOUND),)),
                "scope",
                "`blast_radius` is empty",
            ),
            (replace(WHOLE, agent=replace(AGENT, tools=("mail",))), "decision", "tools changed"),
            (replace(WHOLE, step_downs=(StepDown(ago(91), "read-only"),)), "step_down", "91 days old"),
            (replace(WHOLE, rehearsals=WHOLE.rehearsals[:1]), "tabletop", "tool-misuse was never rehearsed"),
            (
                replace(WHOLE, rehearsals=(*WHOLE.rehearsals, RehearsalFact("refunds", "retry-loop", ago(1), "U"))),
                "tabletop",
                "retry-loop was rated U",
            ),
            (replace(WHOLE, agent=replace(AGENT, top_failures=("retry-loop",))), "tabletop", "1 of two"),
        ],
    )
    def test_each_line_that_lacks_evidence_bars_production_and_says_what_is_missing(
        self, facts: Facts, key: str, says: str
    ) -> None:
        found = judge(facts, NOW)
        assert [each.key for each in found.missing] == [key]
        assert says in line(found, key).why
        assert line(found, key).next, "each has its one next action"
        assert not found.production_ready

    def test_somebody_whom_only_slack_reaches_can_be_reached(self) -> None:
        alone = ReachabilityFact("ana", ok=False, why="can be paged by Slack alone", at=ago(0.5))
        said = line(judge(replace(WHOLE, owner=alone), NOW), "owner")
        assert (said.call, said.why) == (Call.BAD, "ana can be paged by Slack alone")
        lost = alone._replace(why="has no Slack id", grave=True)
        assert line(judge(replace(WHOLE, owner=lost), NOW), "owner").why == "ana cannot be reached: has no Slack id"

    def test_what_is_met_has_nothing_left_to_do(self) -> None:
        assert [each.next for each in judge(WHOLE, NOW).lines if each.next] == []

    def test_a_check_of_last_week_is_unknown_not_fine(self) -> None:
        found = judge(replace(WHOLE, owner=ReachabilityFact("ana", ok=True, at=ago(7))), NOW)
        assert line(found, "owner").call is Call.UNKNOWN
        assert "last checked 2026-11-13" in line(found, "owner").why


class TestStages:
    def test_beta_needs_less_than_production(self) -> None:
        found = judge(replace(WHOLE, step_downs=(), rehearsals=()), NOW)
        assert found.reached == "beta"
        assert "Everything for beta is there." in found.headline

    def test_a_budget_that_is_gone_bars_reliable_production_only(self) -> None:
        found = judge(replace(WHOLE, budgets_gone=("HER: the error budget of 30 days is gone",)), NOW)
        assert found.reached == "production"

    def test_the_stability_window_counts_from_the_later_of_go_live_and_the_last_severe_incident(self) -> None:
        assert stability(WHOLE, NOW) == pytest.approx(100)
        severe = replace(WHOLE, last_severe=("INC-0042", ago(41)))
        assert stability(severe, NOW) == pytest.approx(41)
        assert line(judge(severe, NOW), "stability").why == "41 of 90 days since INC-0042"
        assert stability(replace(WHOLE, last_severe=("INC-0001", ago(140))), NOW) == pytest.approx(100)
        assert stability(replace(WHOLE, decisions=()), NOW) is None

    def test_going_back_to_beta_begins_the_window_anew(self) -> None:
        assert went_live([decided(100), decided(50, "beta"), decided(10)]) == ago(10)
        assert went_live([decided(100), decided(50)]) == ago(100)
        assert went_live([decided(100), decided(50, "beta")]) is None


def test_what_a_decision_was_about_is_compared_by_name() -> None:
    other = replace(AGENT, scope="All refunds.", tools=("payments.refund", "orders.read"))
    assert changed_terms(terms_of(AGENT), terms_of(other)) == ("scope",)
