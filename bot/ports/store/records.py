"""Rows as the ports hand them over."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.incident.effects import Effect
from bot.ports.chat import Receipt


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
    """A running process on one database. `reported_at` in epoch seconds of the database's clock.

    What its instances said before `reported_at` is stored, and it answered them by every rung committed before.
    """

    name: str
    host: str
    pid: int
    started_at: float = 0.0
    reported_at: float = 0.0


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


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The machine's clock was set `by` so many seconds (back: negative).

    `first` and `latest` are the earliest and the latest moment, in epoch seconds, that the new clock can have shown
    when the jump was seen: what was written in between is by the new clock already.
    """

    by: float
    first: float
    latest: float


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that is wrong with Stepdown itself, since when, in words."""

    key: str
    began_at: datetime
    text: str
