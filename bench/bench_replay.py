"""Speed and memory of a streaming backtest.

A smaller recording of the same shape as 30 days of 200 agents x 5 SLIs at one minute: the four SLIs of the trade and
task success, a daily swing, sampling noise, an hour's incident a week for each agent; from a CSV file.

The whole of it: `python -m bench.bench_replay --agents 200 --days 30`.

Sixteen days, so that baselines are of the same hour and the kept fortnight is full. The run has a process of its own:
its peak memory is its own, and what each series adds to it is what bounds the whole.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal, TextIO

import numpy as np

from bench.harness.rows import Row

AGENTS = 8
DAYS = 16
SLIS = 5
FIRST = 29_541_600
WHOLE = 200 * 5 * 30 * 1440
"""Samples of the recording that this stands for."""

RUN = """
import json, resource, sys, time
from pathlib import Path
from bench.bench_replay import fleet
from bot.core.backtest.compared_rules import other_rules
from bot.engine.reports.backtest import Backtest
from bot.sources.recordings import recorded

told = []
others = [(rule, lambda _: None) for rule in other_rules()] if sys.argv[3] == "table" else []
backtest = Backtest(fleet(int(sys.argv[2]), "literal" if sys.argv[3] == "literal" else "evidence"), told.append, others)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
outcome = backtest.run(recorded(Path(sys.argv[1])))
took = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([outcome.samples, took, peak, peak - before, sum(one.pages for one in told)]))
"""


def fleet(agents: int, rule: Literal["evidence", "literal"] = "literal") -> object:
    """Agents `a0`, `a1`, ... with the five SLIs, as a fleet file would give them, judged by this rule."""
    from dataclasses import replace  # noqa: PLC0415 - see below

    from bot.core.model.fleet import Agent, Fleet  # noqa: PLC0415 - not in the parent
    from bot.core.model.rungs import DEFAULT_LADDER  # noqa: PLC0415 - see above
    from bot.core.model.slis import Better, Objective, Sli  # noqa: PLC0415 - see above

    slis = (
        Sli("dqr", "", "%", "ratio", Better.HIGHER, Objective(85.0)),
        Sli("tie", "", "calls/task", "gauge", Better.LOWER, Objective(1.5, relative=True)),
        Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5),
        Sli(
            "aqdd", "", "pending", "gauge", Better.LOWER, Objective(2, relative=True), sustain=30, absolute_tolerance=5
        ),
        Sli("task_success", "", "%", "ratio", Better.HIGHER, Objective(90.0)),
    )
    judged = tuple(("", replace(sli, rule=rule)) for sli in slis)
    known = {f"a{i}": Agent(f"a{i}", "ana", slis=judged) for i in range(agents)}
    return Fleet({}, {}, known, DEFAULT_LADDER)


def record(file: TextIO, agents: int, days: int, seed: int = 1) -> None:
    """Write the recording, minute by minute."""
    random = np.random.default_rng(seed)
    file.write("time,agent,workflow,sli,value,n\n")
    for minute in range(days * 1440):
        swing = 1 + 0.2 * math.sin(2 * math.pi * minute / 1440)
        n = random.poisson(100 * swing, agents) + 1
        ill = (np.arange(agents) % 7 == minute // 1440 % 7) & (600 <= minute % 1440 < 660)
        columns = {
            "dqr": 100 * random.binomial(n, np.where(ill, 0.7, 0.93)) / n,
            "tie": random.normal(2.1 * (1 + (swing - 1) / 2), 0.1, agents) * np.where(ill, 2, 1),
            "her": 100 * random.binomial(n, np.where(ill, 0.18, 0.015)) / n,
            "aqdd": random.poisson(np.where(ill, 40, 4)),
            "task_success": 100 * random.binomial(n, 0.98) / n,
        }
        stamp = (FIRST + minute) * 60
        for name, values in columns.items():
            counts = [""] * agents if name == "aqdd" else n
            file.writelines(
                f"{stamp},a{agent},,{name},{values[agent]:.4f},{counts[agent]}\n" for agent in range(agents)
            )


def measured(agents: int, days: int, judged: str) -> tuple[float, float, float, float, float]:
    """(samples, CPU seconds, peak KB, KB grown, pages). The recording goes through a pipe, however long it is.

    `judged`: "literal", "evidence", or "table" for evidence beside the other rules, as the command does it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.csv"
        os.mkfifo(path)
        command = [sys.executable, "-c", RUN, str(path), str(agents), judged]
        root = Path(__file__).parents[1]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as running:
            with path.open("w", encoding="ascii") as file:
                record(file, agents, days)
            told, _ = running.communicate()
        if running.returncode:
            raise subprocess.CalledProcessError(running.returncode, command)
    samples, seconds, peak, grown, pages = json.loads(told)
    return samples, seconds, peak, grown, pages


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """Samples a second and memory; what 43 million samples would take follows from them."""
    rows = list[Row]()
    for judged in ("literal", "evidence"):
        samples, seconds, _, _, pages = measured(AGENTS, DAYS, judged)
        rows += [
            Row(f"{judged}_pages", pages),
            Row(f"{judged}_samples_per_cpu_s", samples / seconds),
            Row(f"{judged}_cpu_minutes_for_43m_samples", WHOLE / samples * seconds / 60),
        ]
    samples, seconds, peak, grown, _ = measured(AGENTS, DAYS, "table")
    series = AGENTS * SLIS
    return [
        *rows,
        Row("samples", samples),
        Row("table_cpu_minutes_for_43m_samples", WHOLE / samples * seconds / 60),
        Row("peak_mb", peak / 1024),
        Row("kb_per_series", grown / series),
        Row("peak_mb_for_1000_series", (peak - grown + grown / series * 1000) / 1024),
    ]


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="Replay a recording of any size, and say what it took.")
    asked.add_argument("--agents", type=int, default=200)
    asked.add_argument("--days", type=int, default=30)
    asked.add_argument("--judged", choices=("literal", "evidence", "table"), default="table")
    size = asked.parse_args()
    samples, seconds, peak, _, pages = measured(size.agents, size.days, size.judged)
    print(f"{samples:,} samples, {seconds / 60:.1f} CPU minutes ({samples / seconds:,.0f}/s), ", end="")
    print(f"peak {peak / 1024:.0f} MB, {pages} pages")
