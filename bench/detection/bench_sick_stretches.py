"""Real runs of an agent, resampled into stretches of 60 tasks: is a sick stretch told from a healthy one.

The runs (`STEPDOWN_RUNS`: a file of one JSON object a line with `task`, `success`, `tools`, `tool_errors`,
`repeated_calls`, `handed_over`, `turns`) are not shipped; without the file there is nothing to measure. Even tasks
teach what is healthy (70 % succeed), odd ones make the stretches: healthy (70 %) against sick (30 %), 20 a minute.

A sign's score are the standard deviations by which its three minutes lie on the bad side of its learned baseline, and
those of a silent failure are joined as `silent_failure.joint` joins them. Printed is the share of pairs that are ranked
right (AUC), the share of sick stretches that are paged as a silent failure, and how many of the healthy ones: of the
odd tasks, which are not quite those that taught, and of fresh draws of the even ones.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.harness.rows import Row
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.learning import learn
from bot.core.detection.evidence.plain import price
from bot.core.detection.evidence.silent_failure import JudgedSignal, mirrored, silent_failure
from bot.core.detection.evidence.track import JudgedSeries, Minute

Run = Mapping[str, Any]
RATE = 20
MINUTES = 3
STRETCHES = 1000
HISTORY = 3 * 1_440
HEALTHY, SICK = 0.7, 0.3
HER = JudgedSeries("share", 0.0)

SLIS: dict[str, tuple[JudgedSeries, Callable[[Run], float]]] = {
    "tool_calls": (JudgedSeries("mean", 0.0, lift=1.0), lambda run: len(run["tools"])),
    "tool_errors": (JudgedSeries("mean", 0.0, lift=0.2), lambda run: run["tool_errors"]),
    "repeated_calls": (JudgedSeries("mean", 0.0, lift=0.2), lambda run: run["repeated_calls"]),
    "turns": (JudgedSeries("mean", 0.0, lift=1.0), lambda run: run["turns"]),
    "her_rising": (HER, lambda run: 100.0 * run["handed_over"]),
    "her_falling": (mirrored(HER), lambda run: 100.0 * run["handed_over"]),
}


def minutes_of(runs: Sequence[Run], value: Callable[[Run], float], first: int) -> list[Minute]:
    """Runs in order, RATE to a minute."""
    values = np.array([value(run) for run in runs], dtype=float).reshape(-1, RATE).mean(axis=1)
    return [Minute(first + at, float(mean), RATE) for at, mean in enumerate(values)]


def drawn(random: np.random.Generator, runs: Sequence[Run], successes: float, tasks: int) -> list[Run]:
    """So many tasks, resampled; this share of them succeeded."""
    kinds = {good: [run for run in runs if bool(run["success"]) is good] for good in (True, False)}
    lucky = random.random(tasks) < successes
    return [
        kinds[bool(good)][int(at * len(kinds[bool(good)]))]
        for good, at in zip(lucky, random.random(tasks), strict=True)
    ]


def auc(sick: Sequence[float], healthy: Sequence[float]) -> float:
    """Share of pairs in which the sick stretch has more evidence; ties count half."""
    ill, well = np.array(sick)[:, None], np.array(healthy)[None, :]
    return float(((ill > well) + (ill == well) / 2).mean())


def scores(learned: Mapping[str, LearnedBaseline], stretch: Sequence[Run]) -> dict[str, float]:
    """Signed standard deviations of each sign over the whole stretch."""
    return {name: _signed(learned, name, minutes_of(stretch, value, 0)) for name, (_, value) in SLIS.items()}


def _signed(learned: Mapping[str, LearnedBaseline], name: str, rows: list[Minute]) -> float:
    known, n = learned[name], len(rows) * RATE
    noise = known.windows[MINUTES - 1]
    if known.kind == "share":
        up, down = _root(learned, name, rows), _root(learned, OPPOSITE[name], rows)
        return up - down
    mean = sum(known.score(row.value) for row in rows) / len(rows)
    return float(mean / np.sqrt(known.scatter / n + noise.wander))


def _root(learned: Mapping[str, LearnedBaseline], name: str, rows: list[Minute]) -> float:
    known, track = learned[name], SLIS[name][0]
    bad = sum(track.bad(row.value) * row.n for row in rows)
    return float(np.sqrt(2 * price(known, bad, len(rows) * RATE, 0.0, known.windows[MINUTES - 1].wander)))


OPPOSITE = {"her_rising": "her_falling", "her_falling": "her_rising"}


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """AUC of each sign and of a silent failure; nothing without the runs."""
    path = os.environ.get("STEPDOWN_RUNS")
    if not path:
        print("STEPDOWN_RUNS names no file of runs: nothing to measure")
        return []
    runs = [json.loads(text) for text in Path(path).read_text(encoding="utf-8").splitlines()]
    random = np.random.default_rng(60)
    teachers, played = ([run for run in runs if run["task"] % 2 == odd] for odd in (0, 1))
    past = drawn(random, teachers, HEALTHY, HISTORY * RATE)
    learned = {name: learn(track, minutes_of(past, value, 0)) for name, (track, value) in SLIS.items()}
    drawn_from = {"healthy": (played, HEALTHY), "sick": (played, SICK), "fresh": (teachers, HEALTHY)}
    stretches = {
        name: [drawn(random, source, share, MINUTES * RATE) for _ in range(STRETCHES)]
        for name, (source, share) in drawn_from.items()
    }
    told = {name: [scores(learned, each) for each in stretches[name]] for name in ("sick", "healthy")}
    rows = [
        Row(f"auc_{sign}", auc([each[sign] for each in told["sick"]], [each[sign] for each in told["healthy"]]))
        for sign in SLIS
    ]
    return [*rows, _joined(told), *_paged(learned, stretches)]


def _joined(told: Mapping[str, Sequence[Mapping[str, float]]]) -> Row:
    both = {name: [each["tool_calls"] + each["her_falling"] for each in told[name]] for name in told}
    return Row("auc_silent_failure", auc(both["sick"], both["healthy"]))


def _paged(learned: Mapping[str, LearnedBaseline], stretches: Mapping[str, Sequence[Sequence[Run]]]) -> list[Row]:
    """The share of stretches that `silent_failure` pages within their sixty tasks."""
    return [
        Row(f"paged_share_{name}", float(np.mean([_pages(learned, each) for each in stretches[name]])))
        for name in stretches
    ]


def _pages(learned: Mapping[str, LearnedBaseline], stretch: Sequence[Run]) -> bool:
    signals = {
        name: JudgedSignal(track, minutes_of(stretch, value, 0), learned[name]) for name, (track, value) in SLIS.items()
    }
    companions = {name: signals[name] for name in ("tool_calls", "tool_errors", "repeated_calls", "turns")}
    allowance = Allowance(slis=len(companions))
    found = (silent_failure(signals["her_falling"], companions, newest, allowance) for newest in range(MINUTES))
    return any(each is not None and each.page for each in found)
