"""One exercise under way: what happens by itself as scenario time goes on.

It reads the exercise's own incidents, sends injects when their time or their event has come, says a contingency where
the expected thing was not done, carries out people's moves when they take effect, and ends when it is over. What
players and the facilitator can do stands in `player_actions` and `facilitation`.

What players see goes through `Stage.tell`; the console goes to the facilitator alone. Nothing is logged.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from bot.core.exercises.debrief import Debrief, Rating, debrief
from bot.core.exercises.exercise_log import Act, ActKind, ExerciseLog, LogRow, record
from bot.core.incident.timeline import SealedEntry
from bot.core.model.rungs import Ladder
from bot.core.runbooks.rehearsal import Inject, PlayerMove, Rehearsal
from bot.simulation.rehearsal_world import RehearsedWorld

FACILITATOR = "facilitator"
UNSEEN: frozenset[ActKind] = frozenset({"fixed", "skipped", "rated", "note"})
"""Acts that are for the report: whoever plays hears of them when it is over."""


class ExerciseStage(Protocol):
    """Where an exercise is heard."""

    def tell(self, key: str, text: str, to: str = "") -> None:
        """One message in the exercise's channel; `to` is the key of a player to mention."""
        ...

    def entries(self) -> Sequence[SealedEntry]:
        """The timelines of the exercise's incidents, oldest first."""
        ...

    def finished(self) -> bool:
        """Whether there was an incident and none is open."""
        ...


class ExercisePace(Protocol):
    """A scenario clock that can be held and hurried."""

    speed: float
    held: bool

    def now(self) -> datetime:
        """The scenario time."""
        ...

    def hold(self) -> None:
        """Stop."""
        ...

    def release(self) -> None:
        """Run on."""
        ...

    def run_at(self, speed: float) -> None:
        """Change the speed."""
        ...


@dataclass(frozen=True, slots=True)
class Participants:
    """Who plays: keys of people, the first is the owner, then deputy and manager. No facilitator: it runs by itself."""

    players: tuple[str, ...]
    facilitator: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """Person key -> name: the record writes the role in its place."""

    def role_of(self, audience: str) -> str:
        """The player an inject for a role is for, "" for all of them."""
        place = {"owner": 0, "lead": 0, "deputy": 1, "manager": 2}.get(audience)
        return "" if place is None else self.players[min(place, len(self.players) - 1)]

    def roles(self) -> Mapping[str, str]:
        """Person key -> role, for a record that names nobody."""
        named = dict(zip(self.players, ("owner", "deputy", "manager"), strict=False))
        rest = dict.fromkeys(self.players[3:], "responder")
        return {**named, **rest, **({self.facilitator: FACILITATOR} if self.facilitator else {})}


@dataclass(frozen=True, slots=True)
class Planned:
    """An inject and what has become of it. `due` None: it waits for its event, or for the facilitator's hand."""

    inject: Inject
    state: Literal["waiting", "sent", "skipped"] = "waiting"
    due: datetime | None = None
    sent_at: datetime | None = None
    reminded: bool = False
    """Its contingency was said."""

    @property
    def id(self) -> str:
        """The inject's id."""
        return self.inject.id


@dataclass(frozen=True, slots=True)
class Pending:
    """A move that was made and has not taken effect yet."""

    move: PlayerMove
    due: datetime
    who: str


@dataclass
class Exercise:
    """The state of one exercise. Every method may be called from any thread."""

    number: int
    rehearsal: Rehearsal
    participants: Participants
    world: RehearsedWorld
    clock: ExercisePace
    ladder: Ladder
    stage: ExerciseStage
    acts: list[Act] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    overrides: dict[str, tuple[Rating, str]] = field(default_factory=dict)
    confidence: dict[str, int] = field(default_factory=dict)
    hints_given: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ended_why: str = ""
    held_why: str = ""
    on_end: Callable[[], None] = lambda: None
    lock: threading.RLock = field(default_factory=threading.RLock)
    _improvised: int = 0

    @property
    def name(self) -> str:
        """`Exercise 3`."""
        return f"Exercise {self.number}"

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.ended_at is not None

    def start(self) -> None:
        """Set the fault's time, plan the injects, and tell the players what they may know."""
        with self.lock:
            self.started_at = self.clock.now()
            broke = self.world.begin()
            self.planned = [
                Planned(one, due=None if one.at is None else broke + timedelta(minutes=one.at))
                for one in self.rehearsal.injects
            ]
            self.did("bot", "started", f"{self.name} began")
            self.stage.tell("briefing", self._welcome())

    def _welcome(self) -> str:
        return (
            f"{self.name} begins. {self.rehearsal.briefing}\n"
            "Work it as if it were real: the same cards, buttons and commands. Look for evidence with /tabletop look, "
            "do what you would do outside Stepdown with /tabletop do, take a hint with /tabletop hint. "
            "Something real comes up: /tabletop real ends this at once."
        )

    # What everything else builds on.

    def did(self, who: str, kind: ActKind, text: str, ref: str = "", value: float = 0.0) -> None:
        """Write down an act."""
        self.acts.append(Act(self.clock.now(), who, kind, text, ref, value))

    def rows(self) -> tuple[LogRow, ...]:
        """The record so far."""
        return record(self.stage.entries(), self.acts, self.participants.roles(), self.participants.names)

    def seen_rows(self) -> tuple[LogRow, ...]:
        """The record so far as the players may see it."""
        aside = {one.id for one in self.planned if one.inject.to == FACILITATOR}
        return tuple(
            row
            for row in self.rows()
            if not (isinstance(row.event, Act) and (row.event.kind in UNSEEN or row.event.ref in aside))
        )

    def story(self) -> ExerciseLog:
        """The record, to be asked."""
        return ExerciseLog(self.rehearsal, self.rows(), self.ladder)

    def debrief(self) -> Debrief:
        """How the team has done so far."""
        return debrief(self.rehearsal, self.rows(), self.ladder, self.overrides)

    # As time goes on.

    def tick(self) -> None:
        """Do what is due. Held or over, nothing is."""
        with self.lock:
            if self.over or self.clock.held or self.started_at is None:
                return
            self._take_effect()
            story = self.story()
            for index, one in enumerate(self.planned):
                self._look_at(index, one, story)
            self._maybe_end()

    def _take_effect(self) -> None:
        now = self.clock.now()
        due = [one for one in self.pending if one.due <= now]
        self.pending = [one for one in self.pending if one.due > now]
        for one in due:
            mended = self.world.done(one.move)
            self.did(one.who, "moved", f"{one.move.text}: done", one.move.id)
            if mended:
                self.did("bot", "fixed", "the cause is mended")
            self.stage.tell(f"moved-{one.move.id}-{len(self.acts)}", f"{one.move.text}: {one.move.says}")

    def _look_at(self, index: int, one: Planned, story: ExerciseLog) -> None:
        now = self.clock.now()
        if one.state == "waiting" and self._is_due(one, story, now):
            self.send(index)
        elif one.state == "sent" and self._is_owed(one, story, now):
            self._remind(index)

    def _is_due(self, one: Planned, story: ExerciseLog, now: datetime) -> bool:
        if one.due is not None:
            return one.due <= now
        return bool(one.inject.on) and story.happened(one.inject.on) is not None

    def _is_owed(self, one: Planned, story: ExerciseLog, now: datetime) -> bool:
        expects, contingency = one.inject.expects, one.inject.contingency
        if expects is None or contingency is None or one.reminded or one.sent_at is None:
            return False
        late = now >= one.sent_at + timedelta(minutes=contingency.after)
        return late and story.met(expects.measure, expects.subject, one.sent_at) is None

    def send(self, index: int) -> None:
        """Send an inject now."""
        one = self.planned[index]
        self.planned[index] = replace(one, state="sent", sent_at=self.clock.now())
        self.did(FACILITATOR if one.inject.manual else "bot", "inject", one.inject.text, one.id)
        self._say(f"inject-{one.id}", one.inject, one.inject.text)

    def _remind(self, index: int) -> None:
        one = self.planned[index]
        contingency = one.inject.contingency
        self.planned[index] = replace(one, reminded=True)
        if contingency is not None:
            self.did("bot", "contingency", contingency.text, one.id)
            self._say(f"contingency-{one.id}", one.inject, contingency.text)

    def _say(self, key: str, inject: Inject, text: str) -> None:
        """To the players; what is for the facilitator stands in the console already."""
        if inject.to != FACILITATOR:
            self.stage.tell(key, f"{inject.sender}: {text}", self.participants.role_of(inject.to))

    def improvise(self, sender: str, text: str) -> None:
        """Send something nobody planned."""
        self._improvised += 1
        inject = Inject(f"improvised-{self._improvised}", sender, "players", text, manual=True)
        self.planned.append(Planned(inject))
        self.send(len(self.planned) - 1)

    def _maybe_end(self) -> None:
        assert self.started_at is not None  # noqa: S101 - tick saw to it
        if self.stage.finished():
            self.end("every incident of the drill is closed")
        elif self.clock.now() >= self.started_at + timedelta(minutes=self.rehearsal.lasts):
            self.end("its time is up")

    def end(self, why: str, who: str = "bot") -> None:
        """End it, once. What follows (hot wash, report) hangs on `on_end`."""
        with self.lock:
            if self.over:
                return
            self.did(who, "ended", why)
            self.stage.tell("ended", f"{self.name} is over: {why}.")
            self.ended_at, self.ended_why = self.clock.now(), why
        self.on_end()

    def hold(self, why: str, who: str = "bot") -> bool:
        """Hold the clock and say why. False where it was held already."""
        with self.lock:
            if self.over or self.clock.held:
                return False
            self.clock.hold()
            self.held_why = why
            self.did(who, "paused", why)
            self.stage.tell(f"held-{len(self.acts)}", f"{self.name} is paused: {why}")
            return True

    def release(self, who: str) -> bool:
        """Let it run on. False where it ran."""
        with self.lock:
            if self.over or not self.clock.held:
                return False
            self.clock.release()
            self.held_why = ""
            self.did(who, "resumed", "")
            self.stage.tell(f"released-{len(self.acts)}", f"{self.name} goes on.")
            return True
