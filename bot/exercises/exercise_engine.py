"""The engine of one exercise: that of the real bot, on a simulated agent and a store of its own.

`build_engine` builds what a real incident is worked with; no class in here is a copy. What differs is what it is
given: a simulated source, instances that obey the same rung cache in this process, a chat and
pagers that are marked and reach the players alone, and a database that holds nothing else.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.core.incident.effects import LANES, Lane
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.model.fleet import Fleet
from bot.core.model.rungs import InstanceReading
from bot.core.runbooks.playbook import Playbook
from bot.documents.render import MarkdownDocuments
from bot.engine.assembly import EngineDependencies, build_adapters, build_delivery, build_engine
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.engine.detection.poller import Poller
from bot.exercises.marking import MarkedDocuments
from bot.ports.chat import Chat
from bot.ports.clock import Clock
from bot.ports.documents import Documents
from bot.ports.pagers import Pager
from bot.ports.store import Store
from bot.runbooks.library import RunbookLibrary
from bot.simulation.exercise_fleet import SOURCE, SimulatedSource
from bot.simulation.instances import Instance
from bot.simulation.rung_protocols import RungReply
from bot.simulation.world import World
from bot.store import SqlStore

FIRST_EXERCISE_ID = 1_000_000
IDS_PER_EXERCISE = 1_000
HISTORY_DAYS = 0.25
"""Six simulated hours before the exercise are enough for a baseline of the same evening."""


def first_id(number: int) -> int:
    """Incidents of an exercise have higher ids than this."""
    return FIRST_EXERCISE_ID + number * IDS_PER_EXERCISE


def exercise_of(incident_id: int) -> int:
    """The number of the exercise an incident belongs to; 0 for a real one."""
    return (incident_id - FIRST_EXERCISE_ID) // IDS_PER_EXERCISE if incident_id >= FIRST_EXERCISE_ID else 0


class ExerciseStore(SqlStore):
    """A store whose incidents have numbers that no real one has."""

    first = FIRST_EXERCISE_ID


@dataclass(frozen=True, slots=True)
class InProcessProtocol:
    """How an instance asks in this process: the same rung cache, the same answer, the same read-back as over HTTP."""

    rung_cache: MemoryRungCache
    clock: Clock
    agent: str
    instance: str

    def ask(self, level: str, epoch: int) -> RungReply:
        """Say what is applied and hear what to apply."""
        self.rung_cache.record(InstanceReading(self.agent, self.instance, level, epoch, self.clock.now()))
        answer = self.rung_cache.answer(self.agent)
        return RungReply(answer.level, answer.epoch, answer.not_after)

    def close(self) -> None:
        """There is no connection."""


@dataclass(frozen=True, slots=True)
class ExerciseSite:
    """What an exercise's engine is built from. `pagers` and `chat` are marked already."""

    number: int
    folder: Path
    fleet: Fleet
    world: World
    clock: Clock
    chat: Chat
    pagers: Mapping[str, Pager]
    runbooks_dir: Path
    playbooks: Callable[[], Iterable[Playbook]] = tuple
    documents: Documents | None = None
    store: Store | None = None
    """None: a database in the folder."""


class _AtOnce:
    """Polls in the thread that asks: the simulated source answers from memory."""

    def submit(self, work: Callable[[], None], /) -> object:
        """Do it now."""
        work()
        return None


def _database(site: ExerciseSite) -> ExerciseStore:
    site.folder.mkdir(parents=True, exist_ok=True)
    opened = ExerciseStore.open(f"sqlite:///{site.folder / 'drill.db'}")
    assert isinstance(opened, ExerciseStore)  # noqa: S101 - open is a constructor of the class it is called on
    opened.first = first_id(site.number)
    return opened


@dataclass
class ExerciseEngine:
    """The engine of one drill. `tick` moves it; `deliver` carries out what is wanted in some lanes."""

    site: ExerciseSite
    store: Store = field(init=False)
    wanted: set[Lane] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    """Agents whose minutes moved and have not been judged."""
    timelines: dict[int, tuple[int, Sequence[SealedEntry]]] = field(default_factory=dict)
    """Timelines as last read, by incident, with the version they belong to."""
    woken: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        site, clock = self.site, self.site.clock
        self.store = store = site.store or _database(site)
        runbooks = RunbookLibrary(site.runbooks_dir)
        ways = frozenset(site.pagers)
        engine = build_engine(
            EngineDependencies(
                store, self.fleet, clock, time.time, runbooks, site.playbooks, ways, self._wake, exercise=True
            )
        )
        self.rung_cache, self.views, self.commands = engine.rung_cache, engine.views, engine.commands
        self.detector, self.monitor = engine.detector, engine.monitor
        sources = {SOURCE: SimulatedSource(site.world)}
        self.poller = Poller(store, self.fleet, sources, clock, _AtOnce(), self._arrived, history_days=HISTORY_DAYS)
        documents = MarkedDocuments(site.documents or MarkdownDocuments(site.folder))
        adapters = build_adapters(engine, site.chat, documents, site.pagers, {}, self.poller.ask)
        self.delivery = build_delivery(engine, adapters, random.random, store.installation())
        self.instances = self._instances()

    def _instances(self) -> tuple[Instance, ...]:
        world, clock, ladder = self.site.world, self.site.clock, self.site.fleet.ladder
        return tuple(
            Instance(world, agent.key, name, InProcessProtocol(self.rung_cache, clock, agent.key, name), ladder)
            for agent in world.agents.values()
            for name in agent.instance_names()
        )

    def fleet(self) -> Fleet:
        """The exercise's fleet."""
        return self.site.fleet

    def _arrived(self, agents: frozenset[str], _: datetime) -> None:
        self.fresh |= agents

    def _wake(self, lanes: Iterable[Lane]) -> None:
        self.wanted.update(lanes)
        self.woken.set()

    def obey(self) -> None:
        """One poll of every instance, and what it says is compared with what was asked."""
        for instance in self.instances:
            instance.step()
        self.monitor.read_back()

    def watch(self) -> None:
        """Ask the source for what is due, judge it, and hand over deadlines that have passed."""
        self.poller.tick()
        if self.fresh:
            agents, self.fresh = self.fresh, set()
            self.detector.evaluate(agents, self.site.clock.now())
        self.monitor.deadlines()
        self.monitor.judge_all()

    def deliver(self, lanes: Iterable[Lane] = LANES) -> None:
        """Carry out everything that is due in these lanes."""
        for lane in lanes:
            self.wanted.discard(lane)
            self.delivery.run(lane)

    def incidents(self) -> list[Incident]:
        """The exercise's incidents, oldest first."""
        return list(reversed(self.store.incidents(IDS_PER_EXERCISE)))

    def entries(self) -> list[SealedEntry]:
        """Their timelines, one after the other."""
        return [entry for incident in self.incidents() for entry in self._timeline(incident)]

    def _timeline(self, incident: Incident) -> Sequence[SealedEntry]:
        version, known = self.timelines.get(incident.id, (-1, ()))
        if version != incident.version:
            known = self.store.entries(incident.id)
            self.timelines[incident.id] = (incident.version, known)
        return known

    def finished(self) -> bool:
        """Whether there was an incident and none is open."""
        known = self.incidents()
        return bool(known) and not any(incident.open for incident in known)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()
