"""The seams: what the engine needs of the world, as Protocols. No vendor's name below this line or above it.

An adapter raises `DeliveryError` (or `SourceError`) and nothing else of its own; retries live in the engine.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.core.cards import Answer, Card
from bot.core.change_feed import PostedChange
from bot.core.cover import Cover
from bot.core.effects import Effect, Lane
from bot.core.followup import Followup
from bot.core.incident import Decision, Incident
from bot.core.model import (
    Actor,
    Baseline,
    InstanceReading,
    MinuteRow,
    Person,
    PollQuery,
    RungState,
    Sample,
    Series,
    Way,
)
from bot.core.postmortem import Report
from bot.core.reach import Account
from bot.core.readiness import Decided
from bot.core.report import Chart
from bot.core.spending import Burndown, Spent
from bot.core.tasks import TaskRecord
from bot.core.tickets import Ticket
from bot.core.timeline import SealedEntry


class Conflict(Exception):  # noqa: N818 - not an error: somebody else was first, look again
    """Another writer changed the incident since it was read. Nothing was stored."""


class LostClaim(Exception):  # noqa: N818 - not an error: another worker has it now
    """The claim on an effect or a poll ran out before its outcome was written. Nothing was stored."""


class DeliveryError(Exception):
    """Something could not be done. `permanent`: repeating cannot help. `ambiguous`: it may have been done.

    `retry_after` in seconds, when the other side said so. `untried`: it was not even tried, since the other side would
    have refused it just now; that costs no try.
    """

    def __init__(
        self,
        why: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: float | None = None,
        untried: bool = False,
    ) -> None:
        super().__init__(why)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.untried = untried


class Gone(DeliveryError):  # noqa: N818 - beside DeliveryError it says which
    """What was to be changed is not there any more: somebody deleted the message. Repeating cannot help."""

    def __init__(self, why: str) -> None:
        super().__init__(why, permanent=True)


class Shut(DeliveryError):  # noqa: N818 - see Gone
    """The room takes nothing from us: it is archived, or the bot was removed from it. Repeating cannot help."""

    def __init__(self, why: str) -> None:
        super().__init__(why, permanent=True)


_send_before: ContextVar[float] = ContextVar("send_before", default=math.inf)


@contextmanager
def sending_before(wall: float) -> Iterator[None]:
    """While inside, on this thread, nothing may leave the house after `wall` (epoch seconds): the claim is ending."""
    token = _send_before.set(wall)
    try:
        yield
    finally:
        _send_before.reset(token)


def insist_in_time(wall: float) -> None:
    """Called by an adapter just before it sends. Raises DeliveryError where the process was stopped for too long."""
    if wall > _send_before.get():
        raise DeliveryError("it was claimed too long ago to be sent now")


class SourceError(Exception):
    """A source gave no usable answer; the sentence says what it gave. The minutes asked for stay UNKNOWN.

    `passing`: it could not be reached, or had a fault of its own; asking the same later may help.
    """

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a source answered: samples (absent series are absent, never 0) and its warnings in words.

    `skew` is the source's clock minus ours in seconds, where the source tells.
    """

    samples: tuple[Sample, ...]
    warnings: tuple[str, ...] = ()
    skew: float | None = None


class Source(Protocol):
    """Answers "the value and count of this SLI for these agents, for these minutes"."""

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Samples of minutes `first` to `last` inclusive, `sample.at` inside its minute. Raises SourceError."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Clock(Protocol):
    """Now, in scenario time: real time, or a scaled or movable one."""

    def now(self) -> datetime:
        """Return an aware UTC datetime."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where something landed: for Slack `channel` and `ts`; for others an `id`. Plain strings."""

    channel: str = ""
    ts: str = ""
    id: str = ""


class Chat(Protocol):
    """The chat where responders are. `key` is the effect's: it makes a repeat findable."""

    def open_channel(self, name: str, topic: str, people: Sequence[Person], key: str) -> Receipt:
        """Create the channel, or adopt the one a lost answer made; invite people. Receipt.channel is its id."""
        ...

    def post(
        self,
        channel: str,
        card: Card,
        key: str,
        *,
        mention: Person | None = None,
        repeat: bool = False,
        below: Receipt | None = None,
    ) -> Receipt:
        """Post a card. `repeat`: an earlier try may have landed, so look for the key before posting.

        `below`: in the thread of that message, and in the channel too.
        """
        ...

    def say(self, channel: str, text: str, key: str, *, mention: Person | None = None, repeat: bool = False) -> Receipt:
        """Post one plain line."""
        ...

    def direct(self, person: Person, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Post a card to a person directly."""
        ...

    def edit(self, receipt: Receipt, card: Card, key: str) -> None:
        """Show a card's present state where it was posted. Raises Gone where the message is not there any more."""
        ...

    def bookmark(self, channel: str, title: str, receipt: Receipt) -> None:
        """Put a link to a message at the top of the channel; one of that title is replaced."""
        ...

    def canvas(self, channel: str, title: str, markdown: str) -> None:
        """Make a document the channel's canvas, or replace what the canvas holds."""
        ...

    def pin(self, receipt: Receipt) -> None:
        """Pin a message; already pinned is done."""
        ...

    def invite(self, channel: str, people: Sequence[Person]) -> None:
        """Invite people; those already there are done."""
        ...

    def topic(self, channel: str, text: str) -> None:
        """Set the channel's topic."""
        ...

    def picture(self, name: str, title: str, content: bytes, alt: str, key: str) -> Receipt:
        """Hand over a picture without posting it. Receipt.id is what a card names it by (`cards.Picture.file`)."""
        ...

    def upload(self, channel: str, name: str, title: str, content: bytes, comment: str, key: str) -> Receipt:
        """Upload one file and share it in the channel. Receipt.id is the file's id."""
        ...


class Directory(Protocol):
    """Knows people's accounts in the chat."""

    def account(self, person: Person) -> Account:
        """Whether the person's account could be paged now; `unknown` where nobody can say."""
        ...


class Pager(Protocol):
    """One way to reach a person."""

    kind: str

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Page once. `repeat`: an earlier try may have landed; merge with it where the way can."""
        ...

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Show on an earlier page that it is acknowledged or over, where the way can."""
        ...


class Control(Protocol):
    """Pushes a rung to an agent's control plane. Agents that poll need none."""

    kind: str

    def push(self, state: RungState, key: str) -> None:
        """Send the rung once; idempotent by its epoch. Raises DeliveryError."""
        ...


class RungBoard(Protocol):
    """The rungs as the agents may read them, answered from memory."""

    def publish(self, states: Sequence[RungState]) -> None:
        """Replace what is known of these (agent, workflow) pairs; an older epoch never replaces a newer one."""
        ...

    def readings(self, agent: str, workflow: str = "") -> Sequence[InstanceReading]:
        """What the agent's instances last said they apply."""
        ...


class Intake(Protocol):
    """Takes what agents and exporters push. Each call stores all of it or, raising, nothing."""

    def samples(self, samples: Sequence[Sample], received_at: datetime) -> None:
        """Store pushed samples; the same sample again changes nothing."""
        ...

    def tasks(self, records: Sequence[TaskRecord]) -> None:
        """Store task records (`core.tasks.merge` with what is known of each task) and the minutes they touch."""
        ...


class ChangeFeed(Protocol):
    """What was posted: deploys, prompts, models, tool schemas, policies."""

    def put_changes(self, changes: Sequence[PostedChange]) -> int:
        """Store changes; returns how many are new. Raises IdTaken, storing nothing, where an id is another's."""
        ...

    def changes(self, since: datetime, until: datetime) -> Sequence[PostedChange]:
        """Changes of this span, both ends included, oldest first."""
        ...

    def drop_changes(self, before: datetime) -> int:
        """Forget changes from before then; returns how many."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered document: Markdown, its JSON twin, and pictures by file name."""

    name: str
    markdown: str
    data: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    gaps: int = 0


class Documents(Protocol):
    """Renders reports and charts."""

    def postmortem(self, report: Report) -> Document:
        """Render a postmortem draft."""
        ...

    def chart(self, chart: Chart) -> bytes:
        """Draw one chart as a PNG. Raises DeliveryError."""
        ...

    def budgets(self, agent: str, curves: Sequence[Burndown]) -> bytes:
        """Draw how an agent's error budgets went down, as a PNG. Raises DeliveryError."""
        ...

    def keep(self, document: Document) -> str:
        """Write a document where it is kept; returns the path of the Markdown file."""
        ...


@runtime_checkable
class Tabletop(Protocol):
    """Exercises, as people ask for them."""

    def ask(self, actor: Actor, channel: str, verb: str, words: Mapping[str, str]) -> Answer:
        """Do what a verb of `/tabletop` says. `words`: what it takes; `exercise`: the number a button carried."""
        ...


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
class Occasion:
    """Something that happens once in a period. `outcome` empty: not known yet; else `ok` or `failed`."""

    kind: str
    period: str
    at: datetime
    outcome: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a wanted effect: pending, sending, sent, failed, unknown or folded."""

    state: str
    why: str = ""
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Effects still to be done in a lane: how many, and the age of the oldest in seconds."""

    count: int
    oldest: float


class Vitals(Protocol):
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


class Store(Vitals, ChangeFeed, Protocol):
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

    def forget_sights(self, before: datetime) -> int:
        """Forget keys of deliveries seen before then."""
        ...

    def forget_readings(self, before: datetime) -> int:
        """Forget what instances said that have not been heard since then."""
        ...

    def forget_occasions(self, before: datetime) -> int:
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

    def decide(self, decided: Decided) -> None:
        """Record a person's decision about an agent's scope or stage."""
        ...

    def decisions(self, agent: str) -> Sequence[Decided]:
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

    def occasion(self, kind: str, period: str) -> Occasion | None:
        """The occasion of a period, None where it has not come."""
        ...

    def last_occasion(self, kind: str) -> Occasion | None:
        """The newest occasion of a kind."""
        ...

    def set_outcome(
        self, kind: str, period: str, outcome: str, detail: str, effects: Sequence[Effect] = (), *, wall: float
    ) -> None:
        """Write down how an occasion went; a second word on it changes nothing."""
        ...

    def outcome(self, key: str) -> Outcome | None:
        """What became of a wanted effect; None where it is not known."""
        ...

    def put_cover(self, cover: Cover, effects: Sequence[Effect], wall: float) -> None:
        """Hand a pager over; an earlier cover of the same person that still runs ends with it."""
        ...

    def end_cover(self, person: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Take a pager back before its time; False where nobody covers for that person."""
        ...

    def covers(self, now: datetime) -> Sequence[Cover]:
        """Covers in force, oldest first."""
        ...

    def covers_over(self, now: datetime) -> Sequence[Cover]:
        """Covers whose time ran out and of which nobody was told."""
        ...

    def say_cover_over(self, cover: Cover, effects: Sequence[Effect], wall: float) -> None:
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

    def reading(self) -> AbstractContextManager[None]:
        """Several reads from one snapshot."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
