"""What several cards are made of: the head of an incident, an SLI, a rung, a proposal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.incident.events import IncidentKind, Severity

ConfirmState = Literal["none", "requested", "seen", "confirmed", "not-confirmed"]


@dataclass(frozen=True, slots=True)
class Header:
    """What every incident card begins with. `owner` is a name, `owner_slack` a user id or empty."""

    incident_id: int
    number: str
    agent: str
    title: str
    incident_kind: IncidentKind
    severity: Severity
    state: str
    opened_at: datetime
    now: datetime
    owner: str
    owner_slack: str = ""
    acked_by: str = ""
    acked_at: datetime | None = None
    exercise: bool = False
    channel: str = ""
    episode: int = 1
    """Which run of paging this is: a pager that merges repeats must not merge across runs."""
    mark: str = ""
    """Stands before the title wherever the card is shown; who wires the chat sets it."""


@dataclass(frozen=True, slots=True)
class SliLine:
    """One SLI: now against its objective, baseline and recovery band. Numbers in `unit`, None when unknown."""

    name: str
    title: str
    workflow: str
    unit: str
    now: float | None
    n: float | None
    objective: str
    baseline: float | None
    band: float | None
    """The recovery limit: the baseline worsened by its tolerance."""
    better: Literal["higher", "lower"]
    status: Literal["breach", "in-band", "out-of-band", "ok", "unknown", "exempt", "old"]
    """`old`: the number is older than it is due, so it says nothing of now."""
    why: str = ""
    doubt: str = ""
    """Why the number is not to be trusted; empty where it is whole."""
    age: float | None = None
    """Seconds since the end of the minute it is of, where it is older than its SLI is due; else None."""


@dataclass(frozen=True, slots=True)
class RungLine:
    """The rung, and what is known of it. `seen` of `instances` have read it back; `seconds` it took."""

    rung: str
    normal: str
    may: str
    state: ConfirmState = "none"
    seen: int = 0
    instances: int = 0
    seconds: float | None = None
    epoch: int = 0
    live: int | None = None
    """Instances heard within their lease now; None where nobody looked."""
    obeying: int = 0
    """Those of them that say they are on this rung (after a step down: or lower)."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rung to step down to, and the rule that proposes it in words."""

    rung: str
    may: str
    rule: str
