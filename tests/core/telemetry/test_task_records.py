"""Worked examples by hand, then that order and repeats change nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.telemetry.task_records import (
    TASK_SLIS,
    TaskRecord,
    judged_workflows,
    merge,
    minutes_from_tasks,
    newest_words,
    touched_minutes,
)

AT = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
M = minute_of(AT)


def task(task_id: str, seconds: float = 0, workflow: str = "refund", **known: object) -> TaskRecord:
    return TaskRecord(task_id, "refunds", workflow, AT + timedelta(seconds=seconds), **known)  # type: ignore[arg-type]


def row(records: list[TaskRecord], sli: str, minute: int = M, workflow: str = "") -> tuple[float | None, float | None]:
    series = Series("refunds", workflow, sli)
    (found,) = minutes_from_tasks(records, [series], [minute])
    assert (found.series, found.minute) == (series, minute)
    return found.value, found.n


def test_tool_calls_per_completed_task() -> None:
    records = [
        task("a", completed=True, tool_calls=4),
        task("b", completed=True, tool_calls=8),
        task("c", tool_calls=90),
    ]
    assert row(records, "tie") == (6.0, 2.0)


def test_escalated_share_of_all_tasks() -> None:
    records = [task(str(n), required_escalation=n == 0, completed=n < 2) for n in range(5)]
    assert row(records, "her") == (20.0, 5.0)


def test_quality_is_mean_confidence_of_completed_tasks_where_nobody_judges() -> None:
    records = [
        task("a", completed=True, decision_confidence=0.9),
        task("b", completed=True, decision_confidence=0.5),
        task("c", completed=True),
        task("d", decision_confidence=0.0),
    ]
    assert row(records, "dqr") == (70.0, 2.0)


def test_judgements_are_never_mixed_with_confidence() -> None:
    records = [
        task("a", completed=True, decision_correct=True, decision_confidence=0.1),
        task("b", completed=True, decision_correct=False, decision_confidence=0.99),
        task("c", completed=True, decision_confidence=0.99),
        task("d", 60, completed=True, decision_confidence=0.99),
    ]
    assert row(records, "dqr") == (50.0, 2.0)
    assert row(records, "dqr", M + 1) == (None, 0.0), "a minute nobody judged is unknown, not confident"


def test_a_workflow_judged_long_ago_stays_judged() -> None:
    records = [task("a", completed=True, decision_confidence=0.99)]
    series = Series("refunds", "refund", "dqr")
    judged = judged_workflows([task("old", completed=True, decision_correct=True)])
    assert judged == {("refunds", "refund"), ("refunds", "")}
    assert minutes_from_tasks(records, [series], [M], judged) == [MinuteRow(series, M, None, 0.0)]


def test_success_and_cost_of_those_that_say() -> None:
    records = [task("a", success=True, cost=0.2), task("b", success=False, cost=0.6), task("c")]
    assert row(records, "task_success") == (50.0, 2.0)
    assert row(records, "cost_per_task") == pytest.approx((0.4, 2.0))


def test_a_workflow_has_its_own_rows_and_the_agent_has_all() -> None:
    records = [task("a", required_escalation=True), task("b", workflow="goodwill")]
    assert row(records, "her", workflow="refund") == (100.0, 1.0)
    assert row(records, "her", workflow="goodwill") == (0.0, 1.0)
    assert row(records, "her") == (50.0, 2.0)


def test_another_agents_tasks_do_not_count() -> None:
    other = replace(task("a", required_escalation=True), agent="kyc")
    assert row([other, task("a")], "her") == (0.0, 1.0)


def test_minutes_pool_to_the_ratio_of_sums() -> None:
    first = [task(f"a{n}", completed=True, tool_calls=10) for n in range(1)]
    second = [task(f"b{n}", 60, completed=True, tool_calls=2) for n in range(9)]
    series = [Series("refunds", "", "tie")]
    rows = minutes_from_tasks(first + second, series, [M, M + 1])
    pooled = sum((r.value or 0) * (r.n or 0) for r in rows) / sum(r.n or 0 for r in rows)
    assert pooled == pytest.approx((1 * 10 + 9 * 2) / 10)


def test_a_later_word_replaces_the_earlier_and_moves_the_task() -> None:
    early, late = task("a", tool_calls=3), task("a", 60, tool_calls=9, completed=True)
    for records in ([early, late], [late, early], [late, early, late]):
        assert row(records, "her") == (None, 0.0)
        assert row(records, "tie", M + 1) == (9.0, 1.0)
    assert touched_minutes([early], [late]) == (M, M + 1)


def test_at_the_same_time_the_new_word_wins() -> None:
    assert merge(task("a", tool_calls=1), task("a", tool_calls=2)).tool_calls == 2


def test_the_queue_outlives_every_window() -> None:
    waiting = [task(str(n), pending_approval=True) for n in range(847)]
    for later in (0, 1, 60, 10_000):
        assert row(waiting, "aqdd", M + later) == (847.0, None)
    assert row(waiting, "aqdd", M - 1) == (0.0, None)


def test_a_task_that_completes_leaves_the_queue_and_its_past_stays() -> None:
    records = [task("a", pending_approval=True), task("a", 180, pending_approval=True, completed=True)]
    known = list(newest_words(records).values())
    assert len(known) == 1
    depth = [row(known, "aqdd", M + n)[0] for n in range(-1, 5)]
    assert depth == [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert row(known, "aqdd", M + 3) == (0.0, None)


def test_a_task_that_no_longer_waits_leaves_the_queue() -> None:
    records = [task("a", pending_approval=True), task("a", 60)]
    assert [row(records, "aqdd", M + n)[0] for n in (0, 1)] == [1.0, 0.0]


def test_only_what_tasks_can_tell_gets_rows() -> None:
    series = [Series("refunds", "", sli) for sli in (*TASK_SLIS, "context_use")]
    assert {one.series.sli for one in minutes_from_tasks([], series, [M])} == TASK_SLIS


words = st.builds(
    task,
    st.sampled_from("abc"),
    st.integers(0, 240),
    completed=st.booleans(),
    pending_approval=st.booleans(),
    required_escalation=st.booleans(),
    tool_calls=st.integers(0, 9),
)
ALL = [Series("refunds", flow, sli) for flow in ("", "refund") for sli in sorted(TASK_SLIS)]


@given(st.lists(words, max_size=8, unique_by=lambda r: (r.task_id, r.at)), st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(records: list[TaskRecord], random: object) -> None:
    minutes = range(M, M + 5)
    expected = minutes_from_tasks(records, ALL, minutes)
    shuffled = records * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert minutes_from_tasks(shuffled, ALL, minutes) == expected
    stored = list(newest_words(shuffled).values())
    assert minutes_from_tasks(stored, ALL, minutes) == expected, "what the store keeps is enough"


@given(st.lists(words, max_size=8))
def test_a_share_is_a_share_and_counts_add_up(records: list[TaskRecord]) -> None:
    rows = {(r.series, r.minute): r for r in minutes_from_tasks(records, ALL, range(M, M + 5))}
    for (series, _), one in rows.items():
        if series.sli in {"her", "dqr", "task_success"}:
            assert one.value is None or 0 <= one.value <= 100
    tasks = sum(one.n or 0 for (series, _), one in rows.items() if series == Series("refunds", "", "her"))
    assert tasks == len({record.task_id for record in records})
