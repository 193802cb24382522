"""The running instances of the simulated agents: each asks for its rung over real HTTP, obeys, and says so.

The rules of an obedient agent, in the order of `product.md` section 7:

- what it read at one poll it applies before the next one, which then reports it: nothing is claimed before it is done;
- an older epoch than the one applied is ignored;
- without an answer it keeps its rung until the lease (`not_after`) is over, then drops to its fallback rung;
- no silence, error or unknown word ever raises it.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from bot.core.model.rungs import DEFAULT_LADDER, Ladder
from bot.simulation.rung_protocols import NoAnswerError, Ofrep, PlainGet, RungProtocol, RungReply
from bot.simulation.world import World

LEASE = timedelta(minutes=5)  # what an instance allows itself before it has heard anything
POLL_EVERY = 5.0  # scenario seconds
SHORTEST_PAUSE = 0.15  # real seconds: a fast clock must not make the fleet hammer the bot
DIALECTS: Mapping[str, Callable[[str, str, str, str], RungProtocol]] = {"ofrep": Ofrep, "plain": PlainGet}

log = structlog.get_logger(__name__)


def pause_between_polls(speed: float) -> float:
    """Real seconds between two polls on a clock that runs `speed` times as fast as real time."""
    return max(SHORTEST_PAUSE, POLL_EVERY / speed)


class Instance:
    """One instance of an agent. `step` is one round: apply what was heard, ask again."""

    def __init__(
        self, world: World, agent: str, name: str, dialect: RungProtocol, ladder: Ladder = DEFAULT_LADDER
    ) -> None:
        self.name = name
        self.epoch = 0
        self.trouble = ""
        """Why the last poll gave nothing; empty when it gave something."""
        self._world = world
        self._agent = world.agents[agent]
        self._dialect = dialect
        self._ladder = ladder
        self._reply: RungReply | None = None
        self._lease_ends = world.now() + LEASE

    @property
    def rung(self) -> str:
        """The rung it obeys."""
        return self._world.rung(self._agent.key, self.name)

    @property
    def lease_ends(self) -> datetime:
        """Until when it may keep its rung without an answer."""
        return self._lease_ends

    def step(self) -> None:
        """One poll, reporting what is applied by then."""
        if self._reply:
            self._world.obey(self._agent.key, self.name, self._reply.level)
            self.epoch, self._reply = self._reply.epoch, None
        try:
            self._take(self._dialect.ask(self.rung, self.epoch))
        except NoAnswerError as error:
            self._go_without(str(error))

    def close(self) -> None:
        """Hang up."""
        self._dialect.close()

    def _take(self, reply: RungReply) -> None:
        if reply.level not in self._ladder.names():
            raise NoAnswerError(f"no rung {reply.level!r} on the ladder")
        if reply.epoch < self.epoch:
            raise NoAnswerError(f"epoch {reply.epoch} is older than {self.epoch}, which is applied")
        self.trouble = ""
        self._lease_ends = reply.not_after
        self._reply = reply

    def _go_without(self, why: str) -> None:
        if not self.trouble:
            log.warning("a simulated agent gets no answer about its rung", instance=self.name, why=why)
        self.trouble = why
        if self._world.now() > self._lease_ends:
            self._world.obey(self._agent.key, self.name, self._ladder.lower(self.rung, self._agent.fallback_rung))


class Instances:
    """All instances of a world, each in a thread of its own. `tokens` maps an agent to its bearer token.

    `pause`: real seconds between two polls of an instance; by default as the speed of the world's clock asks for.
    """

    def __init__(
        self,
        world: World,
        base_url: str,
        tokens: Mapping[str, str],
        pause: float | None = None,
        ladder: Ladder = DEFAULT_LADDER,
    ) -> None:
        self.all = tuple(
            Instance(
                world, agent.key, name, DIALECTS[agent.dialect](base_url, tokens[agent.key], agent.key, name), ladder
            )
            for agent in world.agents.values()
            for name in agent.instance_names()
        )
        speed: float = getattr(world.clock, "speed", 1.0)  # a clock that stands still has none
        self._pause = pause_between_polls(speed) if pause is None else pause
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(instance,), name=instance.name, daemon=True)
            for instance in self.all
        ]

    def start(self) -> None:
        """Begin to poll; each instance polls at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End every thread and connection; rungs stay as they are."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        for instance in self.all:
            instance.close()

    def _run(self, instance: Instance) -> None:
        while not self._stopping.is_set():
            instance.step()
            self._stopping.wait(self._pause)
