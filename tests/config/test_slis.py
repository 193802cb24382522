"""SLIs are declared once and overridden where they differ; one query answers for all it can."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.config import load_fleet
from bot.config.defaults import KNOWN
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series
from bot.core.model.slis import Better, Objective, PollQuery
from bot.runtime.registry import REGISTRY
from tests.config.fleet_text import GOOD, changed, problems, read
from tests.support.example_environment import EXAMPLE_ENVIRONMENT

KYC = "  kyc: {owner: bo, workflows: [review]}\n"
SPLIT = "her: {by: {agent: agent, workflow: task_class}}"
TASKS = "sum by (agent) (increase(agent_tasks_total[1m]))"
DESK = (
    '  desk: {kind: http_json, url: "https://desk", slis: {open: {items: all, by: {agent: who}, value: open}}}\nslis:'
)


def asked(fleet: Fleet, sli: str) -> list[PollQuery]:
    return [query for query in fleet.queries if query.sli == sli]


def serving(fleet: Fleet, sli: str) -> Mapping[str, frozenset[tuple[str, str]]]:
    return {query.name: query.serves for query in asked(fleet, sli)}


def test_the_four_have_their_meaning_built_in() -> None:
    agent = read(GOOD).agents["refunds"]
    slis = {sli.name: sli for _, sli in agent.slis}
    assert {name: (sli.objective, sli.better, sli.kind, sli.sustain) for name, sli in slis.items()} == {
        "dqr": (Objective(85.0), Better.HIGHER, "ratio", 2),
        "tie": (Objective(1.5, relative=True), Better.LOWER, "gauge", 2),
        "her": (Objective(5.0), Better.LOWER, "ratio", 2),
        "aqdd": (Objective(2.0, relative=True), Better.LOWER, "gauge", 30),
    }
    assert {name for name, sli in slis.items() if sli.moved_by_approval} == {"her", "aqdd"}
    assert {name: sli.absolute_tolerance for name, sli in slis.items()} == {
        "dqr": None, "tie": None, "her": 0.5, "aqdd": 5.0,
    }  # fmt: skip
    assert agent.series() == tuple(Series("refunds", "", name) for name in ("dqr", "tie", "her", "aqdd"))


def test_they_are_asked_for_minute_by_minute_with_absent_bad_counters_as_nothing() -> None:
    queries = {query.sli: query for query in read(GOOD).queries}
    assert queries["her"].parts == {
        "bad": f"sum by (agent) (increase(agent_escalations_total[1m])) or 0 * {TASKS}",
        "total": TASKS,
    }
    assert queries["tie"].parts["count"] == TASKS
    assert all("[1m]" in text for sli in ("dqr", "tie", "her") for text in queries[sli].parts.values())
    assert {query.kind for query in queries.values()} == {"ratio", "gauge"}


def test_two_thousand_agents_need_five_queries() -> None:
    agents = "".join(f"  agent-{i}: {{owner: ana}}\n" for i in range(300))
    fleet = read(GOOD.replace("  aqdd: {}\n", "  aqdd: {}\n  cost_per_task: {}\n") + agents)
    assert len(fleet.queries) == 5
    assert all(len(query.serves) == 301 for query in fleet.queries)


def test_an_agent_may_be_without() -> None:
    fleet = read(GOOD + KYC.replace("}", ", slis: {tie: off}}"))
    assert serving(fleet, "tie") == {"tie from prom": frozenset({("refunds", "")})}
    assert fleet.agents["kyc"].sli("", "tie") is None


def test_an_overridden_objective_is_asked_for_with_the_others() -> None:
    fleet = read(GOOD + KYC.replace("}", ', slis: {her: {objective: "<= 3"}}}'))
    assert len(asked(fleet, "her")) == 1
    kyc, refunds = (fleet.agents[key].sli("", "her") for key in ("kyc", "refunds"))
    assert kyc is not None
    assert refunds is not None
    assert (kyc.objective.limit, refunds.objective.limit) == (3.0, 5.0)
    assert kyc.absolute_tolerance == 0.5


def test_an_overridden_query_takes_the_agent_out_of_the_fleets() -> None:
    fleet = read(GOOD + KYC.replace("}", ", slis: {her: {bad: kyc_referred, total: kyc_cases}}}"))
    assert serving(fleet, "her") == {
        "her from prom": frozenset({("refunds", "")}),
        "her of kyc from prom": frozenset({("kyc", "")}),
    }
    own = asked(fleet, "her")[1]
    assert (own.agent, own.workflow, own.parts) == ("kyc", "", {"bad": "kyc_referred", "total": "kyc_cases"})


def test_a_query_split_by_workflow_measures_each_workflow() -> None:
    fleet = read(GOOD.replace("her: {}", SPLIT) + KYC)
    assert serving(fleet, "her") == {
        "her from prom": frozenset({("refunds", "")}),
        "her by workflow from prom": frozenset({("kyc", "review")}),
    }
    whole, split = asked(fleet, "her")
    assert whole.by == {"agent": "agent"}
    assert split.by == {"agent": "agent", "workflow": "task_class"}
    assert "sum by (agent, task_class)" in split.parts["total"]
    assert Series("kyc", "review", "her") in fleet.agents["kyc"].series()
    assert Series("kyc", "", "her") not in fleet.agents["kyc"].series()


FLOWS = """\
    workflows:
      refund:
      chargeback:
        slis: {her: {objective: 12}}
        baselines: {her: 7.5}
      gift: {slis: {her: {bad: gifts_bad, total: gifts}}}
      test: {slis: {her: off}}
    baselines: {her: 2.5, tie: 4}
"""


def test_workflows_override_objective_and_query() -> None:
    fleet = read(GOOD.replace("her: {}", SPLIT) + FLOWS)
    refunds = fleet.agents["refunds"]
    limits = {flow: sli.objective.limit for flow, sli in refunds.slis if sli.name == "her"}
    assert limits == {"refund": 5.0, "chargeback": 12.0, "gift": 5.0}
    assert serving(fleet, "her") == {
        "her by workflow from prom": frozenset({("refunds", "refund"), ("refunds", "chargeback")}),
        "her of refunds/gift from prom": frozenset({("refunds", "gift")}),
    }
    gift = asked(fleet, "her")[1]
    assert (gift.agent, gift.workflow) == ("refunds", "gift")


def test_baselines_are_pinned_for_what_is_watched() -> None:
    refunds = read(GOOD.replace("her: {}", SPLIT) + FLOWS).agents["refunds"]
    assert set(refunds.pinned) == {
        ("", "tie", 4.0),
        ("refund", "her", 2.5),
        ("chargeback", "her", 7.5),
        ("gift", "her", 2.5),
    }
    assert refunds.pinned_baseline(Series("refunds", "chargeback", "her")) == 7.5


def test_a_period_of_its_own_is_a_query_of_its_own() -> None:
    fleet = read(GOOD + KYC.replace("}", ", slis: {tie: {every: 5m}}}"))
    assert {query.name: query.every for query in asked(fleet, "tie")} == {
        "tie from prom": 60,
        "tie from prom every 5m": 300,
    }


def test_a_source_names_an_sli_in_its_own_language() -> None:
    text = changed("slis:", DESK).replace(
        "  aqdd: {}", "  aqdd: {}\n  open: {better: lower, objective: 9, absolute_tolerance: 2, unit: tickets}"
    )
    query = asked(read(text), "open")[0]
    assert (query.source, query.kind, query.by) == ("desk", "gauge", {"agent": "who"})
    assert query.parts == {"items": "all", "value": "open"}


def test_what_is_pushed_is_not_asked_for() -> None:
    text = changed('kind: prometheus, url: "http://prometheus:9090"', "kind: tasks")
    fleet = read(text)
    assert fleet.queries == ()
    assert len(fleet.agents["refunds"].slis) == 4
    assert fleet.agents["refunds"].slis[0][1].kind == "ratio"


def test_one_agent_may_push_what_the_others_are_asked_for() -> None:
    text = changed("slis:", "  gateway: {kind: tasks}\nslis:").replace("her: {}", "her: {source: prom}")
    text = text.replace("dqr: {}", "dqr: {source: prom}").replace("tie: {}", "tie: {source: prom}")
    text = text.replace("aqdd: {}", "aqdd: {source: prom}")
    fleet = read(text + KYC.replace("}", ", slis: {her: {source: gateway}}}"))
    assert serving(fleet, "her") == {"her from prom": frozenset({("refunds", "")})}
    assert fleet.agents["kyc"].sli("", "her") is not None


def test_a_share_without_counts_stands_minute_by_minute() -> None:
    fleet = read(changed("her: {}", "her: {value: her_percent}"))
    sli = fleet.agents["refunds"].sli("", "her")
    assert sli is not None
    assert (sli.kind, sli.unit) == ("gauge", "%")
    with_counts = read(changed("her: {}", "her: {value: her_percent, count: n}")).agents["refunds"].sli("", "her")
    assert with_counts is not None
    assert with_counts.kind == "ratio"


def test_the_settle_time_is_the_sources() -> None:
    fleet = read(changed('9090"}', '9090", settle: 5m}'))
    assert {sli.settle for _, sli in fleet.agents["refunds"].slis} == {300}


ONLY_TASKS = {"tokens_per_task", *(name for name, entry in KNOWN.items() if entry.percentile)}


@pytest.mark.parametrize("name", sorted(KNOWN.keys() - ONLY_TASKS))
def test_every_template_is_answered_by_prometheus(name: str) -> None:
    fleet = read(changed("  aqdd: {}", f"  mine: {{template: {name}, tool: search}}"))
    sli = fleet.agents["refunds"].sli("", "mine")
    assert sli is not None
    assert "$" not in sli.title + "".join(asked(fleet, "mine")[0].parts.values())


def test_a_workflow_split_needs_workflows_where_the_query_is_fixed() -> None:
    fixed = "her: {bad: 'sum by (a, w) (x)', total: 'sum by (a, w) (y)', by: {agent: a, workflow: w}}"
    assert "this agent lists no `workflows`" in problems(changed("her: {}", fixed))[0]


def test_the_example_file_is_a_fleet(repository: Path) -> None:
    fleet = load_fleet(repository / "fleet.example.yaml", EXAMPLE_ENVIRONMENT, REGISTRY)
    assert set(fleet.agents) == {"refunds", "kyc", "support"}
    assert {person.slack for person in fleet.people.values()} == {"U0ANA", "U0BO", "U0CLEO", "U0DAN"}
    assert {spec.kind for spec in fleet.sources.values()} == {"prometheus", "http_json"}
    assert fleet.escalation.steps[-1].who == "manager"


def test_the_minimal_file_in_its_comments_is_a_fleet(repository: Path) -> None:
    lines = (repository / "fleet.example.yaml").read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line == "#   people:")
    last = next(number for number, line in enumerate(lines) if number > first and not line.startswith("#   "))
    fleet = read("\n".join(line.removeprefix("#   ") for line in lines[first:last]))
    assert len(fleet.agents["refunds"].slis) == 4


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('dqr: {objective: ">= 0.95"}', "0.95 could mean 95 % or 0.95 %; write it with its % sign"),
        ("her: {objective: 0.05}", "0.05 could mean 5 % or 0.05 %; write it with its % sign"),
        ('tie: {objective: "<= 5 %"}', "this SLI is measured in calls/task, not in per cent"),
        ("dqr: {objective: 850}", "850 is not a percentage (0 to 100)"),
        ("dqr: {objective: 0}", "no share can be worse than 0 %, so it could never breach"),
        ("her: {objective: 100 %}", "no share can be worse than 100 %, so it could never breach"),
    ],
)
def test_an_objective_whose_unit_is_in_doubt_is_asked_about(written: str, problem: str) -> None:
    name = written.split(":", maxsplit=1)[0]
    found = problems(changed(f"{name}: {{}}", written))
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "number", ["9" * 400, "1e999", ".inf", "-.inf", ".nan", "1e15", f"'{'9' * 400}'", f"'{'9' * 400}x'"]
)
def test_an_objective_beyond_all_numbers_is_refused(number: str) -> None:
    [found] = problems(changed("tie: {}", f"tie: {{objective: {number}}}"))
    assert "is not an objective; write a number, `<= 5`" in found
    assert len(found) < 250


def test_a_count_that_is_never_reached_is_refused() -> None:
    """It would be accepted and judge nothing."""
    [found] = problems(changed("tie: {}", f"tie: {{min_count: {'9' * 400}}}"))
    assert "is out of range; at most 1e+06 is allowed" in found


@pytest.mark.parametrize("setting", ["every", "window"])
def test_a_span_beyond_all_calendars_is_refused(setting: str) -> None:
    [found] = problems(changed("tie: {}", f"tie: {{{setting}: {'9' * 400}h}}"))
    assert f"slis.tie.{setting}: " in found


def test_half_a_per_cent_is_written_with_its_sign() -> None:
    fleet = read(changed("her: {}", 'her: {objective: "<= 0.5 %"}'))
    sli = fleet.agents["refunds"].sli("", "her")
    assert sli is not None
    assert sli.objective == Objective(0.5)


def test_what_would_never_be_sent_is_refused_in_the_address_of_a_source() -> None:
    (found,) = problems(changed('"http://prometheus:9090"', '"http://prometheus:9090/#thanos"'))
    assert "holds neither user, password nor #" in found
