"""The fleet of one exercise: one simulated agent, its players and nobody else, and the source that tells its numbers.

The four SLIs are the built-in ones of the fleet file (a test holds the two against each other). The agent has a key of
its own, `drill-refunds`: no command of an exercise can name a real agent, and none of a real incident this one.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.people import EscalationPolicy, Person
from bot.core.model.rungs import Ladder
from bot.core.model.samples import Sample, Series, minute_start
from bot.core.model.slis import Better, Objective, PollQuery, Sli
from bot.core.runbooks.rehearsal import Rehearsal
from bot.ports.sources import Fetch
from bot.simulation.curves import SimulatedTally
from bot.simulation.world import World

PREFIX = "drill-"
SOURCE = "simulated"

DQR = Sli("dqr", "decision quality", "%", "ratio", Better.HIGHER, Objective(85), settle=60, rule="evidence")
TIE = Sli(
    "tie",
    "tool calls per task",
    "calls/task",
    "gauge",
    Better.LOWER,
    Objective(1.5, relative=True),
    settle=60,
    rule="evidence",
)
HER = Sli(
    "her",
    "human escalations",
    "%",
    "ratio",
    Better.LOWER,
    Objective(5),
    absolute_tolerance=0.5,
    moved_by_approval=True,
    settle=60,
    rule="evidence",
    watch="both",
)
AQDD = Sli(
    "aqdd",
    "approval queue",
    "pending",
    "gauge",
    Better.LOWER,
    Objective(2, relative=True),
    sustain=30,
    absolute_tolerance=5,
    moved_by_approval=True,
    settle=60,
    rule="evidence",
)
SLIS = (DQR, TIE, HER, AQDD)


def exercise_fleet(
    rehearsal: Rehearsal,
    like: Agent,
    players: Sequence[Person],
    channel: str,
    ladder: Ladder,
    policy: EscalationPolicy,
    *,
    phones: bool = False,
) -> Fleet:
    """The fleet: `like` is the agent that is drilled, `players` in the order owner, deputy, manager, others.

    `phones` keeps the players' other ways to be reached; by default a page is a direct message and nothing else.
    """
    keys = [person.key for person in players]
    roles = [*keys, "", ""]
    agent = replace(
        like,
        key=PREFIX + like.key,
        owner=roles[0],
        deputy=roles[1],
        manager=roles[2],
        workflows=tuple(rehearsal.world.workflows),
        channel=channel,
        containment="suggest",
        control=ControlSpec(not_after=300, fallback_rung=like.control.fallback_rung),
        slis=tuple(("", sli) for sli in SLIS),
        pinned=(),
    )
    return Fleet(
        people={person.key: person if phones else replace(person, ways=()) for person in players},
        sources={},
        agents={agent.key: agent},
        ladder=ladder,
        escalation=policy,
        queries=tuple(
            PollQuery(f"{SOURCE}/{sli.name}", SOURCE, sli.name, sli.kind, {}, agent=agent.key) for sli in SLIS
        ),
        responders=tuple(keys),
        announcements=channel,
    )


class SimulatedSource:
    """Implements `ports.Source` over a world: what Prometheus would say of it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Samples of the closed minutes among these."""
        series = Series(query.agent, "", query.sli)
        closed = min(last, self._world.closed_minute())
        return Fetch(
            tuple(
                _sample(series, minute, self._world.whole(query.agent, minute)) for minute in range(first, closed + 1)
            )
        )

    def close(self) -> None:
        """There is nothing to let go of."""


def _sample(series: Series, minute: int, tally: SimulatedTally) -> Sample:
    at = minute_start(minute)
    if series.sli == "aqdd":
        return Sample(series, at, float(tally.pending))
    counted = {"dqr": 100 * tally.good, "tie": tally.calls, "her": 100 * tally.escalated}[series.sli]
    return Sample(series, at, counted / tally.tasks if tally.tasks else None, float(tally.tasks))
