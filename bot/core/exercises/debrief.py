"""What happened in an exercise, and how well each objective was performed (`exercises.md`, "Scoring and after").

Read from two logs: the timelines of the exercise's incidents, and its own acts (evidence asked for, moves made,
injects, hints). Both are put into one numbered record, so that each rating can point at the lines that prove it. The
team is rated, never a person: people appear by role. Times are scenario minutes from the first incident.

Ratings are those of HSEEP: P performed without challenges, S with some, M with major ones, U unable. A timed objective
is P within its time, S within twice of it, M when later. A count (relapses, wrong causes, rungs too low) is P for none,
S for one, M for two, U beyond.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from bot.core.exercises.exercise_log import Act, ExerciseLog, LogRow
from bot.core.formatting.plurals import plural
from bot.core.incident import events as ev
from bot.core.model.rungs import Ladder
from bot.core.runbooks.rehearsal import ExerciseObjective, Rehearsal

Rating = Literal["P", "S", "M", "U"]
POINTS: Mapping[Rating, int] = {"P": 100, "S": 70, "M": 35, "U": 0}
WORDS: Mapping[Rating, str] = {
    "P": "performed without challenges",
    "S": "performed with some challenges",
    "M": "performed with major challenges",
    "U": "unable to be performed",
}
BY_COUNT: tuple[Rating, ...] = ("P", "S", "M", "U")
LATE = 2.0
"""Within so many times its own time an objective is S."""

_OWNED = re.compile(r"\bowner\s*[:=]\s*\S+|<@\w+>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rated:
    """One objective as performed. `evidence` are numbers of the record; `by_hand` why the facilitator set it."""

    objective: ExerciseObjective
    rating: Rating
    why: str
    evidence: tuple[int, ...] = ()
    minutes: float | None = None
    by_hand: str = ""


@dataclass(frozen=True, slots=True)
class ExerciseTimes:
    """Minutes from the first incident; None: it did not happen."""

    acknowledge: float | None = None
    declare: float | None = None
    first_update: float | None = None
    first_sufficient_rung: float | None = None
    contain: float | None = None
    right_attribution: float | None = None
    fixed: float | None = None
    confirmed_recovery: float | None = None


@dataclass(frozen=True, slots=True)
class Debrief:
    """How the team did. `score` 0 to 100."""

    rated: tuple[Rated, ...]
    times: ExerciseTimes
    score: int
    record: tuple[LogRow, ...]
    evidence_before_change: bool
    wrong_causes: int
    premature_restores: int
    hints: int
    hint_cost: int


def debrief(
    rehearsal: Rehearsal,
    rows: Sequence[LogRow],
    ladder: Ladder,
    overrides: Mapping[str, tuple[Rating, str]] | None = None,
) -> Debrief:
    """Rate every objective. `overrides`: objective id -> (rating, reason) as the facilitator set it."""
    story = ExerciseLog(rehearsal, rows, ladder)
    judge = Judge(story)
    rated = tuple(_overridden(judge.rate(one), overrides or {}) for one in rehearsal.objectives)
    cost = sum(int(row.event.value) for row in story.acts("hint") if isinstance(row.event, Act))
    mean = sum(POINTS[one.rating] for one in rated) / len(rated) if rated else 0.0
    return Debrief(
        rated=rated,
        times=times_of(story),
        score=max(0, round(mean) - cost),
        record=tuple(rows),
        evidence_before_change=story.evidence_came_first(),
        wrong_causes=len(story.wrong_causes()),
        premature_restores=len(story.premature()),
        hints=len(list(story.acts("hint"))),
        hint_cost=cost,
    )


def _overridden(rated: Rated, overrides: Mapping[str, tuple[Rating, str]]) -> Rated:
    if rated.objective.id not in overrides:
        return rated
    rating, reason = overrides[rated.objective.id]
    why = f"{reason} (set by the facilitator; the record says {rated.rating}: {rated.why})"
    return Rated(rated.objective, rating, why, rated.evidence, rated.minutes, reason)


def times_of(story: ExerciseLog) -> ExerciseTimes:
    """The moments as minutes."""
    return ExerciseTimes(
        acknowledge=story.minutes(story.acknowledged()),
        declare=story.minutes(story.declared()),
        first_update=story.minutes(next(iter(story.updates()), None)),
        first_sufficient_rung=story.minutes(story.sufficient()),
        contain=story.minutes(story.contained()),
        right_attribution=story.minutes(story.attributed()),
        fixed=story.minutes(story.fixed()),
        confirmed_recovery=story.minutes(story.recovered()),
    )


@dataclass(frozen=True, slots=True)
class Judge:
    """Rates objectives by a story."""

    story: ExerciseLog

    def rate(self, objective: ExerciseObjective) -> Rated:
        """How one objective was performed."""
        moments = self.story.moments(objective.subject)
        if objective.measure in moments and objective.within:
            return self._timed(objective, moments[objective.measure]())
        return self._judged(objective)

    def _timed(self, objective: ExerciseObjective, row: LogRow | None) -> Rated:
        minutes = self.story.minutes(row)
        if row is None or minutes is None:
            return Rated(objective, "U", f"it did not happen; {objective.within:g} min were allowed")
        rating: Rating = "P" if minutes <= objective.within else "S" if minutes <= LATE * objective.within else "M"
        return Rated(objective, rating, f"after {minutes:.0f} of {objective.within:g} min", (row.n,), minutes)

    def _judged(self, objective: ExerciseObjective) -> Rated:
        judges: Mapping[str, Callable[[ExerciseObjective], Rated]] = {
            "least-drastic": self._least_drastic,
            "not-lowered": self._not_lowered,
            "no-wrong-cause": lambda one: self._counted(one, self.story.wrong_causes(), "wrong causes written down"),
            "no-relapse": self._no_relapse,
            "no-hints": lambda one: self._counted(one, list(self.story.acts("hint")), "hints taken"),
            "not-moved": lambda one: self._counted(one, list(self.story.acts("move", one.subject)), "times made"),
            "evidence-first": self._evidence_first,
            "cadence": self._cadence,
            "followed-up": self._followed_up,
        }
        return judges[objective.measure](objective)

    def _counted(self, objective: ExerciseObjective, rows: Sequence[LogRow], what: str) -> Rated:
        rating = BY_COUNT[min(len(rows), 3)]
        return Rated(objective, rating, f"{len(rows) or 'no'} {what}", tuple(row.n for row in rows))

    def _no_relapse(self, objective: ExerciseObjective) -> Rated:
        return self._counted(objective, self.story.premature(), "restores before the cause was mended")

    def _least_drastic(self, objective: ExerciseObjective) -> Rated:
        enough, lowest = self.story.rehearsal.world.enough, self.story.lowest()
        if lowest is None or self.story.contained() is None:
            return Rated(objective, "U", f"{enough or 'a rung that is enough'} was not reached")
        return self._below(objective, lowest, enough)

    def _not_lowered(self, objective: ExerciseObjective) -> Rated:
        lowest = self.story.lowest()
        if lowest is None:
            return Rated(objective, "P", "the agent was not stepped down")
        return self._below(objective, lowest, objective.subject)

    def _below(self, objective: ExerciseObjective, lowest: LogRow, line: str) -> Rated:
        rung = self.story.in_force(lowest)
        below = max(0, self.story.depth(rung) - self.story.depth(line))
        why = f"{rung} was the lowest rung" + (f", {below} below {line}" if below else "")
        return Rated(objective, BY_COUNT[min(below, 3)], why, (lowest.n,))

    def _evidence_first(self, objective: ExerciseObjective) -> Rated:
        looked, moved = next(self.story.acts("evidence"), None), next(self.story.acts("move"), None)
        shown = tuple(row.n for row in (looked, moved) if row is not None)
        if looked is None:
            return Rated(objective, "U", "no evidence was looked at", shown)
        if self.story.evidence_came_first():
            return Rated(objective, "P", "evidence was looked at before the first move", shown)
        return Rated(objective, "M", "the first move came before any evidence was looked at", shown)

    def _cadence(self, objective: ExerciseObjective) -> Rated:
        updates, began = self.story.updates(), self.story.began
        if not updates or began is None:
            return Rated(objective, "U", "no update went out")
        until = self.story.recovered() or self.story.rows[-1]
        marks = [began, *(row.at for row in updates if row.at < until.at), until.at]
        widest = max((after - before).total_seconds() / 60 for before, after in pairwise(marks))
        within = objective.within
        rating: Rating = "P" if widest <= within else "S" if widest <= LATE * within else "M"
        return Rated(
            objective, rating, f"the longest gap was {widest:.0f} of {within:g} min", tuple(r.n for r in updates)
        )

    def _followed_up(self, objective: ExerciseObjective) -> Rated:
        rows = self.story.followups()
        owned = [row for row in rows if isinstance(row.event, ev.Noted) and _OWNED.search(row.event.text)]
        if not rows:
            return Rated(objective, "U", "no follow-up was written down")
        rating: Rating = "P" if owned else "S"
        return Rated(
            objective,
            rating,
            f"{plural(len(rows), 'follow-up')}, {len(owned)} with an owner",
            tuple(row.n for row in rows),
        )
