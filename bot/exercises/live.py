"""One exercise in a real workspace: its own clock, its own engine, its own threads, its own channel.

Three threads: one lets the world and the engine go on, one carries out pages, one everything that is written in Slack.
When it is over the engine stands still; the hot wash and the report follow, and answers are taken until it is closed.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from bot.core.cards.answer import Card
from bot.core.incident.effects import Lane
from bot.core.incident.timeline import SealedEntry
from bot.core.model.people import Person
from bot.documents.after_action import AfterActionDocuments
from bot.exercises import results
from bot.exercises.cards import console_card, hot_wash_card
from bot.exercises.exercise import Exercise
from bot.exercises.exercise_engine import ExerciseEngine
from bot.exercises.marking import MarkedChat
from bot.exercises.report import after_action, write
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError
from bot.simulation.exercise_fleet import PREFIX

SLOWEST, QUICKEST = 1.0, 0.1
"""Real seconds between two looks at the world."""
EACH = 5.0
"""Scenario seconds between two polls of the instances, and between two looks at recovery."""
TRIES = 5
PAGING: tuple[Lane, ...] = ("controls", "pagers")
WRITING: tuple[Lane, ...] = ("slack", "documents")

log = structlog.get_logger("stepdown.exercises")


class Spoken(Protocol):
    """What is still to be said: when it is said, and what to say."""

    def __call__(self) -> None:
        """Say it. Raises DeliveryError."""
        ...


@dataclass
class ChatStage:
    """Implements `exercise.Stage` over a chat: messages go out in order, from the thread that writes."""

    number: int
    chat: MarkedChat
    people: dict[str, Person]
    engine: Callable[[], ExerciseEngine]
    wake: threading.Event = field(default_factory=threading.Event)
    last: Receipt | None = None
    """The newest line that was sent: once it is over, the one that says so."""
    _waiting: deque[tuple[str, str, str]] = field(default_factory=deque)
    _count: int = 0
    _tries: int = 0
    _saying: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, key: str, text: str, to: str = "") -> None:
        """Queue one message. Its key in Slack is a number: an inject's own name would say too much."""
        del key
        self._count += 1
        self._waiting.append((f"drill-{self.number}/{self._count}", text, to))
        self.wake.set()

    def entries(self) -> Sequence[SealedEntry]:
        """The exercise's timelines."""
        return self.engine().entries()

    def finished(self) -> bool:
        """Whether the exercise's incidents are closed."""
        return self.engine().finished()

    def flush(self) -> bool:
        """Say what waits, in order; what fails stays for the next time, a few times. Whether all was said."""
        with self._saying:
            while self._waiting and self._say(*self._waiting[0]):
                self._waiting.popleft()
                self._tries = 0
            return not self._waiting

    def _say(self, key: str, text: str, to: str) -> bool:
        """Whether this message is done with: sent, or given up."""
        try:
            self.last = self.chat.say("", text, key, mention=self.people.get(to), repeat=self._tries > 0)
        except DeliveryError as error:
            if error.untried:  # it has a place in Slack's queue, and comes again
                return False
            self._tries += 1
            if not error.permanent and self._tries < TRIES:
                return False
            log.warning(
                "a message of an exercise could not be sent; the exercise goes on", exercise=self.number, why=str(error)
            )
        return True


@dataclass
class LiveExercise:
    """An exercise with everything it runs on. `start` it once; `close` ends its threads and lets go of its database."""

    exercise: Exercise
    engine: ExerciseEngine
    stage: ChatStage
    documents: AfterActionDocuments
    folder: Path
    channel_name: str
    facilitator: Person | None = None
    _console: Receipt | None = None
    _shown: Card | None = None
    _wash: Receipt | None = None
    _washed: Card | None = None
    report_path: str = ""
    """Where the newest report is; empty before there is one."""
    _reported: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _report_wanted: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _acted: float = 0.0

    @property
    def channel(self) -> str:
        """The exercise's channel."""
        return self.stage.chat.channel

    def start(self) -> None:
        """Tell the players, and let it run."""
        self.exercise.on_end = self._on_end
        self.exercise.start()
        for name, work in (("clock", self._go_on), ("page", self._page), ("write", self._write)):
            thread = threading.Thread(target=work, name=f"drill-{self.exercise.number}-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """End its threads, and say what was still to be said. What it wrote stays."""
        self._stopping.set()
        self.stage.wake.set()
        self.engine.woken.set()
        for thread in self._threads:
            thread.join(timeout=10)
        self.stage.flush()
        self.engine.close()

    def want_report(self) -> None:
        """Write the report again, with what was said since."""
        self._report_wanted.set()
        self.stage.wake.set()

    def wait_for_report(self, seconds: float) -> str:
        """The path of the report, as soon as it is written; empty where that takes longer."""
        self._reported.wait(timeout=seconds)
        return self.report_path

    def show_console_again(self) -> None:
        """Post the console anew, at the end of the facilitator's messages."""
        self._console, self._shown = None, None
        self.stage.wake.set()

    def _on_end(self) -> None:
        self._report_wanted.set()
        self.stage.wake.set()

    # The threads.

    def _go_on(self) -> None:
        """Let world and engine go on, until it is over."""
        while not self._stopping.is_set() and not self.exercise.over:
            self._guarded(self.tick)
            pause = min(SLOWEST, max(QUICKEST, 1 / self.exercise.clock.speed))
            self._stopping.wait(pause)

    def tick(self) -> None:
        """One look at everything that time moves."""
        if self.exercise.clock.held or self.exercise.over:
            return
        now = self.exercise.clock.now().timestamp()
        if now - self._acted >= EACH:
            self._acted = now
            self.engine.obey()
        self.engine.watch()
        self.exercise.tick()

    def _page(self) -> None:
        """Carry out pages and rungs; once it is over, nobody is paged any more."""
        while not self._stopping.is_set() and not self.exercise.over:
            self.engine.woken.wait(timeout=1.0)
            self.engine.woken.clear()
            self.stage.wake.set()
            if not self.exercise.over:
                self._guarded(lambda: self.engine.deliver(PAGING))

    def _write(self) -> None:
        """Everything that is written: messages, cards, the console, the hot wash, the report."""
        while not self._stopping.is_set():
            self.stage.wake.wait(timeout=1.0)
            self.stage.wake.clear()
            self._guarded(self.stage.flush)
            self._guarded(lambda: self.engine.deliver(WRITING))
            self._guarded(self._show_console)
            self._guarded(self._wash_up)

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # the outer edge: one bad look must not end the exercise; no text of it is logged
            if isinstance(error, DeliveryError) and error.untried:
                return  # Slack's limit: the next look comes again
            log.exception("a look at an exercise failed; the next one follows", exercise=self.exercise.number)
            time.sleep(0.2)

    # What is shown.

    def _show_console(self) -> None:
        """To the facilitator alone, edited in place."""
        if self.facilitator is None:
            return
        card = console_card(self.exercise, self.channel_name)
        if card == self._shown:
            return
        key = f"drill-{self.exercise.number}/console-{id(self._console)}"
        if self._console is None:
            self._console = self.stage.chat.direct(self.facilitator, card, key)
        else:
            self.stage.chat.edit(self._console, card, key)
        self._shown = card

    def _wash_up(self) -> None:
        """Once it is over: the hot wash, kept up to date, and the report where one is wanted."""
        if not self.exercise.over:
            return
        if not self.stage.flush():
            return
        card = hot_wash_card(self.exercise)
        if self._wash is None:
            self._wash = self._first_wash(card)
            self._washed = card
        elif card != self._washed:
            self.stage.chat.edit(self._wash, card, "")
            self._washed = card
        if self._report_wanted.is_set():
            self._report_wanted.clear()
            self._report()

    def _first_wash(self, card: Card) -> Receipt:
        """In the thread of the line that says it is over; in the channel where that line is gone."""
        try:
            return self.stage.chat.post("", card, f"drill-{self.exercise.number}/hot-wash", below=self.stage.last)
        except DeliveryError as error:
            if error.permanent:
                self.stage.last = None
            raise

    def _report(self) -> None:
        found = after_action(self.exercise, self.engine)
        document, path = write(self.documents, found)
        self.report_path = path
        self._reported.set()
        results.add(self.folder, found.agent.removeprefix(PREFIX), found, path)
        name, title = f"{document.name}.md", f"After-action report of exercise {found.number}"
        comment = f"Score {found.score} of 100. Run it again by {found.rerun}."
        self.stage.chat.upload("", name, title, document.markdown.encode(), comment, name)
        for picture, content in sorted(document.chart_images.items()):
            self.stage.chat.upload("", picture, picture, content, "", picture)
