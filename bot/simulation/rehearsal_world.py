"""The world of a rehearsal: its curves, its fault, and what the ladder and people's moves do to them."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.core.runbooks.rehearsal import PlayerMove, Pull, Rehearsal, Shape
from bot.ports.clock import Clock
from bot.simulation.curves import RATES, Bend, Channel, Curve, Fault
from bot.simulation.faults import WAITING_FOR_PEOPLE
from bot.simulation.world import SimulatedAgent, World

IN_THE_DARK = {
    **WAITING_FOR_PEOPLE,
    "suspended": (
        Bend(Channel.TASKS, times=0.25),
        Bend(Channel.PENDING, times=0, ramp=20, fade=4),
    ),
}
"""What rungs do by themselves. Suspended, a quarter of the tasks still runs in the dark beside the fallback: without
any task nothing could ever show that the agent is well again."""


def _bend(pull: Pull) -> Bend:
    channel = Channel(pull.channel)
    plus = pull.plus / 100 if channel in RATES else pull.plus
    return Bend(channel, pull.times, plus, pull.delay, pull.ramp, pull.fade)


def _curve(shape: Shape) -> Curve:
    return Curve(shape.tasks, shape.good / 100, shape.calls, shape.escalated / 100, shape.pending)


def agent_of(rehearsal: Rehearsal, key: str) -> SimulatedAgent:
    """The rehearsal's agent under the key it has in the drill."""
    spec = rehearsal.world
    own = {rung: tuple(_bend(pull) for pull in pulls) for rung, pulls in spec.rungs.items()}
    return SimulatedAgent(
        key,
        {name: _curve(shape) for name, shape in spec.workflows.items()},
        instances=spec.instances,
        rung_bends={**IN_THE_DARK, **own},
    )


class RehearsedWorld:
    """One agent that breaks as its rehearsal says, and answers to what people do. Not thread-safe beyond `World`."""

    def __init__(self, rehearsal: Rehearsal, agent: str, clock: Clock, seed: int) -> None:
        self.agent = agent
        self.world = World(clock, [agent_of(rehearsal, agent)], seed)
        self._spec = rehearsal.world
        self._fault = self._named(self._spec.breakage.pulls, self._spec.breakage.left)
        self.broke_at: datetime | None = None
        self.fixed_at: datetime | None = None

    def _named(self, pulls: tuple[Pull, ...], left: Mapping[str, float]) -> Fault:
        return Fault("fault", tuple(_bend(pull) for pull in pulls), dict(left))

    def begin(self) -> datetime:
        """Set the fault's time, counted from now; returns when it will break."""
        after = timedelta(minutes=self._spec.breakage.after)
        self.broke_at = self.world.break_agent(self.agent, self._fault, self.world.now() + after)
        return self.broke_at

    def done(self, move: PlayerMove) -> bool:
        """A move has taken effect now. True where it mended the cause for good."""
        match move.effect:
            case "fixes":
                self.fixed_at = self.world.fix(self.agent)
            case "contains":
                self._contain(move)
            case "worsens":
                self.world.break_agent(self.agent, self._named(move.pulls, {}), lasts=move.lasts or math.inf)
            case "nothing":
                pass
        return move.effect == "fixes"

    def _contain(self, move: PlayerMove) -> None:
        """The fault goes on, with `left` of its strength whatever the rung is."""
        if self.fixed_at is not None:
            return
        self.world.fix(self.agent)
        if move.left:
            names = {*self._spec.breakage.left, "full", "watched", "bounded", "approval", "read-only", "suspended"}
            weak = {rung: move.left * self._spec.breakage.left.get(rung, 1.0) for rung in names}
            self.world.break_agent(self.agent, self._named(self._spec.breakage.pulls, weak))
