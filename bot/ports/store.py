"""What is kept. One `commit` is one transaction."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.budgets.spending import Spent
from bot.core.budgets.tickets import Ticket
from bot.core.incident.effects import Effect, Lane
from bot.core.incident.followups import Followup
from bot.core.incident.incident import Decision, Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.model.rungs import InstanceReading, RungState
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline
from bot.core.paging.override import OnCallOverride
from bot.core.reports.readiness import ScopeDecision
from bot.core.telemetry.task_records import TaskRecord
from bot.ports.chat import Receipt
from bot.ports.ingest import ChangeFeed


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A deadline that has passed."""

    incident_id: int
    timer: str
    token: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class PollClaim:
    """A claimed poll group: `last_minute` asked for (-1 when none), and the `fence` that proves the claim."""

    name: str
    last_minute: int
    fence: int


@dataclass(frozen=True, slots=True)
class Replica:
    """A running process on one database. `told_at` in epoch seconds of the database's clock.

    What its instances said before `told_at` is stored, and it answered them by every rung committed before.
    """

    name: str
    host: str
    pid: int
    started_at: float = 0.0
    told_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed outbox row. `fence` proves the claim; `attempts` counts this one."""

    id: int
    key: str
    effect: Effect
    attempts: int
    fence: int
    created_at: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """How a claimed effect ended: `sent`, `failed` or `unknown`. `wall` in epoch seconds."""

    job: Job
    wall: float
    state: str
    receipt: Receipt | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class OnceMarker:
    """Something that happens once in a period. `outcome` empty: not known yet; else `ok` or `failed`."""

    kind: str
    period: str
    at: datetime
    outcome: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EffectOutcome:
    """What became of a wanted effect: pending, sending, sent, failed, unknown or folded."""

    state: str
    why: str = ""
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Effects still to be done in a lane: how many, and the age of the oldest in seconds."""

    count: int
    oldest: float


class HealthQueries(Protocol):
    """What the watch asks of the store."""

    def late(self, kind: str, before: datetime) -> Sequence[tuple[int, float]]:
        """(incident, due time in epoch seconds) of deadlines of a kind that were due before then, the oldest first."""
        ...

    def waiting(self, wall: float) -> Mapping[str, Waiting]:
        """Effects still to be done, by lane."""
        ...

    def polls_behind(self, before: datetime) -> Sequence[tuple[str, float]]:
        """(poll group, when it was due in epoch seconds) of those that were due before then, the oldest first."""
        ...

    def write_something(self) -> None:
        """Write one row. Raises whatever the database says."""
        ...

    def size(self) -> int:
        """Bytes of the database."""
        ...

    def open_by(self) -> Mapping[tuple[str, str], int]:
        """(kind, severity) -> how many incidents are open."""
        ...


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that is wrong with Stepdown itself, since when, in words."""

    key: str
    began_at: datetime
    text: str


class Store(HealthQueries, ChangeFeed, Protocol):
    """Keeps everything. One `commit` is one transaction; readers see whole decisions or none."""

    def installation(self) -> str:
        """A short name of this database, made once: what the world knows its effects by."""
        ...

    def next_incident_id(self) -> int:
        """Return a fresh id, never given twice."""
        ...

    def commit(
        self,
        decision: Decision,
        now: datetime,
        *,
        rung: RungState | None = None,
        followup: Followup | None = None,
        wall: float,
        done: Finished | None = None,
    ) -> None:
        """Store incident, entries, timers, effects, rung, follow-up and the outcome of an effect in one transaction.

        `wall` is the real time, in epoch seconds, at which the effects are wanted. Raises Conflict where the incident's
        version moved, an open incident of the same agent and kind exists, or the rung's epoch is not the next one;
        LostClaim where the effect that is `done` belongs to another worker now.
        """
        ...

    def incident(self, incident_id: int) -> Incident | None:
        """The incident as stored."""
        ...

    def open_incidents(self, agent: str = "") -> Sequence[Incident]:
        """Incidents that are neither resolved nor cancelled, oldest first."""
        ...

    def agents_with_incidents(self) -> AbstractSet[str]:
        """Agents that have an open one."""
        ...

    def last_closed(self, agent: str, kind: str, since: datetime, state: str = "resolved") -> Incident | None:
        """The newest incident of an agent and kind that was closed so (resolved, cancelled) at or after `since`."""
        ...

    def incident_in(self, channel: str) -> Incident | None:
        """The newest incident whose channel this is."""
        ...

    def incidents(self, limit: int) -> Sequence[Incident]:
        """The newest incidents, open or not, newest first."""
        ...

    def incident_spans(self, agent: str, since: datetime) -> Sequence[tuple[int, int]]:
        """Minutes [first, last) during which the agent had an incident, for baselines to leave out."""
        ...

    def entries(self, incident_id: int) -> Sequence[SealedEntry]:
        """The timeline, oldest first."""
        ...

    def due_timers(self, now: datetime, limit: int) -> Sequence[DueTimer]:
        """Timers due at or before `now`."""
        ...

    def claim_timers(self, now: datetime, limit: int, lease: float) -> Sequence[DueTimer]:
        """Claim timers due at or before `now` for `lease` seconds of wall time, the most overdue first."""
        ...

    def put_minutes(self, rows: Sequence[MinuteRow], claim: PollClaim | None = None) -> None:
        """Upsert minutes; the newest word on a minute wins. Raises LostClaim, storing nothing, if `claim` ran out."""
        ...

    def prepare_minutes(self, now: datetime) -> None:
        """Make room for the minutes of the days to come."""
        ...

    def drop_minutes(self, before: int) -> int:
        """Drop the minutes of whole UTC days that ended by minute `before`; returns how many there were."""
        ...

    def minutes(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Stored minutes first..last inclusive, in order; gaps are absent."""
        ...

    def minutes_of(self, agents: Sequence[str], first: int, last: int) -> Mapping[Series, Sequence[MinuteRow]]:
        """The same for every series of these agents (all agents when empty), in one read."""
        ...

    def history(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Minutes first..last for a baseline: what was rolled up and has counts comes as one row of five minutes."""
        ...

    def roll_up(self, before: int) -> int:
        """Roll minutes before this one (a multiple of five) into fives; returns how many rows went."""
        ...

    def drop_rolled(self, before: int) -> int:
        """Drop fives that began before this minute."""
        ...

    def forget_tasks(self, before: datetime) -> int:
        """Forget task records whose newest word is older, but not those that still wait for a person."""
        ...

    def forget_effects(self, closed_before: datetime, finished_before: float) -> int:
        """Forget effects of incidents closed before then, and edits done before `finished_before` (wall)."""
        ...

    def forget_deduplication_keys(self, before: datetime) -> int:
        """Forget keys of deliveries seen before then."""
        ...

    def forget_readings(self, before: datetime) -> int:
        """Forget what instances said that have not been heard since then."""
        ...

    def forget_once_markers(self, before: datetime) -> int:
        """Forget daily and weekly rows, covers and episodes that were over before then."""
        ...

    def newest_minute(self, series: Series) -> int | None:
        """The newest minute with a row, None when there is none."""
        ...

    def claim_polls(self, groups: Mapping[str, float], now: datetime, limit: int, lease: float) -> Sequence[PollClaim]:
        """Claim due poll groups for `lease` seconds of wall time.

        `groups`: name -> first due (epoch seconds of `now`'s clock) of a group that was never polled.
        """
        ...

    def renew_polls(self, claims: Sequence[PollClaim], lease: float) -> None:
        """Hold on to polls that are under way for `lease` seconds more, where nobody else has them by now."""
        ...

    def finish_poll(self, claim: PollClaim, last_minute: int, next_due: datetime) -> bool:
        """Record how far a group was polled and when it is due again; False where the claim ran out."""
        ...

    def claim(self, lane: Lane, wall: float, limit: int, lease: float, part: tuple[int, int] = (0, 1)) -> Sequence[Job]:
        """Claim due rows of one lane for `lease` seconds. `part` (i, of): incidents whose id is i modulo `of`."""
        ...

    def finish(self, job: Job, wall: float, state: str, *, receipt: Receipt | None = None, why: str = "") -> bool:
        """Write an outcome (`sent`, `failed`, `unknown`, `folded`); False where the fence no longer matches."""
        ...

    def retry(
        self, job: Job, due: float, why: str, *, untried: bool = False, aside: bool = False, after: str = ""
    ) -> bool:
        """Give a row back to be tried at `due`, where the fence still matches. `untried`: this was no try.

        `aside`: what has to come after it need not wait for it any more. `after`: the key of an effect before whose
        own time it need not be tried.
        """
        ...

    def enqueue(self, effects: Sequence[Effect], wall: float) -> None:
        """Want effects outside a decision (card edits). A key already wanted is left alone."""
        ...

    def receipt(self, key: str) -> Receipt | None:
        """Where the effect with this key landed, None while it has not."""
        ...

    def receipts(self, prefix: str) -> Mapping[str, Receipt]:
        """Receipts of all sent effects whose key begins with `prefix`."""
        ...

    def outstanding(self, key: str) -> bool:
        """True while the effect with this key is still to be done."""
        ...

    def newer(self, job: Job, prefix: str, suffix: str = "", *, done: bool = False) -> bool:
        """True when a younger effect whose key begins and ends so is still to be done; `done`: or was done."""
        ...

    def backlog(self) -> Mapping[str, int]:
        """Effects still to be done, by lane."""
        ...

    def rung(self, agent: str, workflow: str = "") -> RungState | None:
        """The committed rung; None where it was never changed."""
        ...

    def rungs(self) -> Sequence[RungState]:
        """Every committed rung."""
        ...

    def rung_history(self, agent: str, since: datetime) -> Sequence[RungState]:
        """Every committed change since then, oldest first."""
        ...

    def epoch(self, agent: str) -> int:
        """The newest epoch of an agent, 0 before its first change."""
        ...

    def confirm_rung(self, agent: str, epoch: int, at: datetime) -> None:
        """Write the time at which a rung was confirmed."""
        ...

    def readings(self, since: datetime) -> Sequence[InstanceReading]:
        """What instances have said since then, for a board that starts anew."""
        ...

    def put_readings(self, readings: Sequence[InstanceReading]) -> None:
        """Upsert what instances said; an older word never replaces a newer one."""
        ...

    def readings_stored(self, since: float) -> tuple[Sequence[InstanceReading], float]:
        """What any replica stored since `since` (0: all), and from when on to ask the next time."""
        ...

    def report(self, replica: Replica, told_at: float) -> tuple[Sequence[Replica], float]:
        """Say that this replica is alive and how far it told; returns the others alive, and the database's now.

        `told_at` 0: only ask. On SQLite there is nobody else.
        """
        ...

    def leave(self, replica: Replica) -> None:
        """Say that this replica stops, so that nobody waits for it."""
        ...

    def listen(self, on_news: Callable[[str], None]) -> Callable[[], None]:
        """Be told, on another thread, what any replica committed; returns what ends it. On SQLite nothing is told.

        `outbox LANE`, `rungs`, `fleet`, or `all` after a gap in which anything may have been.
        """
        ...

    def announce(self, news: str) -> None:
        """Tell every replica."""
        ...

    def baseline(self, series: Series) -> tuple[Baseline, datetime] | None:
        """The last computed baseline of a series and when it was computed."""
        ...

    def put_baselines(self, rows: Sequence[tuple[Series, Baseline]], at: datetime) -> None:
        """Store computed baselines."""
        ...

    def spent(self, agents: Sequence[str], since: int) -> Mapping[Series, Sequence[Spent]]:
        """Budget tallies that end after the minute `since`, in order, by series."""
        ...

    def put_spent(self, rows: Sequence[tuple[Series, Spent]], instead: Sequence[tuple[Series, Spent]] = ()) -> None:
        """Keep tallies, in the place of what begins at the same minutes; `instead` goes in the same transaction."""
        ...

    def drop_spent(self, before: int) -> None:
        """Forget tallies that ended before this minute."""
        ...

    def tickets(
        self, agents: Sequence[str], *, open_only: bool = True, since: datetime | None = None
    ) -> Sequence[Ticket]:
        """Tickets of these agents, oldest first."""
        ...

    def open_ticket(self, ticket: Ticket, effect: Effect, wall: float) -> bool:
        """Store a ticket and want it posted, in one transaction. False where its episode is open already."""
        ...

    def close_ticket(self, ticket: Ticket, at: datetime) -> None:
        """The episode is over."""
        ...

    def decide(self, decided: ScopeDecision) -> None:
        """Record a person's decision about an agent's scope or stage."""
        ...

    def decisions(self, agent: str) -> Sequence[ScopeDecision]:
        """Decisions about an agent, oldest first."""

    def followup(self, item: str) -> Followup | None:
        """The follow-up of that id."""
        ...

    def followups(
        self, *, owner: str = "", agent: str = "", incident_id: int | None = None, open_only: bool = True
    ) -> Sequence[Followup]:
        """Follow-ups of an owner, an agent or an incident (all where none is named), the ones due first, first."""
        ...

    def due_followups(self, now: datetime, limit: int) -> Sequence[Followup]:
        """Open follow-ups whose next reminder is due."""
        ...

    def remind_followup(self, followup: Followup) -> None:
        """Write a follow-up's `nudges` and `nudge_at`; one that was done meanwhile stays done."""
        ...

    def first_sight(self, key: str, now: datetime) -> bool:
        """True exactly once for each key: for events that may be delivered again."""
        ...

    def once(
        self, kind: str, period: str, now: datetime, effects: Sequence[Effect] = (), *, wall: float, detail: str = ""
    ) -> bool:
        """Take an occasion and want its effects, in one transaction; False where it was taken before."""
        ...

    def occasion(self, kind: str, period: str) -> OnceMarker | None:
        """The occasion of a period, None where it has not come."""
        ...

    def last_occasion(self, kind: str) -> OnceMarker | None:
        """The newest occasion of a kind."""
        ...

    def set_outcome(
        self, kind: str, period: str, outcome: str, detail: str, effects: Sequence[Effect] = (), *, wall: float
    ) -> None:
        """Write down how an occasion went; a second word on it changes nothing."""
        ...

    def outcome(self, key: str) -> EffectOutcome | None:
        """What became of a wanted effect; None where it is not known."""
        ...

    def put_cover(self, cover: OnCallOverride, effects: Sequence[Effect], wall: float) -> None:
        """Hand a pager over; an earlier cover of the same person that still runs ends with it."""
        ...

    def end_cover(self, person: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Take a pager back before its time; False where nobody covers for that person."""
        ...

    def covers(self, now: datetime) -> Sequence[OnCallOverride]:
        """Covers in force, oldest first."""
        ...

    def covers_over(self, now: datetime) -> Sequence[OnCallOverride]:
        """Covers whose time ran out and of which nobody was told."""
        ...

    def say_cover_over(self, cover: OnCallOverride, effects: Sequence[Effect], wall: float) -> None:
        """Want the words that a cover is over, once."""
        ...

    def begin_episode(self, key: str, text: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Write down that something is wrong, and want the words; False where it is known already."""
        ...

    def end_episode(self, key: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Write down that it is over; False where it was not wrong."""
        ...

    def episodes(self) -> Sequence[Episode]:
        """What is wrong now, as written down, oldest first."""
        ...

    def take_tasks(self, records: Sequence[TaskRecord]) -> Sequence[int]:
        """Merge task records with what is known of each task, in one transaction. Returns the minutes they touch."""
        ...

    def tasks_touching(self, agents: Sequence[str], minutes: Sequence[int]) -> Sequence[TaskRecord]:
        """Tasks whose newest word lies in one of the minutes, or that waited for approval in one of them."""
        ...

    def tasks_between(self, agents: Sequence[str], first: int, last: int, limit: int) -> Sequence[TaskRecord]:
        """Tasks whose newest word lies in these minutes (inclusive), the newest `limit` of them, oldest first."""
        ...

    def judged(self, agents: Sequence[str]) -> frozenset[tuple[str, str]]:
        """(agent, workflow) pairs whose decisions somebody has judged before."""
        ...

    def shift_times(self, by: float, now: datetime) -> None:
        """Follow the machine's clock, which was set forward by so many seconds (back: negative) and shows `now` since.

        What was due in two seconds stays due in two seconds. Deadlines of incidents move with an event of their own.
        """
        ...

    def reading(self) -> AbstractContextManager[None]:
        """Several reads from one snapshot."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
