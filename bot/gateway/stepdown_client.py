"""Stepdown over HTTP, as one gateway asks it: the rung, the rules of the tools, and where the ledger goes."""

import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from bot.core.enforcement.held_rung import HeldRung, RungInForce
from bot.gateway.settings import GatewaySettings
from bot.http_client.dates import http_date

ASK_WITHIN: Final = 5.0
"""Seconds for one question, all in all."""
ANSWER_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of an answer that are read."""
NOT_MODIFIED: Final = 304
MULTI: Final = 207
DATE_STEP = timedelta(seconds=1)
"""What HTTP's Date header cuts off."""


class StepdownUnreachableError(Exception):
    """Stepdown did not answer, or not with anything of use; the sentence says what happened."""


@dataclass(frozen=True, slots=True)
class StepdownReply:
    """A status, and the JSON of the body where there is one."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class StepdownClient:
    """Asks as the agent. For one event loop; `open` before the first question, `close` at the end."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._agent = quote(settings.agent, safe="")
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Get ready; nothing is asked yet."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ASK_WITHIN),
            headers={"Authorization": f"Bearer {self._settings.token}"},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
        )

    async def close(self) -> None:
        """Let all connections go."""
        if self._session is not None:
            await self._session.close()

    async def rung(
        self, workflow: str, applied: RungInForce, tag: str, asked_at: datetime
    ) -> tuple[HeldRung, str] | None:
        """The rung of a workflow ("": of the agent) with its tag, None where the copy at hand still holds.

        `applied` is read back, unless no rung is in force. Raises StepdownUnreachableError.
        """
        query = {"workflow": workflow} if workflow else {}
        if applied.level != "none":
            query |= {"instance": self._settings.instance, "appliedLevel": applied.level}
            query["appliedEpoch"] = str(applied.epoch)
        headers = {"If-None-Match": tag} if tag else {}
        reply = await self._ask("GET", f"/v1/agents/{self._agent}/autonomy", params=query, headers=headers)
        if reply.status == NOT_MODIFIED:
            return None
        self._insist(reply)
        try:
            return _held(reply, asked_at), reply.headers.get("ETag", "")
        except (KeyError, TypeError, ValueError) as error:
            raise StepdownUnreachableError(f"an answer without a rung: {error!r}") from error

    async def rules(self) -> Mapping[str, Any]:
        """What the fleet file says of the agent's tools. Raises StepdownUnreachableError."""
        reply = await self._ask("GET", f"/v1/agents/{self._agent}/tools")
        self._insist(reply)
        return reply.body

    async def send_actions(self, lines: Sequence[bytes]) -> StepdownReply:
        """Hand over lines of the ledger. Raises StepdownUnreachableError where they have to be sent again."""
        reply = await self._ask("POST", "/v1/actions", data=b"[" + b",".join(lines) + b"]")
        if reply.status in (200, MULTI, 422):
            return reply
        raise StepdownUnreachableError(_said(reply))

    async def ask_approval(self, question: Mapping[str, object]) -> Mapping[str, Any]:
        """Ask people about a write; the same id again is the same question. Raises StepdownUnreachableError."""
        return await self._approval(self._ask("POST", "/v1/approvals", data=json.dumps(question).encode("ascii")))

    async def approval(self, key: str, wait: int) -> Mapping[str, Any]:
        """How it stands after at most `wait` seconds. Raises StepdownUnreachableError."""
        within = aiohttp.ClientTimeout(total=ASK_WITHIN + wait)
        query = {"wait": str(wait)}
        return await self._approval(self._ask("GET", f"/v1/approvals/{quote(key)}", params=query, timeout=within))

    async def withdraw(self, key: str, why: str) -> None:
        """Take a question back. Raises StepdownUnreachableError."""
        body = json.dumps({"why": why}).encode("ascii")
        await self._approval(self._ask("POST", f"/v1/approvals/{quote(key)}/withdraw", data=body))

    async def _approval(self, asking: Awaitable[StepdownReply]) -> Mapping[str, Any]:
        reply = await asking
        self._insist(reply)
        if not isinstance(reply.body.get("state"), str) or not isinstance(reply.body.get("said"), str):
            raise StepdownUnreachableError("an answer that is no approval")
        return reply.body

    def _insist(self, reply: StepdownReply) -> None:
        if reply.status != 200:  # noqa: PLR2004 - the one good answer
            raise StepdownUnreachableError(_said(reply))

    async def _ask(self, method: str, path: str, **more: Any) -> StepdownReply:  # noqa: ANN401 - aiohttp's own arguments
        assert self._session is not None, "open() comes first"  # noqa: S101 - a defect of ours, not of the outside
        if "data" in more:
            more["headers"] = {"Content-Type": "application/json"}
        url = self._settings.url.rstrip("/") + path
        try:
            async with self._session.request(method, url, allow_redirects=False, **more) as answer:
                data = await answer.content.read(ANSWER_LIMIT)
                while chunk := await answer.content.read(ANSWER_LIMIT):
                    data += chunk
                    if len(data) > ANSWER_LIMIT:
                        raise StepdownUnreachableError("an answer that is too large")
                body = _json(data)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StepdownUnreachableError(f"{type(error).__name__}: {error}"[:200]) from error
        return StepdownReply(answer.status, body if isinstance(body, dict) else {}, answer.headers)


def _json(data: bytes) -> object:
    """What a body says; a proxy in between may answer in no JSON at all."""
    try:
        return json.loads(data) if data else {}
    except ValueError:
        return {}


def _said(reply: StepdownReply) -> str:
    return f"answered {reply.status}: {str(reply.body.get('error', ''))[:200]}"


def _held(reply: StepdownReply, asked_at: datetime) -> HeldRung:
    """The rung of an answer. Its lease is counted on our own clock, from when the question was asked."""
    said = reply.body
    not_after = _moment(said["not_after"])
    told_at = http_date(reply.headers.get("Date", ""))
    lapses_at = not_after if told_at is None else asked_at + (not_after - told_at) - DATE_STEP
    grants, fallback = said["grants"], said["fallback_grants"]
    if not isinstance(grants, dict) or not isinstance(fallback, dict):
        raise TypeError("grants are objects")
    incident = said.get("incident")
    return HeldRung(
        str(said["level"]), int(said["epoch"]), grants, lapses_at, str(said["fallback"]), fallback, incident
    )


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
