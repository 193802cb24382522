"""Three scripted teams that play any rehearsal through the commands people use: a good one, a slow one, a wrong one.

Their scripts know the rehearsal's answers, as a test may; they are how a playbook shows that it can be won and lost.
All times are minutes after the first page. The wrong team does what tired people do: the lowest rung at once, the first
cause that comes to mind, the first move that comes to hand, and autonomy back as soon as the numbers look fine.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.core.exercises.exercise_log import ExerciseLog
from bot.core.incident.events import RecoveryReset
from bot.core.incident.incident import Incident, IncidentState
from bot.core.model.cause import KINDS
from bot.core.model.people import Actor
from bot.core.runbooks.rehearsal import Expectation, PlayerMove
from bot.core.runbooks.runbook import owed
from bot.engine.commands.commands import Commands
from bot.exercises import player_actions
from bot.exercises.exercise import Exercise


@dataclass(frozen=True, slots=True)
class TeamStyle:
    """When a team does what. `answers`: minutes until an inject is answered."""

    acknowledge: float
    lead: float
    look: float
    contain: float
    update: float
    cause: float
    mend: float
    cadence: float
    answers: float
    hints: int = 0
    blunders: bool = False


STYLES: Final[Mapping[str, TeamStyle]] = {
    "good": TeamStyle(1, 2, 2, 3, 5, 8, 9, cadence=20, answers=2),
    "slow": TeamStyle(8, 19, 20, 26, 38, 55, 70, cadence=70, answers=15, hints=1),
    "wrong": TeamStyle(2, 12, 160, 4, 30, 162, 165, cadence=80, answers=30, blunders=True),
}
"""The teams by name."""


@dataclass
class Team:
    """One team at work. `tick` does what is due; it acts as people of the exercise's fleet."""

    exercise: Exercise
    commands: Commands
    style: TeamStyle
    people: tuple[Actor, ...]
    incidents: Callable[[], list[Incident]]
    done: set[str] = field(default_factory=set)
    updated_at: datetime | None = None

    def tick(self) -> None:
        """Do what is due."""
        found = self.incidents()
        if not found or self.exercise.over:
            return
        incident = found[0]
        minutes = (self.exercise.clock.now() - incident.opened_at).total_seconds() / 60
        for name, due, act in self._plan(incident):
            if minutes >= due and name not in self.done:
                self.done.add(name)
                act()
        self._keep_telling(incident, minutes)
        self._answer_injects(incident)
        self._give_back(incident)

    def _plan(self, incident: Incident) -> Iterator[tuple[str, float, Callable[[], object]]]:
        style, commands, owner = self.style, self.commands, self.people[0]
        yield "acknowledge", style.acknowledge, lambda: commands.paging.acknowledge(owner, incident.id)
        yield "lead", style.lead, lambda: commands.teamwork.take_role(owner, incident.id, "lead", owner.key)
        for number in range(style.hints):
            yield f"hint-{number}", style.look - 1 + number, lambda: player_actions.hint(self.exercise, owner.key)
        yield "look", style.look, self._look
        if style.blunders:
            yield from self._blunders(incident)
        else:
            yield "contain", style.contain, lambda: self._contain(incident)
        yield "cause", style.cause, lambda: self._blame(incident, self.exercise.rehearsal.ground_truth.cause)
        yield "mend", style.mend, lambda: self._do(self._move("fixes"))

    def _blunders(self, incident: Incident) -> Iterator[tuple[str, float, Callable[[], object]]]:
        truth = self.exercise.rehearsal.ground_truth
        innocent = [kind for kind in KINDS if kind not in (truth.cause, *truth.also_right, "unknown")]
        lowest = self.exercise.ladder.names()[-1]
        yield "panic", self.style.contain, lambda: self._lower(incident, lowest, "it must stop now")
        yield "blame", self.style.contain + 2, lambda: self._blame(incident, innocent[0])
        yield "blame-again", self.style.contain + 9, lambda: self._blame(incident, innocent[1])
        yield "fumble", self.style.contain + 5, lambda: self._do(self._move("worsens") or self._move("nothing"))

    def _look(self) -> None:
        for one in self.exercise.rehearsal.evidence:
            player_actions.look(self.exercise, self.people[0].key, one.id)

    def _contain(self, incident: Incident) -> None:
        enough = self.exercise.rehearsal.world.enough
        if enough:
            self._lower(incident, enough, "it is the least that is enough")
        else:
            self._do(self._move("contains") or self._move("fixes"))

    def _lower(self, incident: Incident, rung: str, why: str) -> None:
        self.commands.autonomy.step_down(self.people[0], incident.agent, rung, why)

    def _blame(self, incident: Incident, cause: str) -> None:
        self.commands.causes.attribute(self.people[0], incident.id, cause)

    def _move(self, effect: str) -> PlayerMove | None:
        moves = self.exercise.rehearsal.world.moves
        return next((move for move in moves if move.effect == effect), None)

    def _do(self, move: PlayerMove | None) -> None:
        if move is not None:
            player_actions.do(self.exercise, self.people[0].key, move.id)

    def _keep_telling(self, incident: Incident, minutes: float) -> None:
        """The first update when it is due, then one each `cadence` until it is recovered on the normal rung."""
        now = self.exercise.clock.now()
        home = incident.state is IncidentState.RECOVERED and incident.rungs.rung == incident.rungs.normal
        if minutes < self.style.update or home or not incident.open:
            return
        if self.updated_at is None or now - self.updated_at >= timedelta(minutes=self.style.cadence):
            self._update(incident)

    def _update(self, incident: Incident) -> None:
        self.updated_at = self.exercise.clock.now()
        self.commands.teamwork.note(
            self.people[0], incident.id, f"It is {incident.state}; next update follows.", "update"
        )

    def _answer_injects(self, incident: Incident) -> None:
        now = self.exercise.clock.now()
        for one in self.exercise.planned:
            if one.sent_at is None or one.inject.expects is None or f"answer-{one.id}" in self.done:
                continue
            if now >= one.sent_at + timedelta(minutes=self.style.answers):
                self.done.add(f"answer-{one.id}")
                self._answer(incident, one.inject.expects)

    def _answer(self, incident: Incident, expects: Expectation) -> None:
        answers: Mapping[str, Callable[[], object]] = {
            "updated": lambda: self._update(incident),
            "followed-up": lambda: self._follow_up(incident),
            "asked-for-help": lambda: self.commands.paging.page(
                self.people[0], incident.id, self.people[-1].key, "please join"
            ),
            "evidence": lambda: player_actions.look(self.exercise, self.people[0].key, expects.subject),
            "move": lambda: player_actions.do(self.exercise, self.people[0].key, expects.subject),
        }
        if expects.measure in answers:
            answers[expects.measure]()

    def _follow_up(self, incident: Incident) -> None:
        text = f"a test for this cause, owner: {self.people[0].key} due 2026-12-31"
        self.commands.teamwork.note(self.people[0], incident.id, text, "followup")

    def _give_back(self, incident: Incident) -> None:
        """Restore one rung at a time, and close it; the wrong team does not wait for the cause to be mended."""
        story = self.exercise.story()
        if self.style.blunders and self._relapsed(incident, story):
            return
        if not self.style.blunders and story.fixed() is None:
            return
        if incident.rungs.rung != incident.rungs.normal:
            if incident.state in (IncidentState.RECOVERED, IncidentState.RECOVERING):
                self._restore(incident)
        elif incident.state is IncidentState.RECOVERED and story.fixed() is not None:
            self._close(incident)

    def _relapsed(self, incident: Incident, story: ExerciseLog) -> bool:
        """The wrong team's restore came too early: down again, as far as is enough."""
        early = story.premature()
        resets = [row for row in story.rows if isinstance(row.event, RecoveryReset)]
        if not early or story.fixed() is not None or not any(row.at > early[0].at for row in resets):
            return False
        if "again" not in self.done:
            self.done.add("again")
            enough = self.exercise.rehearsal.world.enough
            self._lower(incident, enough or self.exercise.ladder.names()[-1], "it is back")
        return True

    def _restore(self, incident: Incident) -> None:
        first, second = self.people[0], self.people[1]
        if self.exercise.clock.now().minute % 2:
            return
        if not incident.rungs.restore_to:
            self.commands.autonomy.ask_restore(first, incident.agent, "the numbers held")
        self.commands.autonomy.approve_restore(second, incident.id)

    def _close(self, incident: Incident) -> None:
        if "close" in self.done:
            return
        self.done.add("close")
        if not self.style.blunders:
            self._follow_up(incident)
        for step in owed(incident.plan, incident.marks):
            self.commands.lifecycle.mark_step(self.people[0], incident.id, step.id, "done")
        self.commands.lifecycle.resolve(self.people[0], incident.id, "the cause is mended and the numbers held")
