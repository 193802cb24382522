"""A store in memory for drills that nobody attends: `ports.Store` as far as a drill uses it, without a database.

Whole decisions or none, one winner, fences and epochs as in the real one; what is kept are the values themselves. A
drill's agent posts no task records, so there are none. It lives as long as the process.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.core.change_feed import PostedChange
from bot.core.effects import Effect, Lane
from bot.core.incident import Decision, Incident
from bot.core.model import Baseline, InstanceReading, MinuteRow, RungState, Series, minute_of
from bot.core.tasks import TaskRecord
from bot.core.timeline import GENESIS, Entry, SealedEntry, seal
from bot.ports import Conflict, DueTimer, Finished, Job, LostClaim, Receipt

FOREVER = 2**40


@dataclass(slots=True)
class _Want:
    """One row of the outbox."""

    job: Job
    state: str = "pending"
    due: float = 0.0
    receipt: Receipt | None = None


@dataclass
class MemoryStore:
    """Implements `ports.Store` for a drill. `first` is added to every incident's id."""

    first: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _serial: int = 0
    _incidents: dict[int, Incident] = field(default_factory=dict)
    _entries: dict[int, list[SealedEntry]] = field(default_factory=dict)
    _wants: dict[str, _Want] = field(default_factory=dict)
    _rungs: list[RungState] = field(default_factory=list)
    _readings: dict[tuple[str, str, str], InstanceReading] = field(default_factory=dict)
    _minutes: dict[Series, dict[int, MinuteRow]] = field(default_factory=dict)
    _baselines: dict[Series, tuple[Baseline, datetime]] = field(default_factory=dict)
    _polls: dict[str, tuple[int, float]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    # Incidents.

    def next_incident_id(self) -> int:
        """A fresh id."""
        with self._lock:
            self._serial += 1
            return self.first + self._serial

    def commit(
        self,
        decision: Decision,
        now: datetime,
        *,
        rung: RungState | None = None,
        wall: float,
        done: Finished | None = None,
    ) -> None:
        """Store a decision whole, or raise and store nothing."""
        with self._lock:
            self._check(decision.incident, rung, now)
            if done is not None and not self._holds(done.job):
                raise LostClaim(done.job.key)
            self._incidents[decision.incident.id] = decision.incident
            self._append(decision.incident, decision.entries)
            for prefix in decision.drop:
                self._fold(prefix)
            self.enqueue(decision.effects, wall)
            if rung is not None:
                self._rungs.append(rung)
            if done is not None:
                self.finish(done.job, done.wall, done.state, receipt=done.receipt, why=done.why)

    def _check(self, incident: Incident, rung: RungState | None, now: datetime) -> None:
        known = self._incidents.get(incident.id)
        if (known.version if known else 0) != incident.version - 1:
            raise Conflict(f"{incident.number} at {now:%H:%M:%S}: somebody else was first")
        rivals = (one for one in self.open_incidents(incident.agent) if one.kind == incident.kind)
        if incident.open and any(one.id != incident.id for one in rivals):
            raise Conflict(f"{incident.agent} has an open incident of this kind")
        if rung is not None and rung.epoch != self.epoch(rung.agent) + 1:
            raise Conflict(f"{rung.agent} moved on before epoch {rung.epoch}")

    def _append(self, incident: Incident, entries: Sequence[Entry]) -> None:
        kept = self._entries.setdefault(incident.id, [])
        for entry in entries:
            record: Mapping[str, object] = {"at": entry.at.isoformat(), "kind": entry.kind, "text": entry.text}
            previous = kept[-1].seal if kept else GENESIS
            kept.append(SealedEntry(len(kept) + 1, entry, seal(previous, record), record))

    def incident(self, incident_id: int) -> Incident | None:
        """The incident as stored."""
        return self._incidents.get(incident_id)

    def open_incidents(self, agent: str = "") -> Sequence[Incident]:
        """Open incidents, oldest first."""
        with self._lock:
            return [one for one in self._incidents.values() if one.open and agent in ("", one.agent)]

    def last_closed(self, agent: str, kind: str, since: datetime, state: str = "resolved") -> Incident | None:
        """The newest incident of an agent and kind that was closed so, at or after `since`."""
        closed = [
            one
            for one in self._incidents.values()
            if (one.agent, one.kind, one.state.value) == (agent, kind, state)
            and one.resolved_at is not None
            and one.resolved_at >= since
        ]
        return max(closed, key=lambda one: one.resolved_at or since, default=None)

    def incident_in(self, channel: str) -> Incident | None:
        """The newest incident of a channel."""
        return next((one for one in self.incidents(FOREVER) if channel and one.channel == channel), None)

    def incidents(self, limit: int) -> Sequence[Incident]:
        """The newest incidents, newest first."""
        with self._lock:
            return list(reversed(self._incidents.values()))[:limit]

    def incident_spans(self, agent: str, since: datetime) -> Sequence[tuple[int, int]]:
        """Minutes [first, last) of the agent's incidents, open ones without end."""
        return [
            (
                min((breach.first_bad for breach in one.breaches), default=minute_of(one.opened_at)),
                FOREVER if one.resolved_at is None else minute_of(one.resolved_at) + 1,
            )
            for one in self.incidents(FOREVER)
            if one.agent == agent and (one.resolved_at is None or one.resolved_at >= since)
        ]

    def entries(self, incident_id: int) -> Sequence[SealedEntry]:
        """The timeline, oldest first."""
        with self._lock:
            return tuple(self._entries.get(incident_id, ()))

    def due_timers(self, now: datetime, limit: int) -> Sequence[DueTimer]:
        """Deadlines that have passed, the most overdue first."""
        due = [
            DueTimer(one.id, timer.kind, timer.token, timer.due_at)
            for one in self.incidents(FOREVER)
            for timer in one.timers
            if timer.due_at <= now
        ]
        return sorted(due, key=lambda one: one.due_at)[:limit]

    def first_sight(self, key: str, now: datetime) -> bool:
        """True exactly once for each key."""
        del now
        with self._lock:
            fresh = key not in self._seen
            self._seen.add(key)
            return fresh

    # The outbox.

    def enqueue(self, effects: Sequence[Effect], wall: float) -> None:
        """Want effects; a key that was wanted before is left as it is."""
        with self._lock:
            at = datetime.fromtimestamp(wall, UTC)
            for effect in effects:
                if effect.key not in self._wants:
                    job = Job(len(self._wants) + 1, effect.key, effect, 0, 0, at, at)
                    self._wants[effect.key] = _Want(job, due=wall)

    def claim(self, lane: Lane, wall: float, limit: int, lease: float, part: tuple[int, int] = (0, 1)) -> Sequence[Job]:
        """Claim due rows of a lane, edits after everything else."""
        index, of = part
        with self._lock:
            due = [
                one
                for one in self._wants.values()
                if one.job.effect.lane == lane
                and one.due <= wall
                and self._free(one, wall)
                and one.job.effect.incident_id % of == index
            ]
            due.sort(key=lambda one: (one.job.effect.kind == "edit_card", one.job.id))
            return [self._claimed(one, wall + lease) for one in due[:limit]]

    def _free(self, one: _Want, wall: float) -> bool:
        return one.state == "pending" or (one.state == "sending" and one.job.lease_until.timestamp() < wall)

    def _claimed(self, one: _Want, until: float) -> Job:
        lease = datetime.fromtimestamp(until, UTC)
        one.job = replace(one.job, attempts=one.job.attempts + 1, fence=one.job.fence + 1, lease_until=lease)
        one.state = "sending"
        return one.job

    def _holds(self, job: Job) -> bool:
        one = self._wants.get(job.key)
        return one is not None and one.state == "sending" and one.job.fence == job.fence

    def finish(self, job: Job, wall: float, state: str, *, receipt: Receipt | None = None, why: str = "") -> bool:
        """Write an outcome where the fence still matches."""
        del wall, why
        with self._lock:
            if not self._holds(job):
                return False
            one = self._wants[job.key]
            one.state, one.receipt = state, receipt or one.receipt
            return True

    def retry(self, job: Job, due: float, why: str, *, untried: bool = False) -> bool:
        """Give a row back, to be tried again at `due`."""
        del why
        with self._lock:
            if not self._holds(job):
                return False
            one = self._wants[job.key]
            one.state, one.due = "pending", due
            one.job = replace(one.job, attempts=job.attempts - int(untried))
            return True

    def _fold(self, prefix: str) -> None:
        for key, one in self._wants.items():
            if key.startswith(prefix) and one.state == "pending":
                one.state = "folded"

    def receipt(self, key: str) -> Receipt | None:
        """Where the effect with this key landed."""
        found = self._wants.get(key)
        return None if found is None else found.receipt

    def receipts(self, prefix: str) -> Mapping[str, Receipt]:
        """Receipts of all effects whose key begins so."""
        with self._lock:
            return {key: one.receipt for key, one in self._wants.items() if one.receipt and key.startswith(prefix)}

    def outstanding(self, key: str) -> bool:
        """True while the effect with this key is still to be done."""
        found = self._wants.get(key)
        return found is not None and found.state in ("pending", "sending")

    def newer(self, job: Job, prefix: str) -> bool:
        """True when a younger effect whose key begins so is still to be done."""
        with self._lock:
            return any(
                one.job.id > job.id and key.startswith(prefix) and one.state in ("pending", "sending")
                for key, one in self._wants.items()
            )

    def backlog(self) -> Mapping[str, int]:
        """Rows still to be done, by lane."""
        counts: dict[str, int] = {}
        for one in self._wants.values():
            if one.state in ("pending", "sending"):
                counts[one.job.effect.lane] = counts.get(one.job.effect.lane, 0) + 1
        return counts

    # Rungs.

    def rung(self, agent: str, workflow: str = "") -> RungState | None:
        """The rung in force for exactly this agent and workflow."""
        return next((one for one in reversed(self._rungs) if (one.agent, one.workflow) == (agent, workflow)), None)

    def rungs(self) -> Sequence[RungState]:
        """Every rung in force."""
        return list({(one.agent, one.workflow): one for one in self._rungs}.values())

    def rung_history(self, agent: str, since: datetime) -> Sequence[RungState]:
        """Every change since then, oldest first."""
        return [one for one in self._rungs if one.agent == agent and one.changed_at >= since]

    def epoch(self, agent: str) -> int:
        """The newest epoch of an agent, 0 before the first change."""
        return max((one.epoch for one in self._rungs if one.agent == agent), default=0)

    def confirm_rung(self, agent: str, epoch: int, at: datetime) -> None:
        """Write the time at which a rung was confirmed."""
        with self._lock:
            self._rungs = [
                replace(one, confirmed_at=at) if (one.agent, one.epoch) == (agent, epoch) else one
                for one in self._rungs
            ]

    def readings(self, since: datetime) -> Sequence[InstanceReading]:
        """What instances have said since then."""
        return [one for one in self._readings.values() if one.seen_at >= since]

    def put_readings(self, readings: Sequence[InstanceReading]) -> None:
        """Upsert what instances said."""
        self._readings.update({(one.agent, one.workflow, one.instance): one for one in readings})

    # Minutes.

    def put_minutes(self, rows: Sequence[MinuteRow]) -> None:
        """Upsert minutes."""
        with self._lock:
            for row in rows:
                self._minutes.setdefault(row.series, {})[row.minute] = row

    def minutes(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Stored minutes first..last inclusive, in order."""
        known = self._minutes.get(series, {})
        if not known:
            return []
        first, last = max(first, min(known)), min(last, max(known))
        return [known[minute] for minute in range(first, last + 1) if minute in known]

    def minutes_of(self, agents: Sequence[str], first: int, last: int) -> Mapping[Series, Sequence[MinuteRow]]:
        """The same for every series of these agents (all when empty)."""
        with self._lock:
            wanted = [series for series in self._minutes if not agents or series.agent in agents]
            return {series: self.minutes(series, first, last) for series in wanted}

    def newest_minute(self, series: Series) -> int | None:
        """The newest minute with a row."""
        return max(self._minutes.get(series, ()), default=None)

    def baseline(self, series: Series) -> tuple[Baseline, datetime] | None:
        """The last computed baseline of a series."""
        return self._baselines.get(series)

    def put_baselines(self, rows: Sequence[tuple[Series, Baseline]], at: datetime) -> None:
        """Store computed baselines."""
        self._baselines.update({series: (baseline, at) for series, baseline in rows})

    def claim_polls(
        self, groups: Mapping[str, float], now: datetime, limit: int, lease: float
    ) -> Sequence[tuple[str, int]]:
        """Claim due poll groups."""
        at = now.timestamp()
        with self._lock:
            for name, first_due in groups.items():
                self._polls.setdefault(name, (-1, first_due))
            due = [name for name in groups if self._polls[name][1] <= at][:limit]
            claimed = [(name, self._polls[name][0]) for name in due]
            self._polls.update({name: (self._polls[name][0], at + lease) for name in due})
            return claimed

    def finish_poll(self, name: str, last_minute: int, next_due: datetime) -> None:
        """Record how far a group was asked and when it is due again."""
        self._polls[name] = (last_minute, next_due.timestamp())

    # Changes and tasks: nobody posts any in a drill.

    def put_changes(self, changes: Sequence[PostedChange]) -> int:
        """No change is posted in a drill."""
        del changes
        return 0

    def changes(self, since: datetime, until: datetime) -> Sequence[PostedChange]:
        """None."""
        del since, until
        return ()

    def drop_changes(self, before: datetime) -> int:
        """Nothing is there to drop."""
        del before
        return 0

    def take_tasks(self, records: Sequence[TaskRecord]) -> Sequence[int]:
        """No task is posted in a drill."""
        del records
        return ()

    def tasks_touching(self, agents: Sequence[str], minutes: Sequence[int]) -> Sequence[TaskRecord]:
        """None."""
        del agents, minutes
        return ()

    def tasks_between(self, agents: Sequence[str], first: int, last: int, limit: int) -> Sequence[TaskRecord]:
        """None."""
        del agents, first, last, limit
        return ()

    def judged(self, agents: Sequence[str]) -> frozenset[tuple[str, str]]:
        """Nobody judged any."""
        del agents
        return frozenset()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads from one snapshot."""
        with self._lock:
            yield

    def close(self) -> None:
        """There is nothing to let go of."""
