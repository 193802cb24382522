"""Standard Webhooks 1.0: the headers that let a receiver know who sent a message, and that it has seen it before."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from bot.ports.errors import DeliveryError

SECRET_BYTES: Final = (24, 64)


def signed(whose: str, secrets: Sequence[str], key: str, body: str) -> dict[str, str]:
    """The headers with one signature per secret: there are two while one is being exchanged. `key` is the webhook-id.

    The time is the real one, whatever clock the scenario runs on: receivers refuse what is off by five minutes.
    Raises DeliveryError, without the secret; `whose` says whose webhook it is.
    """
    now = datetime.now(UTC)
    if not secrets:
        raise DeliveryError(f"the webhook of {whose} has no secret to sign with", permanent=True)
    signatures = [Webhook(_key(whose, secret)).sign(key, now, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _key(whose: str, secret: str) -> bytes:
    """The bytes of a `whsec_` secret."""
    shortest, longest = SECRET_BYTES
    try:
        key = b64decode(secret.removeprefix("whsec_") + "==")
    except (Base64Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not shortest <= len(key) <= longest:
        raise DeliveryError(
            f"the webhook secret of {whose} must be whsec_ and {shortest} to {longest} bytes in base64", permanent=True
        )
    return key
