"""The door: every request that reads a rung or writes anything passes here with a token.

Reading a rung needs one too, because the poll is also the read-back: who could poll unseen could confirm a step down
that never happened.
"""

from collections.abc import Collection

from fastapi import Request

from bot.web.errors import Refusal
from bot.web.metrics.http_metrics import WebMetrics
from bot.web.tokens import ApiCaller, TokenBook

READERS = ("agent", "responder", "admin")
"""Who may read a rung; an agent its own only."""


class Authenticator:
    """Checks tokens against the book, and counts the wrong ones without keeping them."""

    def __init__(self, tokens: TokenBook, metrics: WebMetrics) -> None:
        self._tokens = tokens
        self._metrics = metrics

    def caller(self, request: Request, roles: Collection[str]) -> ApiCaller:
        """Whom the request speaks for. Raises Refusal 403 (off, or not for this token) or 401 (no or a wrong token)."""
        if not self._tokens.has_any(roles):
            names = ", ".join("agent:KEY" if role == "agent" else role for role in roles)
            raise Refusal(
                403, f"this endpoint is off: no token is configured for it. `stepdown token NAME` makes one ({names})"
            )
        token = _bearer(request)
        if not token:
            raise Refusal(401, "a token is needed: Authorization: Bearer TOKEN", headers={"WWW-Authenticate": "Bearer"})
        caller = self._tokens.caller(token)
        if caller is None:
            self._metrics.tokens_refused.inc()
            raise Refusal(401, "this token is not known", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if caller.role not in roles:
            raise Refusal(403, f"a token for {caller.role!r} may not do this; allowed: {', '.join(roles)}")
        return caller


def _bearer(request: Request) -> str:
    """The token as sent: a bearer token, or the X-API-Key that OFREP allows as well."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("x-api-key", "").strip()
