"""People and how they are paged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.core.model.calendar import QUIET, Quiet


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a person. `target` is an id or URL; it may hold a secret and is never shown.

    `settings` are what its kind has beside the target, as written; they may hold secrets too.
    """

    kind: str
    target: str = field(repr=False)
    settings: Mapping[str, object] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be paged. `slack` is a Slack user id."""

    key: str
    name: str
    slack: str = ""
    email: str = ""
    phone: str = ""
    tz: str = "UTC"
    ways: tuple[Way, ...] = ()
    quiet: Quiet = QUIET
    """When reminders wait, in the person's own time zone."""

    def named_ways(self) -> dict[str, Way]:
        """The ways by name: the kind, and from the second of a kind on `KIND-2`, `KIND-3`."""
        named: dict[str, Way] = {}
        for way in self.ways:
            nth = 1 + sum(known.kind == way.kind for known in named.values())
            named[way.kind if nth == 1 else f"{way.kind}-{nth}"] = way
        return named


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Page `who` so many minutes after the incident began to page."""

    after: float
    who: Literal["owner", "deputy", "manager", "everyone"]


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """`product.md` section 6. Times in minutes. The steps repeat until `rounds` pages to everyone are out."""

    steps: tuple[EscalationStep, ...] = (
        EscalationStep(0, "owner"),
        EscalationStep(5, "owner"),
        EscalationStep(10, "deputy"),
        EscalationStep(20, "manager"),
    )
    everyone_every: float = 10
    rounds: int = 5
    ack_reminder: float = 25
    ack_lapse: float = 30


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `key` is a person's key, a Slack user id, or `bot`; `responder` None: the lookup failed."""

    key: str
    name: str
    slack: str = ""
    responder: bool | None = False
    surface: Literal["slack", "cli", "web", "bot"] = "slack"
    proven_by: Literal["", "token"] = ""
    """`token`: a personal token proved who acts, outside Slack."""

    @property
    def proven(self) -> bool:
        """Whether somebody vouches for who this is: Slack, or a personal token. A name typed in a shell does not."""
        return (self.surface == "slack" and bool(self.slack)) or self.proven_by == "token"


def same_person(one: Actor, other: Actor) -> bool:
    """Whether two actors are one person: by Slack id where both have one, for a key may be renamed; else by key."""
    if one.slack and other.slack:
        return one.slack == other.slack
    return one.key == other.key


BOT = Actor("bot", "Stepdown", responder=False, surface="bot")
