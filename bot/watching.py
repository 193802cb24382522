"""How Stepdown looks after itself, wired: what it checks of people, keeps, forgets, and notices about its own work."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.core.model import Fleet
from bot.engine.canary import Canary
from bot.engine.reach import Reach
from bot.engine.upkeep import Keep, Upkeep
from bot.ports import Clock, Directory, Store

log = structlog.get_logger("stepdown")


@dataclass(frozen=True, slots=True)
class Around:
    """What the watching stands on. `ways`: kinds of ways that work here; `speed`: how fast the clock runs."""

    store: Store
    fleet: Callable[[], Fleet]
    clock: Clock
    directory: Directory
    ways: frozenset[str]
    speed: float = 1.0


class Care:
    """The checks of people and the upkeep of the database."""

    def __init__(self, around: Around, keep: Keep, canary_person: str) -> None:
        store, fleet, clock, ways = around.store, around.fleet, around.clock, around.ways
        self.reach = Reach(store, fleet, ways, around.directory, clock, time.time, log.warning)
        self.canary = Canary(store, fleet, ways, clock, time.time, canary_person)
        jobs = (self.reach.tick, self.canary.tick)
        self.upkeep = Upkeep(store, fleet, clock, time.time, keep, jobs, around.speed)
