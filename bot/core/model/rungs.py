"""The ladder of autonomy, and what the instances of an agent say they apply."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rung:
    """One autonomy level. `may` says in plain words what the agent may do on it."""

    name: str
    may: str
    waits_for_people: bool = False
    """True where writes wait for a person, so HER and AQDD rise by the rung itself."""
    grants: Mapping[str, object] = field(default_factory=dict)
    """Machine-readable permissions, served to the agent beside the level."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs from the most autonomy down to none."""

    rungs: tuple[Rung, ...]

    def __iter__(self) -> Iterator[Rung]:
        return iter(self.rungs)

    def names(self) -> tuple[str, ...]:
        """Rung names from the top down."""
        return tuple(rung.name for rung in self.rungs)

    def depth(self, name: str) -> int:
        """0 for the top rung; raises KeyError for a name that is not on the ladder."""
        for index, rung in enumerate(self.rungs):
            if rung.name == name:
                return index
        raise KeyError(name)

    def or_bottom(self, name: str) -> str:
        """The name itself, or the bottom where the ladder lacks it: a change of words must not raise anybody."""
        return name if name in self.names() else self.rungs[-1].name

    def rung(self, name: str) -> Rung:
        """The rung of that name; raises KeyError."""
        return self.rungs[self.depth(name)]

    def below(self, name: str) -> Rung | None:
        """One rung down, None at the bottom."""
        depth = self.depth(name) + 1
        return self.rungs[depth] if depth < len(self.rungs) else None

    def above(self, name: str) -> Rung | None:
        """One rung up, None at the top."""
        depth = self.depth(name) - 1
        return self.rungs[depth] if depth >= 0 else None

    def lower(self, one: str, other: str) -> str:
        """Whichever of two rungs allows less."""
        return one if self.depth(one) >= self.depth(other) else other


DEFAULT_LADDER = Ladder(
    (
        Rung("full", "act within its registered blast radius", grants={"writes": "allow"}),
        Rung(
            "watched",
            "act within its registered blast radius, with enhanced logging and tighter alerts",
            grants={"writes": "allow", "log": "enhanced"},
        ),
        Rung(
            "bounded",
            "use an allow-listed toolset with capped steps, cost and amounts",
            grants={"writes": "capped", "log": "enhanced"},
        ),
        Rung(
            "approval",
            "act, but every write waits for a person",
            waits_for_people=True,
            grants={"writes": "approve", "log": "enhanced"},
        ),
        Rung(
            "read-only",
            "read and answer; no writes",
            waits_for_people=True,
            grants={"writes": "deny", "log": "enhanced"},
        ),
        Rung(
            "suspended",
            "do nothing; the fallback serves users",
            waits_for_people=True,
            grants={"writes": "deny", "tasks": "deny"},
        ),
    )
)


MOST_EPOCH = 1_000_000_000
"""What an instance says of a newer epoch is a lie. Epochs go on above the newest that is believed, in 31 bits."""


@dataclass(frozen=True, slots=True)
class RungState:
    """The rung an agent (workflow "": as a whole) is on, as committed. `epoch` only ever grows."""

    agent: str
    workflow: str
    rung: str
    epoch: int
    changed_at: datetime
    by: str = ""
    reason: str = ""
    until: datetime | None = None
    incident_id: int | None = None
    confirmed_at: datetime | None = None
    follows: int | None = None
    """The newest epoch that was known before state was lost, for a rung that makes up for it; None for all others."""


@dataclass(frozen=True, slots=True)
class RememberedRung:
    """The newest epoch that is remembered of an agent, and the lowest rung, where the database may know neither."""

    epoch: int
    level: str


@dataclass(frozen=True, slots=True)
class InstanceReading:
    """What one instance of an agent last said it applies: its read-back."""

    agent: str
    instance: str
    level: str
    epoch: int
    seen_at: datetime
    workflow: str = ""
