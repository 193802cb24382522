"""How often a healthy agent pages by chance while little is known of it: its first fortnight, minute by minute.

Every fourth row of the grid (`bench_false_pages`), six agents each on seeds of their own. Noise is learned when a
running bot learns it: after an hour of minutes, and again whenever the history has grown by a quarter. A row of six
agents is less than three months, so the worst one is printed and the mean is what is promised.
"""

import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from bench.detection.bench_false_pages import ALLOWED, pages, track_of
from bench.detection.false_page_cases import CASES
from bench.detection.rules import by_evidence
from bench.detection.traffic import DAY, Case, healthy
from bench.harness.rows import Row
from bot.core.detection.baseline import LEAST_GUARD
from bot.core.detection.evidence.learning import LEAST_MINUTES, learn_sums
from bot.core.detection.evidence.windows import LONG, MINUTES_A_MONTH
from bot.core.detection.noise_schedule import noise_good_for

EVERY = 4
AGENTS = 6
DAYS = 14
SEED = 100


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """Pages by chance a month of young agents: the mean of all rows, and the worst one."""
    cases = CASES[::EVERY]
    with ProcessPoolExecutor() as workers:
        found = list(workers.map(young_pages, cases))
    for case, a_month in zip(cases, found, strict=True):
        print(f"{case.name}: {a_month:.2f}", flush=True)
    return [
        Row("mean_false_a_month_of_young_agents", float(np.mean(found)), 1.0),
        Row("worst_false_a_month_of_young_agents", max(found)),
    ]


def young_pages(case: Case) -> float:
    """Pages a month of this kind of agent in its first fortnight."""
    return sum(_pages_of(case, SEED + agent) for agent in range(AGENTS)) * MINUTES_A_MONTH / (AGENTS * DAYS * DAY)


def _pages_of(case: Case, seed: int) -> int:
    drawn = healthy(case, np.random.default_rng([seed, zlib.crc32(case.name.encode())]), DAYS * DAY)
    flags, at = np.zeros(DAYS * DAY, dtype=bool), LEAST_MINUTES + LEAST_GUARD
    while at < len(flags):
        known = at - LEAST_GUARD
        until = min(len(flags), at + int(noise_good_for(known / DAY)))
        learned = learn_sums(track_of(case), drawn.x[:known], drawn.n[:known])
        part = slice(max(0, at - LONG), until)
        flags[at:until] = by_evidence(case, learned, drawn.x[part], drawn.n[part], ALLOWED.threshold)[at - until :]
        at = until
    return pages(flags)
