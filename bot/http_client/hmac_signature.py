"""Whether a message was signed with a secret that both sides know: HMAC-SHA256, compared in constant time."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from pydantic import SecretStr

MOST: Final = 16
"""Signatures that are looked at in one message."""


def secrets_of(secret: SecretStr | None) -> list[bytes]:
    """The secrets: one, or two apart by a space while one is exchanged; none where nothing was set."""
    return [] if secret is None else [part.encode() for part in secret.get_secret_value().split()]


def made(secret: bytes, signed: bytes) -> str:
    """The signature, in hexadecimal digits."""
    return hmac.new(secret, signed, hashlib.sha256).hexdigest()


def fits(secrets: Iterable[bytes], signed: bytes, given: Iterable[str]) -> bool:
    """Whether one of the signatures is that of one of the secrets."""
    offered = [one.strip().encode() for one in given][:MOST]
    wanted = [made(secret, signed).encode() for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in wanted for other in offered)
