"""Who may come in: only requests to a loopback name, and writes only from the page itself.

The server binds loopback, yet a web page elsewhere could have the browser call it (DNS rebinding, forged forms).
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: http: https:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def _is_local(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class LoopbackGuard:
    """ASGI middleware in front of everything."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer 403 and why."""
        headers = Headers(scope=scope) if scope["type"] in {"http", "websocket"} else Headers()
        if scope["type"] == "http" and (problem := self._problem(scope, headers)):
            await PlainTextResponse(problem, 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _problem(scope: Scope, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if not _is_local(urlsplit(f"//{host}").hostname):
            return "the local Slack answers on loopback names only"
        origin = headers.get("origin")
        if scope["method"] == "POST" and origin and urlsplit(origin).netloc != host:
            return "the local Slack takes no calls from other pages"
        return None
