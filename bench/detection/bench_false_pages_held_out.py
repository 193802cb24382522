"""Whether seeds and shapes that were never looked at while the rule was built say the same (`bench_false_pages`).

*Shapes*: levels that step after a deployment, days of two kinds, traffic and tails of other sizes, on seeds of their
own. Promised as for the grid: one page by chance a month in the worst row. *Seeds*: every third row of the grid on its
own seeds and on others; the mean of the pages by chance is the same to a tenth of a page a month, and the mean of the
minutes to find a jump to a tenth of it.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np

from bench.detection.bench_false_pages import SEEDS, Measured, Size, line, measured
from bench.detection.false_page_cases import CASES, HELD_OUT
from bench.detection.traffic import Case
from bench.harness.rows import Row

EVERY = 3
TENTH = 0.1


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """The worst held-out row, and how far other seeds are from those of the grid."""
    shapes = _played(HELD_OUT, SEEDS[True])
    own, other = (_played(CASES[::EVERY], seed) for seed in (SEEDS[False], SEEDS[True]))
    (pages, minutes), (other_pages, other_minutes) = _means(own, other), _means(other, own)
    return [
        Row("worst_false_a_month_other_shapes", max(_pages(shapes).values()), 1.0),
        Row("mean_false_a_month_other_shapes", float(np.mean([*_pages(shapes).values()]))),
        Row("mean_false_a_month_own_seeds", pages),
        Row("mean_false_a_month_other_seeds", other_pages),
        Row("false_a_month_apart", abs(other_pages - pages), TENTH),
        Row("mean_p50_min_own_seeds", minutes),
        Row("mean_p50_min_other_seeds", other_minutes),
        Row("p50_apart_share", abs(other_minutes / minutes - 1), TENTH),
    ]


def _played(cases: Sequence[Case], seed: int) -> list[Measured]:
    found = list[Measured]()
    with ProcessPoolExecutor() as workers:
        for rows in workers.map(measured, cases, repeat(seed), repeat(Size())):
            print(line(rows), flush=True)
            found += rows
    return [row for row in found if row.rule == "evidence"]


def _pages(rows: Iterable[Measured]) -> dict[str, float]:
    """Case -> pages by chance a month."""
    return {row.case: row.false_a_month or 0.0 for row in rows}


def _means(rows: Sequence[Measured], beside: Sequence[Measured]) -> tuple[float, float]:
    """Means over the cases: pages by chance a month, and minutes to find the jumps that both found."""
    found = {(row.case, row.jump) for row in beside if row.p50_min is not None}
    minutes = [row.p50_min for row in rows if row.p50_min is not None and (row.case, row.jump) in found]
    return float(np.mean([*_pages(rows).values()])), float(np.mean(minutes))
