"""A sample of the false-page benchmark, and its literal rule against the product's own."""

from dataclasses import replace
from json import dumps

import numpy as np
import pytest

from bench.detection.bench_false_pages import ALLOWED, QUICK, jumps, measured, pages, track_of
from bench.detection.false_page_cases import CASES, HELD_OUT
from bench.detection.rules import by_evidence, cusum, cusum_threshold, literal
from bench.detection.traffic import DAY, Case, healthy
from bot.core.detection import evidence_rule, literal_rule, rule_in_force
from bot.core.detection.evidence.learning import learn_sums
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Better, Objective, Sli

HER = Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5)
SERIES = Series("agent", "", "her")


def test_the_grid_has_its_forty_rows_and_what_is_held_out_is_not_among_them() -> None:
    names = [case.name for case in (*CASES, *HELD_OUT)]
    assert len(CASES) >= 40
    assert len(names) == len(set(names))
    assert {case.kind for case in CASES} == {"share", "mean", "depth"}


def test_the_vectorised_literal_rule_is_the_rule_of_the_product() -> None:
    case = Case("share", 0.03, 0.05, 12)
    drawn = healthy(case, np.random.default_rng(3), 600)
    rows = {
        at: MinuteRow(SERIES, at, 100 * bad / n if n else None, n)
        for at, (bad, n) in enumerate(zip(drawn.x.tolist(), drawn.n.tolist(), strict=True))
    }
    flags = literal(case, drawn.x, drawn.n)
    assert flags.any()
    assert [literal_rule.breach(HER, rows, at, None) is not None for at in range(20, 600)] == flags[20:].tolist()


@pytest.mark.parametrize(
    "case", [Case("share", 0.03, 0.05, 12), Case("mean", 1, 1.2, 5), Case("depth", 1, 2, 1)], ids=lambda case: case.kind
)
def test_the_vectorised_evidence_pages_where_the_product_does(case: Case) -> None:
    drawn = healthy(case, np.random.default_rng(4), 2 * DAY)
    learned = learn_sums(track_of(case), drawn.x, drawn.n)
    sick = drawn.x.copy()
    worse = 15 if case.kind == "depth" else 4
    sick[-60:] = np.minimum(drawn.x[-60:] * worse + 1, drawn.n[-60:] if case.kind == "share" else np.inf)
    flags = by_evidence(case, learned, sick, drawn.n, ALLOWED.threshold)
    share = case.kind == "share"
    sli = replace(
        HER,
        kind="ratio" if share else "gauge",
        objective=Objective(100 * case.objective if share else case.objective),
        absolute_tolerance=0.0 if share else 0.1,
        rule="evidence",
    )
    values = zip((sick / np.maximum(drawn.n, 1)).tolist(), drawn.n.tolist(), strict=True)
    rows = {
        at: MinuteRow(SERIES, at, (100 if share else 1) * value, None if case.kind == "depth" else n)
        for at, (value, n) in enumerate(values)
        if n
    }
    known = Baseline(0, 0, 0, 0, 0, 0, "", noise=dumps(learned.to_json()))
    asked = [at for at in range(2 * DAY - 70, 2 * DAY) if at in rows]
    told = [rule_in_force_pages(sli, rows, at, known) for at in asked]
    assert any(told)
    assert not all(told)
    assert told == flags[asked].tolist()


def rule_in_force_pages(sli: Sli, rows: dict[int, MinuteRow], at: int, known: Baseline) -> bool:
    """As a running bot asks: is there anything to weigh, and is it a breach?"""
    past = {minute: row for minute, row in rows.items() if at - evidence_rule.LOOK_BACK <= minute <= at}
    looks_bad = rule_in_force.looks_bad(sli, past, sli.objective.limit)
    return looks_bad and rule_in_force.breach(sli, past, at, known, ALLOWED) is not None


def test_a_page_leaves_out_the_hour_after_it() -> None:
    flags = np.zeros(300, dtype=bool)
    flags[[10, 11, 69, 70, 200]] = True
    assert pages(flags) == 3


def test_the_cusum_is_tuned_to_as_many_pages_as_are_allowed() -> None:
    added = np.array([1.0, 2.0, -9.0, 4.0, -9.0, 2.0, -9.0])
    assert cusum(added).tolist() == [1, 3, 0, 4, 0, 2, 0]
    assert cusum_threshold(added, 1) == 3
    assert cusum_threshold(added, 0) == 4


def test_jumps_pass_the_objective_by_a_fifth() -> None:
    assert jumps(Case("share", 0.02, 0.05, 100)) == [3.0, 6.0, np.inf]
    assert jumps(Case("mean", 1, 1.5, 20)) == [1.8, 2.0, 3.0, 6.0]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES[4::14], ids=lambda case: case.name)
def test_a_healthy_agent_is_left_alone_and_a_jump_is_found(case: Case) -> None:
    rows = {(row.rule, row.jump): row for row in measured(case, 11, QUICK)}
    alone = next(row for row in rows.values() if row.rule == "evidence")
    assert (alone.false_a_month or 0) <= 2 * 30 / QUICK.days, "two pages in two weeks are no chance"
    largest = [row for (rule, jump), row in rows.items() if rule == "evidence" and jump == "6"]
    assert case.kind == "depth" or all((row.p50_min or DAY) <= 60 for row in largest)
