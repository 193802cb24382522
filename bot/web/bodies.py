"""Reading what came in: capped in size and time, parsed once, refused in one clear line."""

import asyncio
import json

from fastapi import Request
from pydantic_core import from_json
from starlette.requests import ClientDisconnect

from bot.web.errors import Refusal

BODY_LIMIT = 1_048_576
"""Bytes of a request body: 1 MiB."""
BODY_DEADLINE = 15.0
"""Seconds for the whole body: a client that drips holds no connection for longer."""
_SWALLOWED = 8
"""So many times the limit is read, so that the sender sees the answer."""


async def read_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The whole body, at most `limit` bytes. Raises Refusal 413 or 408."""
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            return await _collect(request, limit)
    except TimeoutError:
        raise Refusal(408, f"the body did not arrive within {BODY_DEADLINE:.0f} s") from None
    except ClientDisconnect:
        raise Refusal(400, "the connection closed before the body was complete") from None


async def _collect(request: Request, limit: int) -> bytes:
    """Gather the body; what is too much is read and thrown away up to a point, so that the sender sees the answer."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= limit:
            parts.append(part)
        elif size > _SWALLOWED * limit:
            break
    if size > limit:
        raise Refusal(
            413,
            f"the body is larger than {limit} bytes ({limit // BODY_LIMIT} MiB); send it in parts",
            headers={"Connection": "close"},
        )
    return b"".join(parts)


def parse_json(body: bytes) -> object:
    """The JSON value of a body. Raises Refusal 400 with the place of the mistake."""
    try:
        parsed: object = from_json(body)
    except ValueError as error:
        raise Refusal(400, f"the body is not JSON: {error}", code="PARSE_ERROR") from None
    return parsed


_MOST_DIGITS = 4_000
"""Digits of a whole number that Python makes one of; a longer one is beyond every limit of ours."""


def parse_records(body: bytes) -> object:
    """The JSON value of a body of records, read so that one odd text does not make the others unreadable.

    Half a surrogate pair, bytes that are no UTF-8 and bare control characters stay in the text that holds them, so that
    the record is refused and not the request. Raises Refusal 400 with the place of the mistake.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        parsed: object = from_json(body)
    except ValueError as error:
        try:
            parsed = json.loads(body.decode("utf-8", "surrogateescape"), strict=False, parse_int=_whole)
        except (ValueError, RecursionError):
            raise Refusal(400, f"the body is not JSON: {error}", code="PARSE_ERROR") from None
    return parsed


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)
