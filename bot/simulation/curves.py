"""What a simulated agent does in one minute: pure, seeded, and the same whenever it is asked.

A minute's counts are drawn from a random stream of their own, seeded by (seed, agent, workflow, minute). So any
minute of the past or the future can be asked for, in any order, and always gives the same counts: history for
baselines costs nothing to keep.

What moves the numbers is data, so that a playbook can write it down:

- a `Curve` says what is normal, with a mild daily season;
- a `Bend` pulls one channel away from normal, with a delay, a ramp up and a fade back;
- a `Fault` is a set of bends and the share of them that is left on each rung of the ladder;
- rungs have bends of their own: where writes wait for people, escalations and the approval queue rise by that alone.

A minute is settled by what was true when it began: a rung applied inside a minute bends the next one. A minute that
has begun therefore never changes again, and a counter read in the middle of it never runs backwards.

Times here are floats in minutes since the epoch.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

DAY = 1440
SMALL_MEAN = 30  # above it a rounded normal is a Poisson for our purpose, and far cheaper


class Channel(StrEnum):
    """What can be bent."""

    TASKS = "tasks"  # per minute
    GOOD = "good"  # share of decisions that were good, 0 to 1
    CALLS = "calls"  # tool calls per task
    ESCALATED = "escalated"  # share of tasks handed to a person, 0 to 1
    PENDING = "pending"  # approvals waiting


RATES = frozenset({Channel.GOOD, Channel.ESCALATED})


@dataclass(frozen=True, slots=True)
class Curve:
    """One workflow of one agent when all is well."""

    tasks: float
    good: float
    calls: float
    escalated: float
    pending: float
    season: float = 0.05
    """How far traffic and the queue swing around their mean over a day, as a share of it."""
    peak: int = 840
    """Minute of the day (UTC) at which they are highest."""
    unrest: float = 0.08
    """Standard deviation of the queue from minute to minute, as a share of it."""


@dataclass(frozen=True, slots=True)
class Bend:
    """At full strength a channel becomes normal x `times` + `plus`. Delay, ramp and fade in minutes."""

    channel: Channel
    times: float = 1.0
    plus: float = 0.0
    delay: float = 0.0
    """From the cause to the first sign of it."""
    ramp: float = 0.0
    """From nothing to full strength."""
    fade: float = 0.0
    """From full strength back to nothing, once the cause is gone."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure mode. `left` is the share of it that is left on a rung; a rung not named has all of it."""

    name: str
    bends: tuple[Bend, ...]
    left: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FaultEpisode:
    """A fault at work from `began` until its cause is fixed."""

    fault: Fault
    began: float
    fixed: float = math.inf


class SimulatedChange(NamedTuple):
    """An instance went to a rung."""

    at: float
    rung: str


@dataclass(frozen=True, slots=True)
class SimulatedHistory:
    """What has happened to one agent: each instance's rung changes, oldest first, and its faults.

    Every instance carries the same share of the work.
    """

    rungs: tuple[tuple[SimulatedChange, ...], ...]
    episodes: tuple[FaultEpisode, ...] = ()


class SimulatedLevels(NamedTuple):
    """Expected values of one minute, in the order of `Channel`."""

    tasks: float
    good: float
    calls: float
    escalated: float
    pending: float


class SimulatedTally(NamedTuple):
    """Counts of one minute; `pending` is the queue at its end."""

    tasks: int
    good: int
    calls: int
    escalated: int
    pending: int


NOTHING = SimulatedTally(0, 0, 0, 0, 0)


class Goal(NamedTuple):
    """From `at` on a bend is drawn towards a strength between 0 and 1."""

    at: float
    strength: float


def strength(bend: Bend, goals: Sequence[Goal], at: float) -> float:
    """How far a bend is in force at a time: drawn up over its ramp after its delay, down over its fade at once."""
    level = 0.0
    for index, goal in enumerate(goals):
        ends = min(at, goals[index + 1].at if index + 1 < len(goals) else at)
        starts = goal.at + (bend.delay if goal.strength > level else 0.0)
        if starts <= ends:
            level = _drawn(bend, level, goal.strength, ends - starts)
    return level


def _drawn(bend: Bend, level: float, goal: float, minutes: float) -> float:
    if goal >= level:
        return min(goal, level + minutes / bend.ramp) if bend.ramp else goal
    return max(goal, level - minutes / bend.fade) if bend.fade else goal


def fault_goals(episode: FaultEpisode, changes: Sequence[SimulatedChange]) -> list[Goal]:
    """What a fault strives for on one instance: its share on each rung while it lasts, then nothing."""
    left = episode.fault.left
    at_onset = [change for change in changes if change.at <= episode.began]
    goals = [Goal(episode.began, left.get(at_onset[-1].rung, 1.0))] if at_onset else []
    later = (change for change in changes if episode.began < change.at < episode.fixed)
    goals += [Goal(change.at, left.get(change.rung, 1.0)) for change in later]
    return [*goals, Goal(episode.fixed, 0.0)]


def rung_goals(rung: str, changes: Sequence[SimulatedChange]) -> list[Goal]:
    """What a rung's own bends strive for on one instance: all while it is on that rung, else nothing."""
    return [Goal(change.at, float(change.rung == rung)) for change in changes]


def levels(
    curve: Curve, rung_bends: Mapping[str, tuple[Bend, ...]], past: SimulatedHistory, minute: int
) -> SimulatedLevels:
    """Expected values of a minute, from what had happened when it began."""
    known = SimulatedHistory(
        tuple(tuple(change for change in changes if change.at < minute) for changes in past.rungs),
        tuple(episode for episode in past.episodes if episode.began <= minute),
    )
    values = _normal(curve, minute)
    for bend, force in _in_force(known, rung_bends, minute + 0.5):
        values[bend.channel] = values[bend.channel] * (1 + force * (bend.times - 1)) + force * bend.plus
    return SimulatedLevels(*(_possible(channel, values[channel]) for channel in Channel))


def _normal(curve: Curve, minute: int) -> dict[Channel, float]:
    swing = 1 + curve.season * math.cos(2 * math.pi * ((minute - curve.peak) % DAY) / DAY)
    return {
        Channel.TASKS: curve.tasks * swing,
        Channel.GOOD: curve.good,
        Channel.CALLS: curve.calls,
        Channel.ESCALATED: curve.escalated,
        Channel.PENDING: curve.pending * swing,
    }


def _in_force(
    past: SimulatedHistory, rung_bends: Mapping[str, tuple[Bend, ...]], at: float
) -> Iterable[tuple[Bend, float]]:
    for episode in past.episodes:
        goals = [fault_goals(episode, changes) for changes in past.rungs]
        yield from ((bend, _mean_strength(bend, goals, at)) for bend in episode.fault.bends)
    visited = {change.rung for changes in past.rungs for change in changes}
    for rung in sorted(visited & rung_bends.keys()):
        goals = [rung_goals(rung, changes) for changes in past.rungs]
        yield from ((bend, _mean_strength(bend, goals, at)) for bend in rung_bends[rung])


def _mean_strength(bend: Bend, goals: Sequence[Sequence[Goal]], at: float) -> float:
    return sum(strength(bend, of_one, at) for of_one in goals) / len(goals)


def _possible(channel: Channel, value: float) -> float:
    return min(1.0, max(0.0, value)) if channel in RATES else max(0.0, value)


def draw(expected: SimulatedLevels, unrest: float, seed: str) -> SimulatedTally:
    """Counts around the expected values: Poisson tasks and calls, binomial decisions and escalations."""
    chance = random.Random(seed)  # noqa: S311 - noise of a simulation; it must be repeatable and protects nothing
    tasks = _poisson(chance, expected.tasks)
    return SimulatedTally(
        tasks,
        _binomial(chance, tasks, expected.good),
        _poisson(chance, tasks * expected.calls),
        _binomial(chance, tasks, expected.escalated),
        max(0, round(chance.normalvariate(expected.pending, unrest * expected.pending))),
    )


def _poisson(chance: random.Random, mean: float) -> int:
    if mean > SMALL_MEAN:
        return max(0, round(chance.normalvariate(mean, math.sqrt(mean))))
    count, product, floor = 0, chance.random(), math.exp(-mean)
    while product > floor:
        count += 1
        product *= chance.random()
    return count


def _binomial(chance: random.Random, n: int, share: float) -> int:
    """Exact, by jumping from success to success: the gaps between them are geometric."""
    if share > 0.5:  # noqa: PLR2004 - half: the rarer outcome needs fewer jumps
        return n - _binomial(chance, n, 1 - share)
    if share <= 0:
        return 0
    log_miss, at, count = math.log1p(-share), 0, 0
    while (at := at + 1 + int(math.log(1 - chance.random()) / log_miss)) <= n:
        count += 1
    return count


def pooled(tallies: Sequence[SimulatedTally]) -> SimulatedTally:
    """The sum over several workflows; of none, nothing."""
    return SimulatedTally(*(sum(counts) for counts in zip(NOTHING, *tallies, strict=True)))
