"""The largest trace that is read, in the shapes that cost most: each span is walked over a bounded number of times.

A walk from each span to the top takes minutes for one of these; nothing here is timed, but nobody waits that long.
"""

from collections.abc import Callable

import pytest

from bot.core.telemetry.traces.runs import AgentRun, run_of
from bot.core.telemetry.traces.span_facts import AGENT, CHAIN, MODEL, OTHER, TOOL, About, SpanFacts
from bot.core.telemetry.traces.span_tree import Forest, forest
from bot.core.telemetry.traces.trace_rules import AgentRules, Markers, TraceRules
from bot.engine.detection.span_join import MOST_SPANS as MOST

RULES = TraceRules({"refunds": AgentRules(escalates=Markers(tools=("transfer*",)))})
MISSING = 10**9
"""A caller that never comes."""


def span(number: int, parent: int, role: str, **about: object) -> SpanFacts:
    own, above = f"{number:016x}", f"{parent:016x}" if parent else ""
    return SpanFacts(own, above, 0, role, role, float(number), 1e6 + number, False, "", "test", about)


def chain(length: int, role: str, top: int = 0) -> list[SpanFacts]:
    """Spans below one another, from the first to the last."""
    return [
        span(n, n - 1 if n > 1 else top, role, **({About.TOOL: f"t{n}"} if role == TOOL else {}))
        for n in range(1, length + 1)
    ]


def grown(spans: list[SpanFacts], whose: Callable[[SpanFacts], str] = lambda _: "refunds") -> Forest:
    return forest(spans, whose, patient_since=0)


def counted(spans: list[SpanFacts]) -> AgentRun:
    (group,) = grown(spans).groups
    return run_of("t", group, RULES, lambda _agent, _name: "")


def test_tools_below_one_another() -> None:
    run = counted([span(MOST, 0, AGENT), *chain(MOST - 1, TOOL, top=MOST)])
    assert len(run.calls) == MOST - 1


def test_models_below_one_another_are_one_model() -> None:
    run = counted([span(MOST, 0, AGENT), *chain(MOST - 1, MODEL, top=MOST)])
    assert (run.steps, run.tokens) == (1, None)


def test_many_models_that_leave_their_tokens_to_what_is_inside() -> None:
    half = MOST // 2
    outer = [span(n, MOST * 2, MODEL) for n in range(1, half)]
    inner = [span(half + n, n, MODEL, **{About.INPUT: 1}) for n in range(1, half)]
    run = counted([span(MOST * 2, 0, AGENT), *outer, *inner])
    assert (run.steps, run.tokens) == (half - 1, half - 1)


@pytest.mark.parametrize("role", [AGENT, CHAIN])
def test_runs_along_a_line_whose_top_never_comes(role: str) -> None:
    half = MOST // 2
    runs = [span(half + n, n, role) for n in range(1, half)]
    wood = grown([*chain(half, OTHER, top=MISSING), *runs])
    assert (len(wood.groups), len(wood.waiting)) == (0, half - 1)


def test_agents_of_two_names_in_turns_are_a_run_each() -> None:
    wood = grown(chain(MOST, AGENT), lambda one: "refunds" if int(one.span, 16) % 2 else "kyc")
    assert len(wood.groups) == MOST
    assert [run_of("t", group, RULES, lambda *_: "").steps for group in wood.groups] == [0] * MOST


def test_agents_without_a_name_are_one_run() -> None:
    (group,) = grown(chain(MOST, AGENT), lambda _: "").groups
    assert (group.agent, len(group.spans)) == ("", MOST)


def test_a_ring_of_all_of_them_ends() -> None:
    ring = [one._replace(parent=f"{MOST:016x}") if n == 0 else one for n, one in enumerate(chain(MOST, TOOL))]
    assert grown(ring).groups == ()
    ring[0] = ring[0]._replace(role=AGENT)
    assert [group.root for group in grown(ring).groups] == [ring[0]]
