"""What judging and reading cost: 10,000 series of one minute, and three days of history from the demo's metrics server.

A series is judged once a minute, so the judging of 10,000 must take a fraction of one. The dear case is measured:
every verdict pools four minutes, and every run of bad minutes is walked to its beginning.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np

from bench.harness.rows import Row, percentile
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.fleet import Noises, evidence, past_objective, window_sums
from bot.core.detection.evidence.learning import learn_sums
from bot.core.detection.evidence.scale import Scale
from bot.core.detection.evidence.track import JudgedSeries
from bot.core.detection.evidence.windows import LONG
from bot.core.detection.literal_rule import breach
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Better, Objective, Sli
from bot.simulation.clock import MovableClock
from bot.simulation.demo_fleet import AGENTS
from bot.simulation.exposition import CALLS_PER_TASK
from bot.simulation.metrics_server import MetricsServer
from bot.simulation.world import World

NOW = datetime(2026, 3, 2, 2, 14, 30, tzinfo=UTC)
THREE_DAYS = 3 * 86_400
FLEET = 10_000
HER = Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5)


def judged() -> Row:
    """Seconds of processor time for 10,000 series, from 1,000."""
    series = Series("agent", "", "her")
    rows = {minute: MinuteRow(series, minute, 18.0, 5.0) for minute in range(10)}
    began = time.process_time()
    for _ in range(1_000):
        assert breach(HER, rows, 9, None) is not None
    return Row("judge_10000_series_cpu_s", (time.process_time() - began) * 10, 10)


def judged_together() -> list[Row]:
    """Seconds of processor time for 10,000 SLIs with six hours of minutes, a fifth of them sick; and in NumPy passes.

    A pass adds up the same rows once. `docs/design/detection.md` promises 0.3 s, issue 17 at most twenty passes.
    """
    random = np.random.default_rng(1)
    n = np.full((FLEET, LONG), 100.0)
    bad = random.binomial(100, 0.02, n.shape).astype(float)
    bad[: FLEET // 5, -5:] = random.binomial(100, 0.12, (FLEET // 5, 5))
    taught = learn_sums(
        JudgedSeries("share", 5.0), random.binomial(100, 0.02, 20_160).astype(float), np.full(20_160, 100.0)
    )
    scale, noises = Scale.of(*[taught] * FLEET), Noises.of(*[taught] * FLEET)
    lines = np.full(FLEET, 0.05)

    def judge_all() -> None:
        sums = window_sums(scale, bad, n)
        found = np.maximum(*evidence(sums, scale, noises, past_objective(sums, scale, lines))).max(axis=1)
        assert (found > Allowance().threshold).sum() > FLEET // 6

    took, one_pass = _fastest(judge_all), _fastest(lambda: (bad.sum(axis=1), n.sum(axis=1)))
    return [
        Row("judge_10000_slis_by_evidence_cpu_s", took, 0.3),
        Row("judge_10000_slis_by_evidence_numpy_passes", took / one_pass, 20),
    ]


def _fastest(work: Callable[[], object]) -> float:
    """Processor time of the fastest of five: the others waited for somebody else."""
    took = []
    for _ in range(5):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took)


def read() -> Row:
    """Milliseconds for one query over three days, the middle of five."""
    server = MetricsServer(World(MovableClock(NOW), AGENTS))
    server.start()
    end = int(NOW.timestamp()) // 60 * 60
    asked: dict[str, str | int] = {"query": CALLS_PER_TASK, "start": end - THREE_DAYS, "end": end, "step": 60}
    took: list[float] = []
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
        for _ in range(5):
            began = time.perf_counter()
            client.get("/api/v1/query_range", params=asked).raise_for_status()
            took.append((time.perf_counter() - began) * 1000)
    server.stop()
    return Row("read_3_days_p50_ms", percentile(took, 0.5), 2000)


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    return [judged(), *judged_together(), read()]
