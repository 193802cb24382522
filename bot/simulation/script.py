"""A script for a world: what breaks when, and the colleague who mends the cause once the agent is contained."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.simulation.curves import Fault
from bot.simulation.world import World

TICK = 0.1  # real seconds between two looks


@dataclass(frozen=True, slots=True)
class WorldScript:
    """What breaks, what is enough to contain it, and who mends the cause.

    The fault begins `breaks_after` minutes after the story. `told_after` minutes after all instances of the agent first
    obeyed one of the `enough` rungs `teller` says `fixed_says`; after `fixed_after` minutes the cause is gone.
    """

    agent: str
    fault: Fault
    breaks_after: float
    fixed_after: float
    enough: tuple[str, ...]
    teller: str
    fixed_says: str
    told_after: float = 1
    changed_before: float = 2
    """Minutes between the change that breaks it, which its pipeline posts, and the first bad task."""


class ScriptRun:
    """One playing of a story, from the moment of creation.

    `change` gets the time of the change that breaks it, once, when it is made; `say` teller and sentence, once, when it
    is fixed.
    `start` plays it in a thread of its own; a test may call `tick` instead.
    """

    def __init__(
        self,
        world: World,
        story: WorldScript,
        say: Callable[[str, str], None],
        change: Callable[[datetime], None] = lambda _: None,
    ) -> None:
        self.story = story
        self.breaks_at = world.break_agent(
            story.agent, story.fault, world.now() + timedelta(minutes=story.breaks_after)
        )
        self.changes_at = self.breaks_at - timedelta(minutes=story.changed_before)
        self.contained_at: datetime | None = None
        self.fixed_at: datetime | None = None
        self.told = threading.Event()
        self._world = world
        self._say = say
        self._change = change
        self._changed = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="story", daemon=True)

    def tick(self) -> None:
        """Look at the world and do what is due."""
        if not self._changed and self._world.now() >= self.changes_at:
            self._changed = True
            self._change(self.changes_at)
        if self.fixed_at is None:
            self._watch_for_containment()
        elif not self.told.is_set() and self._world.now() >= self._tells_at():
            self.told.set()
            self._say(self.story.teller, self.story.fixed_says)

    def _tells_at(self) -> datetime:
        began = self.contained_at or self._world.now()
        return began + timedelta(minutes=self.story.told_after)

    def _watch_for_containment(self) -> None:
        now, story = self._world.now(), self.story
        if now >= self.breaks_at and self._world.on_one_of(story.agent, story.enough):
            self.contained_at = now
            self.fixed_at = self._world.fix(story.agent, now + timedelta(minutes=story.fixed_after))

    def start(self) -> None:
        """Play it in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the world stays as it is."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self.told.is_set() and not self._stopping.wait(TICK):
            self.tick()
