"""A rehearsal played by a scripted team, as fast as it goes: a clock moved by the minute, a chat in memory.

The same seed gives the same story and the same score: nothing here reads the machine's clock for anything that counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.core.incident.effects import Lane
from bot.core.incident.timeline import SealedEntry
from bot.core.model.fleet import Agent
from bot.core.model.people import Actor, EscalationPolicy, Person
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.runbooks.rehearsal import Rehearsal
from bot.exercises.cached_store import CachedStore
from bot.exercises.exercise import Exercise, Participants
from bot.exercises.exercise_engine import ExerciseEngine, ExerciseSite, first_id
from bot.exercises.marking import MarkedChat, MarkedPager
from bot.exercises.scripted_teams import STYLES, Team
from bot.ports.documents import Documents
from bot.simulation.clock import MovableClock
from bot.simulation.exercise_fleet import PREFIX, exercise_fleet
from bot.simulation.memory_chat import MemoryChat
from bot.simulation.rehearsal_world import RehearsedWorld

START = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
LOOKS_A_MINUTE = 3
SLACK_EVERY = 30
"""Minutes between two rounds of card edits: nobody reads them, and later ones replace earlier ones."""
NOW: tuple[Lane, ...] = ("controls", "pagers")
AGENT = Agent("refunds", "ana", title="Refunds agent", stage="production", fallback="the refunds team's queue")
PEOPLE = tuple(
    Person(key, name, slack=f"U0{key.upper()}")
    for key, name in (("ana", "Ana Duarte"), ("bo", "Bo Lindgren"), ("cleo", "Cleo Baptiste"))
)


class Stepped(MovableClock):
    """A movable clock with the face of one that can be held: whoever moves it sets the pace."""

    speed = 1.0
    held = False

    def hold(self) -> None:
        """Stop: the runner sees it."""
        self.held = True

    def release(self) -> None:
        """Run on."""
        self.held = False

    def run_at(self, speed: float) -> None:
        """Note the speed; the runner moves by the minute whatever it is."""
        self.speed = speed


@dataclass
class PlayedExercise:
    """A finished exercise and the engine it was played on, still open."""

    exercise: Exercise
    engine: ExerciseEngine
    chat: MemoryChat


@dataclass(frozen=True, slots=True)
class MemoryStage:
    """Hears an exercise in a chat of its own."""

    chat: MarkedChat
    engine: Callable[[], ExerciseEngine]

    def tell(self, key: str, text: str, to: str = "") -> None:
        """One line."""
        people = {person.key: person for person in PEOPLE}
        self.chat.say("", text, f"drill/{key}", mention=people.get(to))

    def entries(self) -> Sequence[SealedEntry]:
        """The exercise's timelines."""
        return list(self.engine().entries())

    def finished(self) -> bool:
        """Whether the exercise's incidents are closed."""
        return self.engine().finished()


def play(
    rehearsal: Rehearsal, style: str, seed: int, folder: Path, runbooks: Path, documents: Documents | None = None
) -> PlayedExercise:
    """Play it to its end and return it. The caller closes the engine."""
    exercise, engine, chat = set_up(rehearsal, seed, folder, runbooks, documents)
    actors = tuple(Actor(one.key, one.name, one.slack, responder=True) for one in PEOPLE)
    team = Team(exercise, engine.commands, STYLES[style], actors, engine.incidents)
    exercise.start()
    minute = 0
    while not exercise.over:
        _a_minute(engine, exercise.clock)
        team.tick()
        exercise.tick()
        engine.deliver(NOW)
        minute += 1
        if minute % SLACK_EVERY == 0:
            engine.deliver()
    engine.deliver()
    return PlayedExercise(exercise, engine, chat)


def set_up(
    rehearsal: Rehearsal, seed: int, folder: Path, runbooks: Path, documents: Documents | None = None
) -> tuple[Exercise, ExerciseEngine, MemoryChat]:
    """The exercise and its engine, before it starts, on a clock that stands still."""
    clock, chat = Stepped(START), MemoryChat()
    keys = frozenset(person.key for person in PEOPLE)
    marked = MarkedChat(chat, "C-drill", keys)
    fleet = exercise_fleet(rehearsal, AGENT, PEOPLE, "C-drill", DEFAULT_LADDER, EscalationPolicy())
    world = RehearsedWorld(rehearsal, PREFIX + AGENT.key, clock, seed)
    pagers = {"slack": MarkedPager(chat, keys)}
    store = CachedStore.begin(folder / "drill", first_id(1))
    engine = ExerciseEngine(
        ExerciseSite(1, folder, fleet, world.world, clock, marked, pagers, runbooks, documents=documents, store=store)
    )
    stage = MemoryStage(marked, lambda: engine)
    team = Participants(tuple(person.key for person in PEOPLE), names={person.key: person.name for person in PEOPLE})
    exercise = Exercise(1, rehearsal, team, world, clock, DEFAULT_LADDER, stage)
    return exercise, engine, chat


def _a_minute(engine: ExerciseEngine, clock: object) -> None:
    """Let a minute go by; instances ask three times in it."""
    assert isinstance(clock, Stepped)  # noqa: S101 - set_up made it
    for _ in range(LOOKS_A_MINUTE):
        clock.advance(60 / LOOKS_A_MINUTE)
        engine.obey()
    engine.watch()
