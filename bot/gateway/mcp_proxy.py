"""The gateway as an MCP server over streamable HTTP, in front of another one.

Messages pass through and are not ended here (`docs/decisions/0034-the-gateway-passes-messages-on.md`): sessions,
streams, progress, questions of the server and every revision of the protocol are between the client and the tools'
server. What a client sends is read once and written anew; calls of tools go through the gate.
"""

import asyncio
import hmac
import io
import json
from collections.abc import Mapping
from typing import Final

import aiohttp
import structlog
from aiohttp import web
from mcp.shared.inbound import decode_header_value
from multidict import CIMultiDict, CIMultiDictProxy

from bot.core.enforcement.actions import ActionOutcome
from bot.gateway.call_gate import CallGate, DeniedError, RunningCall
from bot.gateway.event_stream import EventReader, is_answer, parsed, tools_in, went_wrong
from bot.gateway.messages import (
    CANCELLED,
    HOUSEKEEPING,
    INVALID_REQUEST,
    READS,
    REFUSED,
    TASK,
    TOOL_CALL,
    WORKFLOW,
    MessageError,
    RpcMessage,
    is_modern,
    read_message,
    refused_call,
    rpc_error,
)
from bot.gateway.metrics import GatewayMetrics
from bot.gateway.policy import CallRequest
from bot.gateway.settings import GatewaySettings

BODY_LIMIT: Final = 4 * 1024 * 1024
BODY_WITHIN: Final = 15.0
ANSWER_LIMIT: Final = 64 * 1024 * 1024
LARGE: Final = 512 * 1024
SESSION: Final = "Mcp-Session-Id"
PASSED_ON: Final = frozenset({"accept", "content-type", "last-event-id", "user-agent", "traceparent", "tracestate"})
"""Headers of a request that go on to the tools' server, besides `Mcp-*`."""
PASSED_BACK: Final = frozenset({"content-type", "cache-control", "www-authenticate", "retry-after", "allow"})
METHODS: Final = ("GET", "POST", "DELETE")
GATEWAY: Final = 502
log = structlog.get_logger()


class McpProxy:
    """Answers at one address what the tools' server at `upstream` answers, as far as the rung allows."""

    def __init__(self, settings: GatewaySettings, upstream: str, gate: CallGate, metrics: GatewayMetrics) -> None:
        self._settings = settings
        self._upstream = upstream
        self._gate = gate
        self._metrics = metrics
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Get ready; the tools' server is not called yet."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=10, sock_read=None),
            # shorter than what servers keep an idle connection for, or a call meets one that is being closed
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=3),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Let all connections go."""
        if self._session is not None:
            await self._session.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        refusal = self._refusal(request)
        if refusal is not None:
            self._metrics.refused.inc()
            return refusal
        if request.method != "POST":
            return await self._pass(request, request.method, b"")
        try:
            async with asyncio.timeout(BODY_WITHIN):
                message = read_message(await request.read())
            _insist_on_headers(request.headers, message)
        except TimeoutError:
            return _error(408, rpc_error(None, INVALID_REQUEST, f"the body did not arrive within {BODY_WITHIN:.0f} s"))
        except web.HTTPRequestEntityTooLarge:
            return _error(413, rpc_error(None, INVALID_REQUEST, f"the body is larger than {BODY_LIMIT} bytes"))
        except MessageError as error:
            self._metrics.refused.inc()
            return _error(400, rpc_error(error.request_id, error.code, str(error)))
        return await self._message(request, message)

    def _refusal(self, request: web.Request) -> web.Response | None:
        """Why this request is not even read; None where it is."""
        if request.method not in METHODS:
            return _error(405, {"error": f"only {', '.join(METHODS)}"}, {"Allow": ", ".join(METHODS)})
        if "Origin" in request.headers:
            return _error(403, {"error": "a page in a browser may not call the gateway"})
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return _error(415, {"error": "a body that is compressed is not read"})
        if self._settings.caller_token and not self._shows_token(request.headers):
            return _error(401, {"error": "show the gateway's token: Authorization: Bearer TOKEN"})
        return None

    def _shows_token(self, headers: Mapping[str, str]) -> bool:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = headers.get("X-API-Key", "")
        wanted = self._settings.caller_token.encode()
        return hmac.compare_digest(token.strip().encode("utf-8", "surrogateescape"), wanted)

    async def _message(self, request: web.Request, message: RpcMessage) -> web.StreamResponse:
        if message.method == TOOL_CALL:
            return await self._call(request, message)
        quiet = message.method in HOUSEKEEPING or not message.method
        notice = message.id is None and message.method.startswith("notifications/")
        if not quiet and not notice:
            why = self._gate.method_refusal(message.method, writes=message.method not in READS)
            if why:
                self._metrics.refused.inc()
                return web.json_response(rpc_error(message.id, REFUSED, why))
        return await self._pass(request, "POST", message.data, listing=message.method == "tools/list")

    async def _call(self, request: web.Request, message: RpcMessage) -> web.StreamResponse:
        """A call of a tool, through the gate."""
        arguments = message.params.get("arguments")
        wanted = CallRequest(
            str(message.params["name"]),
            arguments if isinstance(arguments, Mapping) else {},
            message.named(WORKFLOW),
            message.named(TASK) or request.headers.get(SESSION, ""),
        )
        modern = is_modern(request.headers.get("Mcp-Protocol-Version", ""))
        try:
            async with self._gate.passing(wanted) as running:
                return await PassedCall(self, request, message, running, modern=modern).answer()
        except DeniedError as error:
            return web.json_response(refused_call(message.id, str(error), modern=modern))

    async def _pass(
        self, request: web.Request, method: str, data: bytes, *, listing: bool = False
    ) -> web.StreamResponse:
        """Pass something on that is no call, and its answer back. `listing`: the answer names tools; hear it."""
        try:
            async with self.upstream(method, request.headers, data) as answer:
                response = web.StreamResponse(status=answer.status, headers=back(answer.headers))
                await response.prepare(request)
                await self._stream(answer, response, listing=listing)
                return response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _unreachable(error)

    async def _stream(self, answer: aiohttp.ClientResponse, response: web.StreamResponse, *, listing: bool) -> None:
        events, plain = EventReader(), bytearray()
        is_stream = answer.content_type == "text/event-stream"
        async for piece in answer.content.iter_any():
            if listing and is_stream:
                for message in events.feed(piece):
                    self._gate.policy.hear(tools_in(message))
            elif listing and len(plain) < BODY_LIMIT:
                plain += piece
            await response.write(piece)
        if listing and plain:
            self._gate.policy.hear(tools_in(parsed(bytes(plain)) or {}))
        await response.write_eof()

    def upstream(
        self, method: str, headers: CIMultiDictProxy[str], data: bytes
    ) -> "aiohttp.client._RequestContextManager":
        """The same request to the tools' server."""
        assert self._session is not None, "open() comes first"  # noqa: S101 - a defect of ours, not of the outside
        return self._session.request(
            method, self._upstream, headers=self._onward(headers), data=_body(data), allow_redirects=False
        )

    def _onward(self, headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
        onward = CIMultiDict(
            (name, value)
            for name, value in headers.items()
            if name.lower() in PASSED_ON or name.lower().startswith("mcp-")
        )
        onward["Accept-Encoding"] = "identity"
        if self._settings.upstream_authorization:
            onward["Authorization"] = self._settings.upstream_authorization
        elif not self._settings.caller_token and "Authorization" in headers:
            onward["Authorization"] = headers["Authorization"]
        return onward

    async def cancel(self, headers: CIMultiDictProxy[str], message: RpcMessage, why: str) -> None:
        """Tell the tools' server that a call is cancelled, if the protocol has a word for it; for a second at most."""
        params = {"requestId": message.id, "reason": why}
        body = json.dumps({"jsonrpc": "2.0", "method": CANCELLED, "params": params}).encode()
        mine = CIMultiDict(
            (name, value) for name, value in headers.items() if name.lower() not in ("mcp-method", "mcp-name")
        )
        try:
            async with asyncio.timeout(1), self.upstream("POST", CIMultiDictProxy(mine), body) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("the tools' server did not take a cancellation", why=str(error))


class PassedCall:
    """One call that is passed on, until it is answered or cut off."""

    def __init__(
        self, proxy: McpProxy, request: web.Request, message: RpcMessage, running: RunningCall, *, modern: bool
    ) -> None:
        self._proxy = proxy
        self._request = request
        self._message = message
        self._running = running
        self._modern = modern
        self._response: web.StreamResponse | None = None

    async def answer(self) -> web.StreamResponse:
        """Pass it on and its answer back; where it is cut off, say so in its place."""
        passing = asyncio.ensure_future(self._passing())
        cut = asyncio.ensure_future(self._running.cut.wait())
        try:
            await asyncio.wait({passing, cut}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done():
                return passing.result()
        finally:
            cut.cancel()
            if not passing.done():
                passing.cancel()
                await asyncio.gather(passing, return_exceptions=True)
        if not self._modern:  # in the newer revisions, to close the stream is to cancel
            await self._proxy.cancel(self._request.headers, self._message, "the agent's rung went down")
        return await self._cut_off()

    async def _passing(self) -> web.StreamResponse:
        try:
            async with self._proxy.upstream("POST", self._request.headers, self._message.data) as answer:
                if answer.content_type == "text/event-stream":
                    return await self._stream(answer)
                data = await answer.content.read(ANSWER_LIMIT) if answer.content.at_eof() else await _whole(answer)
                self._heard(parsed(data), answer.status)
                return web.Response(status=answer.status, headers=back(answer.headers), body=data)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._running.reason = f"the tools' server did not answer: {type(error).__name__}"
            if isinstance(error, aiohttp.ClientConnectorError):
                self._running.outcome = ActionOutcome.FAILED
            if self._response is not None:
                raise
            return _unreachable(error)

    async def _stream(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        self._response = response = web.StreamResponse(status=answer.status, headers=back(answer.headers))
        await response.prepare(self._request)
        events = EventReader()
        async for piece in answer.content.iter_any():
            for message in events.feed(piece):
                if is_answer(message, self._message.id):
                    self._heard(message, answer.status)
            await response.write(piece)
        await response.write_eof()
        return response

    def _heard(self, message: Mapping[str, object] | None, status: int) -> None:
        """The tool answered: note how."""
        fine = status < 400 and message is not None and not went_wrong(message)  # noqa: PLR2004 - HTTP's errors
        self._running.outcome = ActionOutcome.PASSED if fine else ActionOutcome.FAILED
        self._running.reason = "" if fine else "the tool answered with an error"

    async def _cut_off(self) -> web.StreamResponse:
        tool = self._running.action.tool
        text = (
            f"Cut off by Stepdown: {tool} was called, and the agent's rung went down before it answered. Whether it "
            "was done is not known. Do not call it again."
        )
        said = refused_call(self._message.id, text, modern=self._modern)
        if self._response is None:
            return web.json_response(said)
        await self._response.write(b"event: message\ndata: " + json.dumps(said).encode() + b"\n\n")
        await self._response.write_eof()
        return self._response


def _body(data: bytes) -> bytes | io.BytesIO | None:
    """A large body goes out in pieces, so that it holds nobody else up."""
    return io.BytesIO(data) if len(data) >= LARGE else data or None


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for piece in answer.content.iter_any():
        data += piece
        if len(data) > ANSWER_LIMIT:
            raise aiohttp.ClientPayloadError(f"an answer of more than {ANSWER_LIMIT} bytes")
    return bytes(data)


def _insist_on_headers(headers: CIMultiDictProxy[str], message: RpcMessage) -> None:
    """Servers may go by these headers in place of the body, so both have to say the same. Raises MessageError."""
    for name, said in (
        ("Mcp-Method", message.method),
        ("Mcp-Name", message.params.get("name", message.params.get("uri"))),
    ):
        found = headers.getall(name, [])
        if found and (len(found) > 1 or decode_header_value(found[0]) != said):
            raise MessageError(INVALID_REQUEST, f"the header {name} does not say what the body says", message.id)


def back(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that go back to the caller."""
    return {
        name: value for name, value in headers.items() if name.lower() in PASSED_BACK or name.lower().startswith("mcp-")
    }


def _error(status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(dict(body), status=status, headers=dict(headers or {}))


def _unreachable(error: Exception) -> web.Response:
    return _error(GATEWAY, {"error": f"the tools' server does not answer: {type(error).__name__}"})
