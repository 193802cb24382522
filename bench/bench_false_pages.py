"""How often a healthy agent pages by chance under the literal rule, and how long a real breach waits for its page.

The rule of `product.md` section 4 is two minutes past the objective, whatever the number of tasks. An agent that sits
well inside its objective still passes it by luck now and then, and how often follows from its level and its traffic.
Tasks come at random (Poisson), each is bad with the agent's own probability (binomial); the product's own detection
judges, and after a page an hour is left out, as an incident would be. `false_` rows are pages of an agent and month,
`delay_` rows minutes from the onset to the breach, `_long_` rows the same with `sustain: 1m` and `long_window: 15m`.
Nothing is promised: the numbers are for whoever sets an objective.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.harness.rows import Row, percentile
from bot.core.detection import literal_rule
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Better, Objective, Sli

MONTH = 30 * 24 * 60
MONTHS = 4
SPELL = 60
RUNS = 300
HER = Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5)
LONG = replace(HER, sustain=1, long_window=15)
SERIES = Series("agent", "", "her")


def minutes(random: np.random.Generator, level: float, rate: float, length: int) -> dict[int, MinuteRow]:
    """So many minutes at a level, in percent."""
    n = random.poisson(rate, length)
    values = 100 * random.binomial(n, level / 100) / np.maximum(n, 1)
    pairs = enumerate(zip(values, n, strict=True))
    return {minute: MinuteRow(SERIES, minute, float(value), float(count)) for minute, (value, count) in pairs}


def false_pages(sli: Sli, level: float, rate: float) -> Row:
    """Pages of a healthy agent in a month."""
    pages = 0
    for month in range(MONTHS):
        rows = minutes(np.random.default_rng(month), level, rate, MONTH)
        quiet_until = 0
        for minute in range(MONTH):
            if minute >= quiet_until and literal_rule.breach(sli, rows, minute, None) is not None:
                pages, quiet_until = pages + 1, minute + SPELL
    return Row(f"false_pages_{_how(sli)}her_{level:g}_pct_at_{rate:g}_per_min_a_month", pages / MONTHS)


def _how(sli: Sli) -> str:
    return "long_" if sli.long_window else ""


def delays(sli: Sli, level: float, rate: float) -> Iterator[Row]:
    """Minutes from the onset of an illness to its breach."""
    took = []
    for seed in range(RUNS):
        random = np.random.default_rng(seed)
        healthy, ill = minutes(random, 2.0, rate, SPELL), minutes(random, level, rate, SPELL)
        rows = healthy | {minute + SPELL: row for minute, row in ill.items()}
        found = (m for m in range(SPELL, 2 * SPELL) if literal_rule.breach(sli, rows, m, None) is not None)
        took.append(float(next(found, 2 * SPELL) + 1 - SPELL))
    name = f"{_how(sli)}her_{level:g}_pct_at_{rate:g}_per_min_min"
    yield Row(f"delay_p50_{name}", percentile(took, 0.5))
    yield Row(f"delay_p95_{name}", percentile(took, 0.95))


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """False pages by level and traffic, and the delay of real ones."""
    rules = (HER, LONG)
    rows = [false_pages(sli, level, rate) for sli in rules for level in (1.0, 2.0, 3.0) for rate in (20, 100, 1000)]
    return rows + [
        row for sli in rules for level in (9.0, 18.0) for rate in (20, 100) for row in delays(sli, level, rate)
    ]
