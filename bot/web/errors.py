"""Saying no: one error for every surface, written in the shape that surface promises.

OFREP errors are `{key, errorCode, errorDetails}`, all others `{error, ...}`. Answers are plain ASCII JSON: whatever a
caller sent (half a surrogate pair, a control character) can be quoted back without breaking the answer.
"""

import json
import reprlib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException
from starlette.exceptions import HTTPException as StarletteHTTPException

from bot.core.formatting.redaction import Redact

ErrorCode = Literal["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND", "GENERAL"]
OFREP = "/ofrep/"
_clip = reprlib.Repr()
_clip.maxstring = _clip.maxother = 80
_clip.maxdict = _clip.maxlist = 3


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that is answered with no. `code` is what OFREP calls it; `more` joins a plain body."""

    def __init__(
        self,
        status: int,
        why: str,
        *,
        code: ErrorCode = "GENERAL",
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.code = code
        self.more = dict(more or {})
        self.headers = dict(headers or {})


def found(value: object) -> str:
    """What a caller sent, clipped for an error message."""
    try:
        return _clip.repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "a number of thousands of digits"


def nearest(name: str, names: list[str]) -> str:
    """` Did you mean 'x'?`, or what there is, for a name that is not known."""
    close = get_close_matches(name, names, 1, 0.5)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Known: {', '.join(sorted(names)[:10])}." if names else ""


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        json.dumps(body, allow_nan=False, separators=(",", ":")), status, dict(headers or {}), "application/json"
    )


REASONS: Mapping[int, str] = {
    400: "malformed",
    401: "token",
    403: "forbidden",
    404: "unknown_address",
    405: "wrong_method",
    408: "too_slow",
    413: "too_large",
    422: "faulty",
    429: "too_many",
    500: "our_fault",
    503: "busy",
}
"""Why a request was refused, by its status: what the metric tells apart."""


def install(app: FastAPI, redact: Redact) -> None:
    """Make every refusal and every stray error leave in the right shape, without secrets."""
    app.state.redact = redact
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(StarletteHTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_surprise)


def _write(request: Request, refusal: Refusal) -> Response:
    refusal.why = request.app.state.redact(refusal.why)
    if not request.url.path.startswith(OFREP):
        return answer({"error": refusal.why, **refusal.more}, refusal.status, refusal.headers)
    key = request.path_params.get("key")
    body = {"key": key} if key is not None else {}
    return answer({**body, "errorCode": refusal.code, "errorDetails": refusal.why}, refusal.status, refusal.headers)


async def _on_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):  # pragma: no cover - registered for Refusal alone
        raise error
    return _write(request, error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    """No such path, or not with that method."""
    if not isinstance(error, HTTPException | StarletteHTTPException):  # pragma: no cover - registered for these alone
        raise error
    why = f"{request.method} {found(request.url.path)}: {error.detail}. GET /docs lists what there is"
    return _write(request, Refusal(error.status_code, why, headers=error.headers))


async def _on_surprise(request: Request, _error: Exception) -> Response:
    """A defect or a dead store. The server logs the traceback; the caller learns that nothing was done."""
    return _write(request, Refusal(500, "Stepdown failed to answer this request; nothing was changed. Try again"))
