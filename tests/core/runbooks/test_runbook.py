"""What "done" means: of a step, of a phase, of a runbook."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.runbooks.runbook import PHASES, Outcome, Plan, Step, StepMark, next_step, owed, phase_done, settled

NOW = datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
REAL = Step("real", "detection", "Decide whether it is real")
DEEPER = Step("deeper", "detection", "Look deeper", required=False)
CAUSE = Step("cause", "attribution", "Name the cause")
PLAN = Plan("default", "Default", (REAL, DEEPER, CAUSE), (("detection", "Know whether it is real."),))


def mark(step_id: str, outcome: Outcome) -> dict[str, StepMark]:
    return {step_id: StepMark(step_id, outcome, "why", "ana", NOW)}


def test_the_four_phases_stand_in_order() -> None:
    assert PHASES == ("detection", "attribution", "containment", "recovery")


@pytest.mark.parametrize(
    ("outcome", "is_settled"), [("done", True), ("skipped", True), ("not-applicable", True), ("blocked", False)]
)
def test_a_required_step_is_settled_by_any_answer_but_blocked(outcome: Outcome, is_settled: bool) -> None:
    assert settled(REAL, mark("real", outcome)) is is_settled


def test_an_untouched_step_is_owed_only_when_required() -> None:
    assert not settled(REAL, {})
    assert settled(DEEPER, {})


def test_an_optional_step_that_is_blocked_is_not_settled_but_does_not_bar_the_resolve() -> None:
    blocked = mark("deeper", "blocked")
    assert not settled(DEEPER, blocked)
    assert DEEPER not in owed(PLAN, blocked)


def test_a_phase_is_done_without_its_optional_steps() -> None:
    assert not phase_done(PLAN, "detection", {})
    assert phase_done(PLAN, "detection", mark("real", "done"))
    assert not phase_done(PLAN, "attribution", mark("real", "done"))


def test_a_phase_without_steps_is_done() -> None:
    assert phase_done(PLAN, "recovery", {})


def test_the_next_step_is_the_first_untouched_or_blocked_one_in_the_order_of_phases() -> None:
    assert next_step(PLAN, {}) is REAL
    assert next_step(PLAN, mark("real", "blocked")) is REAL
    assert next_step(PLAN, mark("real", "done")) is DEEPER
    backwards = replace(PLAN, steps=(CAUSE, DEEPER, REAL))
    assert next_step(backwards, mark("deeper", "done")) is REAL


def test_there_is_no_next_step_when_all_are_marked() -> None:
    marks = {**mark("real", "done"), **mark("deeper", "skipped"), **mark("cause", "done")}
    assert next_step(PLAN, marks) is None
    assert owed(PLAN, marks) == ()


def test_what_bars_a_resolve_is_named_in_order() -> None:
    assert owed(PLAN, {}) == (REAL, CAUSE)


def test_a_plan_finds_its_steps_and_goals() -> None:
    assert PLAN.step("cause") is CAUSE
    assert PLAN.step("nosuch") is None
    assert PLAN.of("detection") == (REAL, DEEPER)
    assert PLAN.goal("detection") == "Know whether it is real."
    assert PLAN.goal("recovery") == ""
