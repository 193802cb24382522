"""Percentiles in the fleet file."""

import pytest

from bot.core.model.slis import Objective, Sli
from tests.config.fleet_text import problems, read

TASKS = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
sources:
  gateway: {kind: tasks}
slis:
  NAME
agents:
  refunds: {owner: ana, workflows: [refund]}
"""


def sli_of(text: str, source: str = TASKS) -> Sli:
    ((_, sli),) = read(source.replace("NAME", text)).agents["refunds"].slis
    return sli


def told(text: str, source: str = TASKS) -> str:
    return "\n".join(problems(source.replace("NAME", text)))


def test_the_three_are_built_in() -> None:
    calls, cost, time = (sli_of(f"{name}_p95: {{}}") for name in ("tool_calls", "cost", "duration"))
    assert [(sli.percentile, sli.of, sli.unit) for sli in (calls, cost, time)] == [
        (95, "tool_calls", "calls"),
        (95, "cost", "USD"),
        (95, "duration", "s"),
    ]
    assert (calls.title, calls.objective, calls.rule) == (
        "p95 of tool calls",
        Objective(1.5, relative=True),
        "evidence",
    )


@pytest.mark.parametrize(("percentile", "least"), [("50", 6), ("95", 60), ("p99", 300), ("99.9", 3000)])
def test_any_percentile_is_an_sli_and_needs_tasks_past_it(percentile: str, least: int) -> None:
    sli = sli_of(f'slow: {{percentile: {percentile}, of: duration, better: lower, objective: "<= 120"}}')
    assert sli.percentile == float(percentile.removeprefix("p"))
    assert (sli.min_count, sli.unit) == (least, "s")
    assert sli.title == f"p{percentile.removeprefix('p')} of time"
    assert sli_of(f"tool_calls_p95: {{percentile: {percentile}, min_count: 7}}").min_count == 7


def test_among_several_sources_the_one_that_tells_tasks_answers() -> None:
    both = TASKS.replace("sources:\n", 'sources:\n  prom: {kind: prometheus, url: "http://prometheus:9090"}\n')
    own = 'slow: {percentile: 99, of: cost, better: lower, objective: "<= 2"}'
    assert sli_of(own, both).percentile == 99


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tool_calls_p95: {percentile: 42}", "write a number from 50 to 99.9, such as 95"),
        ("tool_calls_p95: {percentile: 100}", "write a number from 50 to 99.9, such as 95"),
        ("tool_calls_p95: {percentile: true}", "write a number from 50 to 99.9, such as 95"),
        ('slow: {percentile: 99, better: lower, objective: "<= 3"}', "say what it is a percentile of with `of`"),
        ('slow: {of: cost, better: lower, objective: "<= 3"}', "add `percentile`, such as 95"),
        ('slow: {percentile: 99, of: cost, better: higher, objective: ">= 3"}', "lower is better"),
        ("cost_p95: {kind: ratio}", "a percentile is no ratio"),
        ("cost_p95: {watch: both}", "a percentile is watched in one direction"),
        ("cost_p95: {of: tokens}", "of"),
        ("cost_p95: {value: up}", "values are pushed to gateway"),
    ],
)
def test_what_makes_no_percentile_is_named(text: str, said: str) -> None:
    assert said in told(text)


def test_spans_tell_tasks_too() -> None:
    assert sli_of("duration_p95: {}", TASKS.replace("kind: tasks", "kind: otlp")).of == "duration"


def test_a_source_that_tells_no_tasks_is_refused_with_the_way_out() -> None:
    prom = TASKS.replace("gateway: {kind: tasks}", 'prom: {kind: prometheus, url: "http://prometheus:9090"}')
    said = told("tool_calls_p95: {}", prom)
    assert "prom (prometheus) does not tell them" in said
    assert "`value`" in said
