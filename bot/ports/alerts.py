"""What other systems' alerts come through: who reads a sender's messages, and who takes what is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.core.model.alert import AlertOutcome, InboundAlert


class AlertError(ValueError):
    """A message that cannot be read; the sentence says what was found, where, and what is needed."""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What came over HTTP. Names of headers in small letters."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class AlertReading:
    """What a message says. `sent_at`: when it was sent, where the sender says so and vouches for it.

    `ignored`: what else it is, in words, where it is no alert (the sender's test, a comment on an issue).
    """

    alerts: tuple[InboundAlert, ...] = ()
    sent_at: datetime | None = None
    ignored: str = ""


class AlertReader(Protocol):
    """Reads the messages of one sender."""

    @property
    def title(self) -> str:
        """What people call the sender."""
        ...

    @property
    def signed(self) -> bool:
        """Whether its messages prove themselves; others come with a token."""
        ...

    @property
    def oldest(self) -> float:
        """Seconds after which a message is a replay, where it says when it was sent."""
        ...

    def is_genuine(self, message: AlertMessage) -> bool:
        """Whether the signature is the sender's."""
        ...

    def read(self, message: AlertMessage, now: datetime) -> AlertReading:
        """The alerts of a message. Raises AlertError. `now` stands in where the sender says no time."""
        ...


@dataclass(frozen=True, slots=True)
class AlertsTaken:
    """What became of a message's alerts."""

    outcomes: Sequence[AlertOutcome]
    nobodys: tuple[str, ...] = ()
    """What the sender called agents that the fleet file does not have."""


class AlertTaker(Protocol):
    """Takes alerts. When it returns they are stored; incidents follow at once."""

    def take(self, sender: str, alerts: Sequence[InboundAlert]) -> AlertsTaken:
        """Store alerts; the same again changes nothing."""
        ...
