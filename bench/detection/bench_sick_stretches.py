"""Real runs of an agent as task records through the running code: is a sick stretch told from a healthy one.

The runs (`STEPDOWN_RUNS`: a file of one JSON object a line with `task`, `success`, `tools`, `repeated_calls`,
`handed_over`) are not shipped; without the file there is nothing to measure, and it says so. Runs of even tasks, drawn
anew (70 % succeed, 20 a minute), teach two days of what is healthy. Stretches of 60 tasks are drawn from odd ones,
which nothing was chosen by: healthy (70 %) against sick (30 %). Each stretch is an agent of its own in one engine, on
SQLite, which learned what the teacher learned; the records go the way of any pushed record.

*How far* a stretch lies on the bad side is what the stored minutes say against the stored baseline: the standard
deviations of the rule's own evidence (`plain.price`), of HER in both directions and of TIE, those of a fall joined with
those of a rise as `silent_failure.joint` joins them. Printed is the share of pairs (sick, healthy) that are ranked
right (AUC) by each sign and by both; the share of stretches paged within 60 tasks and within 15 minutes, and named a
silent failure; and how often a healthy agent pages by chance in a month, by the very rules, minute by minute.
"""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from bench.harness.rows import Row
from bot.config import parse_fleet
from bot.core.detection import evidence_rule, silent_failure_rule
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.plain import price
from bot.core.detection.evidence.track import JudgedSeries
from bot.core.detection.literal_rule import objective_limit
from bot.core.detection.silent_failure_rule import Sign
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start
from bot.core.model.slis import Baseline
from bot.core.runbooks.runbook import Plan
from bot.core.telemetry.task_records import TaskRecord, ToolUse, minutes_from_tasks
from bot.engine.assembly import Engine, EngineDependencies, build_engine
from bot.runtime.registry import REGISTRY
from bot.simulation.clock import MovableClock
from bot.store import SqlStore

Run = Mapping[str, Any]
RATE = 20
MINUTES = 3
LONGER = 15
STRETCHES = 1000
WATCHED_ON = 100
"""Stretches of each kind that go on to LONGER minutes."""
HISTORY = 2 * 1_440
MONTH = 30 * 1_440
SHARES = {"healthy": 0.7, "sick": 0.3}
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
FLEET = """
people: {ana: {name: Ana Lima, slack: U0ANA}}
sources: {pushed: {kind: tasks}}
slis: {her: {objective: "<= 50"}, tie: {}}
agents: {teacher: {owner: ana}}
"""


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """AUC of each sign and of both, what is paged of sick and healthy stretches, and pages by chance."""
    named = os.environ.get("STEPDOWN_RUNS", "")
    if not named or not Path(named).is_file():
        print(f"STEPDOWN_RUNS must name a file of recorded runs; {named or 'it is not set'}: nothing to measure")
        return []
    runs = [json.loads(text) for text in Path(named).read_text(encoding="utf-8").splitlines()]
    teachers, played = ([run for run in runs if run["task"] % 2 == odd] for odd in (0, 1))
    random = np.random.default_rng(int(os.environ.get("STEPDOWN_SEED", "60")))
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder) / "stepdown.db")
        try:
            stage.teach(drawn(random, teachers, SHARES["healthy"], HISTORY * RATE))
            stretches = {
                f"{kind}-{at}": drawn(random, played, share, RATE * (LONGER if at < WATCHED_ON else MINUTES))
                for kind, share in SHARES.items()
                for at in range(STRETCHES)
            }
            stage.enrol(stretches)
            stage.play(stretches, 0, MINUTES)
            rows = [*_ranked(stage, stretches), *_paged(stage, stretches, "60_tasks", STRETCHES)]
            stage.play(stretches, MINUTES, LONGER)
            rows += _paged(stage, stretches, "15_min", WATCHED_ON)
            return [*rows, Row("pages_by_chance_a_month", _month(stage, random, teachers), promise=1.0)]
        finally:
            stage.close()


def drawn(random: np.random.Generator, runs: Sequence[Run], successes: float, tasks: int) -> list[Run]:
    """So many tasks, resampled; this share of them succeeded."""
    kinds = {good: [run for run in runs if bool(run["success"]) is good] for good in (True, False)}
    lucky = random.random(tasks) < successes
    return [
        kinds[bool(good)][int(at * len(kinds[bool(good)]))]
        for good, at in zip(lucky, random.random(tasks), strict=True)
    ]


class _NoRunbook:
    def plan(self, name: str, context: Mapping[str, object]) -> Plan:  # noqa: ARG002 - the port has it
        return Plan("none", "none", ())


@dataclass
class Stage:
    """The engine on a database of its own, with a clock that goes minute by minute."""

    database: Path
    fleet: Fleet = field(default_factory=lambda: parse_fleet("fleet.yaml", FLEET.encode(), {}, REGISTRY))
    clock: MovableClock = field(default_factory=lambda: MovableClock(START))
    numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.store = SqlStore.open(f"sqlite:///{self.database}")
        of = EngineDependencies(self.store, lambda: self.fleet, self.clock, lambda: 0.0, _NoRunbook())
        self.engine: Engine = build_engine(of)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def teach(self, runs: Sequence[Run]) -> None:
        """Two days of healthy records up to now, and what they teach."""
        first = minute_of(START) - HISTORY
        for hour in range(0, HISTORY, 60):
            tasks = [
                self.record("teacher", runs[minute * RATE + at], first + minute, at)
                for minute in range(hour, hour + 60)
                for at in range(RATE)
            ]
            self.store.take_tasks(tasks)
            series = self.fleet.agents["teacher"].series()
            self.store.put_minutes(minutes_from_tasks(tasks, series, range(first + hour, first + hour + 60)))
        self.engine.baselines.learn_some(10, self.clock.now())

    def enrol(self, names: Mapping[str, Sequence[Run]]) -> None:
        """An agent for each stretch, which learned what the teacher learned."""
        teacher = self.fleet.agents["teacher"]
        self.fleet = replace(self.fleet, agents={name: replace(teacher, key=name) for name in names})
        known = {series: self.baseline(series.sli) for series in teacher.series()}
        now = self.clock.now()
        self.store.put_baselines(
            [(series._replace(agent=name), found) for name in names for series, found in known.items()], now
        )

    def baseline(self, sli: str) -> Baseline:
        """What the teacher's minutes taught."""
        found = self.store.baseline(Series("teacher", "", sli))
        if found is None or not found[0].noise:
            raise RuntimeError(f"two days of records taught nothing about {sli}")
        return found[0]

    def play(self, stretches: Mapping[str, Sequence[Run]], first: int, last: int) -> None:
        """These minutes of every stretch that has them, pushed when each is over."""
        for minute in range(first, last):
            begun = minute_of(self.clock.now())
            told = [
                self.record(name, run, begun, at)
                for name, runs in stretches.items()
                for at, run in enumerate(runs[minute * RATE : (minute + 1) * RATE])
            ]
            self.clock.advance(60)
            self.engine.intake.tasks(told)

    def record(self, agent: str, run: Run, minute: int, at: int) -> TaskRecord:
        """One run as its agent would report it. The verdict of the benchmark is not in it: no agent knows it."""
        tools = {name: run["tools"].count(name) for name in run["tools"]}
        return TaskRecord(
            f"t{next(self.numbers)}",
            agent,
            "",
            minute_start(minute) + timedelta(seconds=at * 60 / RATE),
            tool_calls=len(run["tools"]),
            required_escalation=run["handed_over"],
            completed=True,
            tools=tuple(ToolUse(name, calls) for name, calls in tools.items()),
            repeated_calls=run["repeated_calls"],
        )


def _ranked(stage: Stage, stretches: Mapping[str, Sequence[Run]]) -> list[Row]:
    """AUC by each sign and by both. Of both, the share of pairs that are ranked wrong has a promise."""
    signs = {name: _signs(stage, name) for name in stretches}
    told = {kind: [found for name, found in signs.items() if name.startswith(kind)] for kind in SHARES}
    each = {
        sign: auc([found[sign] for found in told["sick"]], [found[sign] for found in told["healthy"]])
        for sign in ("tie_rising", "her_rising", "her_falling", "both")
    }
    return [*(Row(f"auc_{sign}", value) for sign, value in each.items()), Row("wrong_pairs", 1 - each["both"], 0.04)]


def _signs(stage: Stage, agent: str) -> dict[str, float]:
    first = minute_of(START)
    sums = {sli: stage.store.minutes(Series(agent, "", sli), first, first + MINUTES - 1) for sli in ("her", "tie")}
    agents = stage.fleet.agents[agent]
    her, her_down = (_deviations(stage, agents, "her", sums["her"], turned=turned) for turned in (False, True))
    tie = _deviations(stage, agents, "tie", sums["tie"], turned=False)
    return {
        "tie_rising": tie,
        "her_rising": her - her_down,
        "her_falling": her_down - her,
        "both": her_down - her + tie,
    }


def _deviations(stage: Stage, agent: Agent, name: str, rows: Sequence[MinuteRow], *, turned: bool) -> float:
    """By how many standard deviations the stretch as a whole is worse than what was learned; of a mean, either way."""
    sli, baseline = agent.sli("", name), stage.baseline(name)
    if sli is None:
        raise RuntimeError(f"{name} is not watched")
    sign = Sign(Series(agent.key, "", name), sli, {row.minute: row for row in rows}, baseline)
    own = sign.turned if turned else sign
    limit = objective_limit(own.sli, baseline)
    track = evidence_rule.track_of(own.sli, own.rows, baseline)
    learned = evidence_rule.learned_of(own.sli, track, baseline) if track is not None else None
    if track is None or learned is None or limit is None:
        raise RuntimeError(f"nothing was learned of {name}")
    wander = learned.windows[MINUTES - 1].wander
    n = sum(row.n or 0.0 for row in rows)
    if learned.kind == "share":
        return sqrt(2 * price(learned, _bad(track, rows), n, 0.0, wander))
    return (
        sum(learned.score(track.bad(row.value or 0.0)) * (row.n or 0.0) for row in rows)
        / n
        / sqrt(learned.scatter / n + wander)
    )


def _bad(track: JudgedSeries, rows: Sequence[MinuteRow]) -> float:
    return sum(track.bad(row.value or 0.0) * (row.n or 0.0) for row in rows)


def auc(sick: Sequence[float], healthy: Sequence[float]) -> float:
    """Share of pairs in which the sick stretch has more evidence; ties count half."""
    ill, well = np.array(sick)[:, None], np.array(healthy)[None, :]
    return float(((ill > well) + (ill == well) / 2).mean())


def _paged(stage: Stage, stretches: Mapping[str, Sequence[Run]], when: str, most: int) -> list[Row]:
    """The share of the stretches of each kind that have an incident by now, and of the sick ones those so named."""
    open_ = {incident.agent: incident for incident in stage.store.open_incidents()}
    rows = []
    for kind in SHARES:
        names = [name for name in stretches if name.startswith(kind) and int(name.rpartition("-")[2]) < most]
        paged = [open_[name] for name in names if name in open_]
        rows.append(Row(f"{kind}_paged_in_{when}", len(paged) / len(names)))
        if kind == "sick" and paged:
            silent = sum(incident.title.startswith("silent failure") for incident in paged)
            rows.append(Row(f"{kind}_named_silent_failure_in_{when}", silent / len(paged)))
    return rows


def _month(stage: Stage, random: np.random.Generator, teachers: Sequence[Run]) -> float:
    """Pages by chance of one healthy agent in thirty days, each minute judged as the engine judges it."""
    agent = replace(stage.fleet.agents["healthy-0"], key="teacher")
    slis = [(series, sli) for series in agent.series() if (sli := agent.sli(*series[1:])) is not None]
    allowance = evidence_rule.allowance_of(1.0, agent.slis)
    rows: dict[Series, dict[int, MinuteRow]] = {series: {} for series, _ in slis}
    pages, since = 0, None
    for minute in range(minute_of(START), minute_of(START) + MONTH):
        told = [
            stage.record("teacher", run, minute, at)
            for at, run in enumerate(drawn(random, teachers, SHARES["healthy"], RATE))
        ]
        for row in minutes_from_tasks(told, [series for series, _ in slis], [minute]):
            rows[row.series][minute] = row
            rows[row.series].pop(minute - evidence_rule.LOOK_BACK - 1, None)
        signs = [Sign(series, sli, rows[series], stage.baseline(sli.name)) for series, sli in slis]
        if _pages(signs, minute, allowance, since):
            pages, since = pages + 1, minute + 60
    return float(pages)


def _pages(signs: Sequence[Sign], minute: int, allowance: Allowance, since: int | None) -> bool:
    for sign in signs:
        limit = objective_limit(sign.sli, sign.baseline)
        looked = evidence_rule.suspicious(sign.sli, sign.rows, minute, limit)
        if looked and evidence_rule.breach(sign.sli, sign.rows, minute, sign.baseline, allowance, since) is not None:
            return True
    fallen, others = signs[0], signs[1:]
    if not silent_failure_rule.worth_reading(fallen, others, minute):
        return False
    found = silent_failure_rule.judge(fallen, others, minute, allowance, since, minute_start(minute + 1))
    return found is not None and found.rise is not None
