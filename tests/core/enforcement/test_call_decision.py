"""The table of `enforcement.md` by hand, and what holds for every call on every rung."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.autonomy.answered import WRITES
from bot.core.enforcement.call_decision import SEVERITY, CallAction, TaskUse, WantedCall, decide, strictest
from bot.core.enforcement.held_rung import NEVER_REACHED, RungInForce
from bot.core.enforcement.tool_class import ToolClass, ToolHints, classify
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.model.tools import NO_BOUNDS, Reversible, TaskBounds, ToolRule

READ, WRITE = ToolClass(False, "yes", "fleet file"), ToolClass(True, "no", "fleet file", "amount")
WIDE = TaskBounds(calls=1_000_000, amount=1e9)
PASS, HOLD, DENY = SEVERITY

grants = st.fixed_dictionaries(
    {},
    optional={
        "writes": st.sampled_from([*WRITES, "yes", "ALLOW", None, True, 1, ["allow"]]),
        "tasks": st.sampled_from(["deny", "allow"]),
        "log": st.just("enhanced"),
    },
)
classes = st.sampled_from([READ, WRITE, classify(None)])
amounts = st.one_of(st.none(), st.floats(0, 1e6), st.just(float("nan")))
calls = st.builds(WantedCall, st.sampled_from(["a", "b"]), classes, amounts)
limits = st.builds(
    TaskBounds,
    st.one_of(st.none(), st.just(("a",))),
    st.one_of(st.none(), st.integers(1, 5)),
    st.one_of(st.none(), st.floats(0, 100)),
)
uses = st.builds(TaskUse, st.integers(0, 6), st.floats(0, 200))


def rung(given: Mapping[str, object], level: str = "x") -> RungInForce:
    return RungInForce(level, 1, given)


def done(given: Mapping[str, object], kind: ToolClass, bounds: TaskBounds = WIDE) -> CallAction:
    return decide(rung(given), WantedCall("t", kind, 1.0), bounds, TaskUse()).action


@pytest.mark.parametrize(
    ("level", "read", "write"),
    [
        ("full", PASS, PASS),
        ("watched", PASS, PASS),
        ("bounded", PASS, PASS),
        ("approval", PASS, HOLD),
        ("read-only", PASS, DENY),
        ("suspended", DENY, DENY),
    ],
)
def test_the_table(level: str, read: CallAction, write: CallAction) -> None:
    given = DEFAULT_LADDER.rung(level).grants
    assert (done(given, READ), done(given, WRITE), done(given, classify(None))) == (read, write, write)


def test_bounds_by_hand() -> None:
    bounds = TaskBounds(("a", "b"), calls=3, amount=100)
    capped = rung({"writes": "capped"})

    def said(tool: str, amount: float | None, use: TaskUse, kind: ToolClass = WRITE) -> CallAction:
        return decide(capped, WantedCall(tool, kind, amount), bounds, use).action

    assert said("a", 100, TaskUse()) is PASS
    assert said("a", 100.01, TaskUse()) is DENY
    assert said("a", 41, TaskUse(1, 60)) is DENY
    assert said("a", 40, TaskUse(2, 60)) is PASS
    assert said("a", 0, TaskUse(3, 60)) is DENY
    assert said("c", 0, TaskUse()) is DENY
    assert said("c", None, TaskUse(), READ) is DENY
    assert said("a", None, TaskUse()) is DENY
    assert said("a", float("nan"), TaskUse()) is DENY
    assert decide(capped, WantedCall("a", WRITE, 1), NO_BOUNDS, TaskUse()).action is DENY
    assert decide(capped, WantedCall("a", READ), NO_BOUNDS, TaskUse()).action is PASS


@given(grants, calls, limits, uses)
def test_a_write_passes_only_where_a_grant_says_so(
    given: Mapping[str, object], call: WantedCall, bounds: TaskBounds, use: TaskUse
) -> None:
    decision = decide(rung(given), call, bounds, use)
    assert decision.reason
    if call.kind.writes and decision.action is PASS:
        assert given.get("writes") in ("allow", "capped")
    if given.get("tasks") == "deny":
        assert decision.action is DENY
    if decision.action is HOLD:
        assert given["writes"] == "approve"


@given(calls, limits, uses, st.sampled_from(DEFAULT_LADDER.names()))
def test_no_lower_rung_passes_a_write_that_a_higher_one_does_not(
    call: WantedCall, bounds: TaskBounds, use: TaskUse, level: str
) -> None:
    below = DEFAULT_LADDER.below(level)
    if below is None:
        return
    upper, lower = (
        SEVERITY.index(decide(rung(one.grants), call, bounds, use).action)
        for one in (DEFAULT_LADDER.rung(level), below)
    )
    # from `bounded` to `approval` a call outside the bounds may wait for a person in place of being denied
    assert lower >= upper or (level == "bounded" and lower == SEVERITY.index(PASS if not call.kind.writes else HOLD))


@given(st.lists(grants, min_size=1, max_size=4), calls, limits, uses)
def test_of_several_rungs_the_strictest_decides(
    several: list[Mapping[str, object]], call: WantedCall, bounds: TaskBounds, use: TaskUse
) -> None:
    decisions = [decide(rung(one), call, bounds, use) for one in several]
    assert SEVERITY.index(strictest(decisions).action) == max(SEVERITY.index(one.action) for one in decisions)


def test_before_stepdown_was_reached_nothing_writes_and_the_reason_says_so() -> None:
    decision = decide(NEVER_REACHED, WantedCall("t", WRITE), WIDE, TaskUse())
    assert decision.action is DENY
    assert "not reached yet" in decision.reason
    assert decide(NEVER_REACHED, WantedCall("t", READ), WIDE, TaskUse()).action is PASS


@given(
    st.one_of(
        st.none(),
        st.builds(
            ToolRule, st.just("t"), st.sampled_from([None, True, False]), st.sampled_from(["yes", "no", "unknown"])
        ),
    ),
    st.builds(ToolHints, st.sampled_from([None, True, False]), st.sampled_from([None, True, False])),
)
def test_a_tool_reads_only_where_the_file_or_its_server_says_so(rule: ToolRule | None, hints: ToolHints) -> None:
    found = classify(rule, hints)
    if rule is not None and rule.writes is not None:
        assert (found.writes, found.said_by) == (rule.writes, "fleet file")
    elif not found.writes:
        assert (hints.read_only, found.said_by) == (True, "server")
        assert hints.destructive is not True
    known: dict[bool, Reversible] = {True: rule.reversible if rule else "unknown", False: "yes"}
    assert found.reversible == known[found.writes]
