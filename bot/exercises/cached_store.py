"""The exercise's store with what is read each minute kept in memory: for exercises that nobody attends.

Everything that is committed goes through the real store; what is only measured (minutes, polls) stays in memory, and
incidents and rungs are read from what was committed last. One process, one thread, as long as the run.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from bot.core.detection.literal_rule import answered
from bot.core.detection.recent_sums import recent_sums_of
from bot.core.incident.effects import Effect, Lane
from bot.core.incident.incident import Decision, Incident
from bot.core.model.recent_sums import RecentSums
from bot.core.model.rungs import RungState
from bot.core.model.samples import MinuteRow, Series
from bot.exercises.exercise_engine import ExerciseStore
from bot.ports.store import Job, PollClaim


def _seen(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """Without edits of cards: nobody looks at them."""
    return tuple(effect for effect in effects if effect.kind != "edit_card")


class CachedStore(ExerciseStore):
    """A `DrillStore` that answers from memory. Open it with `begin`."""

    @classmethod
    def begin(cls, folder: Path, first: int) -> Self:
        """A fresh database in the folder; incidents have higher ids than `first`."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "drill.db"
        for old in folder.glob("drill.db*"):
            old.unlink()
        opened = cls.open(f"sqlite:///{file}")
        assert isinstance(opened, cls)  # noqa: S101 - open is a constructor of the class it is called on
        opened.first = first
        opened.known = {}
        opened.measured = {}
        opened.polls = {}
        opened.lanes = set()
        opened.in_force = None
        return opened

    known: dict[int, Incident]
    measured: dict[Series, dict[int, MinuteRow]]
    polls: dict[str, tuple[PollClaim, float]]
    lanes: set[Lane]
    """Lanes that may have something to do."""
    in_force: Sequence[RungState] | None
    """Every rung in force, as last read; None: read again."""

    # What is committed.

    def commit(self, decision: Decision, now: datetime, **more: Any) -> None:  # noqa: ANN401 - whatever the store takes
        """Store it, then remember it."""
        effects = _seen(decision.effects)
        super().commit(replace(decision, effects=effects), now, **more)
        self._committed(decision.incident, effects)

    def open_incident(self, decide: Callable[[int], Decision], now: datetime, *, wall: float) -> Decision:
        """Store it, then remember it."""

        def seen(number: int) -> Decision:
            decision = decide(number)
            return replace(decision, effects=_seen(decision.effects))

        decision = super().open_incident(seen, now, wall=wall)
        self._committed(decision.incident, decision.effects)
        return decision

    def _committed(self, incident: Incident, effects: Sequence[Effect]) -> None:
        self.known[incident.id] = incident
        self.lanes.update(effect.lane for effect in effects)
        self.in_force = None

    def incident(self, incident_id: int) -> Incident | None:
        """The incident as committed."""
        return self.known.get(incident_id)

    def open_incidents(self, agent: str = "") -> Sequence[Incident]:
        """Open incidents, oldest first."""
        return [one for one in self.known.values() if one.open and agent in ("", one.agent)]

    def agents_with_incidents(self) -> AbstractSet[str]:
        """Agents that have an open one."""
        return {one.agent for one in self.known.values() if one.open}

    def incidents(self, limit: int) -> Sequence[Incident]:
        """The newest incidents, newest first."""
        return list(reversed(self.known.values()))[:limit]

    def rungs(self, agent: str = "") -> Sequence[RungState]:
        """The rungs in force, of an agent or of all."""
        if self.in_force is None:
            self.in_force = super().rungs()
        return [state for state in self.in_force if agent in ("", state.agent)]

    def confirm_rung(self, agent: str, epoch: int, at: datetime) -> None:
        """Write the time at which a rung was confirmed."""
        super().confirm_rung(agent, epoch, at)
        self.in_force = None

    # What is to be done.

    def enqueue(self, effects: Sequence[Effect], wall: float) -> None:
        """Want effects outside a decision."""
        super().enqueue(_seen(effects), wall)
        self.lanes.update(effect.lane for effect in _seen(effects))

    def claim(self, lane: Lane, wall: float, limit: int, lease: float, part: tuple[int, int] = (0, 1)) -> Sequence[Job]:
        """Claim what is due in a lane that has something to do."""
        if lane not in self.lanes:
            return ()
        found = super().claim(lane, wall, limit, lease, part)
        if not found and not self.backlog().get(lane):
            self.lanes.discard(lane)
        return found

    # What is measured.

    def put_minutes(self, rows: Sequence[MinuteRow], claim: PollClaim | None = None) -> None:
        """Upsert minutes."""
        del claim
        for row in rows:
            self.measured.setdefault(row.series, {})[row.minute] = row

    def minutes(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Minutes first..last inclusive, in order."""
        known = self.measured.get(series, {})
        if not known:
            return ()
        span = range(max(first, min(known)), min(last, max(known)) + 1)
        return [known[minute] for minute in span if minute in known]

    def minutes_as_told(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """The same: nothing is rolled up here."""
        return self.minutes(series, first, last)

    def history(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Minutes first..last for a baseline."""
        return self.minutes(series, first, last)

    def minutes_of(self, agents: Sequence[str], first: int, last: int) -> Mapping[Series, Sequence[MinuteRow]]:
        """The same for every series of these agents (all when empty)."""
        return {
            series: self.minutes(series, first, last)
            for series in self.measured
            if not agents or series.agent in agents
        }

    def minutes_of_series(
        self, series: Collection[Series], first: int, last: int
    ) -> Mapping[Series, Sequence[MinuteRow]]:
        """The same for these series."""
        return {one: self.minutes(one, first, last) for one in series}

    def recent_sums(self, agents: Collection[str], first: int, last: int, closed: int) -> Mapping[Series, RecentSums]:
        """What minutes first..last of these agents add up to."""
        found = {one: recent_sums_of(rows, closed) for one, rows in self.minutes_of(list(agents), first, last).items()}
        return {one: seen for one, seen in found.items() if seen is not None} if agents else {}

    def heard(self, first: int, last: int) -> Collection[Series]:
        """The series with a usable answer in one of these minutes."""
        return {one for one, rows in self.minutes_of([], first, last).items() if any(map(answered, rows))}

    def claim_polls(self, groups: Mapping[str, float], now: datetime, limit: int, lease: float) -> Sequence[PollClaim]:
        """Claim due poll groups."""
        at = now.timestamp()
        for name, first_due in groups.items():
            self.polls.setdefault(name, (PollClaim(name, -1, 0), first_due))
        due = [name for name in groups if self.polls[name][1] <= at][:limit]
        for name in due:
            claim = self.polls[name][0]
            self.polls[name] = (replace(claim, fence=claim.fence + 1), at + lease)
        return [self.polls[name][0] for name in due]

    def renew_polls(self, claims: Sequence[PollClaim], lease: float) -> None:
        """Polls are answered at once."""

    def finish_poll(self, claim: PollClaim, last_minute: int, next_due: datetime) -> bool:
        """Record how far a group was polled and when it is due again."""
        self.polls[claim.name] = (replace(claim, last_minute=last_minute), next_due.timestamp())
        return True
