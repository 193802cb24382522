"""The two ways in which a message proves itself: by a token, or by its sender's signature."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.http_client import hmac_signature
from bot.ports.alerts import AlertMessage, AlertReading

Parse = Callable[[AlertMessage, datetime], AlertReading]
"""Reads a message. Raises AlertError."""
Signed = Callable[[AlertMessage], tuple[bytes, Sequence[str]]]
"""(what was signed, the signatures) of a message, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class TokenReader:
    """Implements `ports.AlertReader` for senders that show a token."""

    title: str
    parse: Parse
    signed: bool = False
    oldest: float = 0.0

    def is_genuine(self, message: AlertMessage) -> bool:
        """Nothing is signed."""
        del message
        return False

    def read(self, message: AlertMessage, now: datetime) -> AlertReading:
        """See the port."""
        return self.parse(message, now)


@dataclass(frozen=True, slots=True)
class SignedReader:
    """Implements `ports.AlertReader` for senders that sign. `oldest` in seconds, as in the port."""

    title: str
    parse: Parse
    secrets: Sequence[bytes] = field(repr=False)
    signatures: Signed
    oldest: float
    signed: bool = True

    def is_genuine(self, message: AlertMessage) -> bool:
        """Whether one of the signatures is that of one of the secrets."""
        whole, given = self.signatures(message)
        return hmac_signature.fits(self.secrets, whole, given)

    def read(self, message: AlertMessage, now: datetime) -> AlertReading:
        """See the port."""
        return self.parse(message, now)
