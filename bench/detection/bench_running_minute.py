"""The minute that is not over yet, looked at every five seconds: seconds to the page, and pages by chance.

Every look judges the windows of the last seconds, with an allowance that counts twelve looks a minute; the closed
minute is judged as always. Healthy agents at 2 % (objective 5 %) for thirty days; onsets at a random second.
Promised (`docs/design/detection.md`, "The running minute"): at 1,000 tasks a minute a total failure within 10 s,
a jump from 2 to 12 % within 20 s, at most one page by chance a month. The way from a look to the chat is not in it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.detection.bench_false_pages import pages
from bench.detection.rules import Flags
from bench.detection.traffic import Numbers
from bench.harness.rows import Row, percentile
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.fleet import Noises, Sums, evidence, past_objective
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.learning import learn_sums
from bot.core.detection.evidence.scale import Scale
from bot.core.detection.evidence.track import JudgedSeries
from bot.core.detection.evidence.windows import DAY, HOUR, LONG, SECONDS, SLOT, WINDOWS

Slots = npt.NDArray[np.intp]

LOOKS = 12
"""Looks a minute."""
LEVEL, OBJECTIVE = 0.02, 0.05
DAYS = 30
ONSETS = 50
AFTER = 6
"""Minutes after an onset."""


def looked(learned: LearnedBaseline, x: Numbers, n: Numbers) -> Flags:
    """Whether each five seconds would page; the first LONG minutes of the series only lead up to it."""
    now = np.arange(LONG * LOOKS, len(x)) + 1
    total = tuple(np.concatenate([[0.0], np.cumsum(column)]) for column in (x, n))
    noises = Noises.of(learned)
    running = _evidence(learned, noises.seconds(), _sums(total, now, [seconds // SLOT for seconds in SECONDS]))
    flags = running >= Allowance(looks_a_minute=LOOKS).threshold
    closed = now % LOOKS == 0
    minutes = _sums(total, now[closed], [window * LOOKS for window in WINDOWS])
    flags[closed] |= _evidence(learned, noises, minutes) >= Allowance().threshold
    return np.asarray(flags)


def _sums(total: tuple[Numbers, ...], now: Slots, windows: Sequence[int]) -> Sums:
    starts = now[:, None] - np.array(windows)
    hours = np.maximum(starts - HOUR * LOOKS, 0)
    window_x, window_n = (each[now][:, None] - each[starts] for each in total)
    hour_x, hour_n = (each[starts] - each[hours] for each in total)
    return Sums(window_x, window_x, window_n, hour_x, hour_n)


def _evidence(learned: LearnedBaseline, noises: Noises, sums: Sums) -> Numbers:
    count = len(sums.x)
    scale = Scale.of(learned).rows(np.zeros((count, 1), dtype=np.intp))
    where = past_objective(sums, scale, np.full(count, OBJECTIVE))
    return np.asarray(np.maximum(*evidence(sums, scale, noises.repeated(count), where)).max(axis=1))


def traffic(random: np.random.Generator, rate: float, looks: int, level: float = LEVEL) -> tuple[Numbers, Numbers]:
    """Bad tasks and tasks of so many five seconds."""
    n = random.poisson(rate / LOOKS, looks)
    return random.binomial(n, level).astype(float), n.astype(float)


def taught(random: np.random.Generator, rate: float) -> LearnedBaseline:
    n = random.poisson(rate, 14 * DAY)
    return learn_sums(JudgedSeries("share", 100 * OBJECTIVE), random.binomial(n, LEVEL).astype(float), n.astype(float))


def by_chance(rate: float) -> float:
    """Pages of a healthy agent in a month."""
    random = np.random.default_rng([1, int(rate)])
    learned, found = taught(random, rate), list[Flags]()
    for _ in range(DAYS):
        found.append(looked(learned, *traffic(random, rate, (LONG + DAY) * LOOKS)))
    flags = np.concatenate(found).reshape(-1, LOOKS).any(axis=1)
    return pages(np.asarray(flags)) * 30 / DAYS


def seconds(level: float, rate: float) -> Iterator[float]:
    """From onsets at any of the five seconds of a minute to the look that pages."""
    random = np.random.default_rng([2, int(rate)])
    learned = taught(random, rate)
    for _ in range(ONSETS):
        lead = LONG * LOOKS + int(random.integers(0, LOOKS))
        (x, n), (bad, tasks) = traffic(random, rate, lead), traffic(random, rate, AFTER * LOOKS, level)
        flags = looked(learned, np.concatenate([x, bad]), np.concatenate([n, tasks]))[lead - LONG * LOOKS :]
        yield float(60 / LOOKS * (flags.argmax() + 1 if flags.any() else AFTER * LOOKS))


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """Pages by chance at four rates, and seconds to find a total failure and a jump at 1,000 tasks a minute."""
    rows = [Row(f"by_chance_at_{rate}_a_month", by_chance(rate), 1) for rate in (5, 20, 100, 1000)]
    total, jump = list(seconds(1.0, 1000)), list(seconds(0.12, 1000))
    return [
        *rows,
        Row("total_failure_at_1000_p95_s", percentile(total, 0.95), 10),
        Row("from_2_to_12_pct_at_1000_p95_s", percentile(jump, 0.95), 20),
        Row("from_2_to_12_pct_at_1000_p50_s", percentile(jump, 0.5)),
        Row("from_2_to_12_pct_at_100_p50_s", percentile(list(seconds(0.12, 100)), 0.5)),
    ]
