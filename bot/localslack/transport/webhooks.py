"""The Events API over HTTP: one address for everything, signed with `v0`, as Bolt's HTTP mode expects it."""

import hashlib
import hmac
import ipaddress
import json
from urllib.parse import urlencode, urlsplit

import httpx

from bot.localslack.state.payloads import VERIFICATION_TOKEN
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack
from bot.localslack.transport.delivery import ACK_SECONDS, Outcome, Parcel

LARGEST_ANSWER = 1_000_000


def is_loopback(url: str) -> bool:
    """Whether an address can only lead to this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        return False
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-Slack-Signature`: HMAC-SHA256 over version, time and body."""
    content = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


class Webhooks:
    """Delivery by HTTP POST to one loopback address; a `Route`."""

    def __init__(self, slack: Slack, url: str) -> None:
        if not is_loopback(url):
            raise Refusal("invalid_url", detail=f"events go to loopback only (http://127.0.0.1:…), found {url!r}")
        self.slack = slack
        self.url = url
        self._client = httpx.AsyncClient(timeout=ACK_SECONDS, trust_env=False)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def verify(self) -> None:
        """Slack's handshake: the app must send the challenge back."""
        challenge = self.slack.next_id("challenge-")
        body: Json = {"type": "url_verification", "token": VERIFICATION_TOKEN, "challenge": challenge}
        try:
            answer = await self._post(json.dumps(body).encode(), "application/json", {})
        except httpx.HTTPError as error:
            raise Refusal("url_verification_failed", detail=f"{self.url}: {type(error).__name__} {error}") from error
        if answer.status_code != httpx.codes.OK or challenge not in answer.text:
            detail = f"{self.url} answered {answer.status_code} without the challenge"
            raise Refusal("url_verification_failed", detail=detail)

    async def send(self, parcel: Parcel) -> Outcome:
        """POST the parcel; any 2xx within three seconds is the acknowledgement."""
        body, kind = encoded(parcel)
        headers = {"X-Slack-Retry-Num": str(parcel.retry), "X-Slack-Retry-Reason": parcel.reason}
        try:
            answer = await self._post(body, kind, headers if parcel.retry else {})
        except httpx.TimeoutException:
            return Outcome(acked=False, error="http_timeout", connection=self.url)
        except httpx.HTTPError:
            return Outcome(acked=False, error="connection_failed", connection=self.url)
        if self.slack.faults.take("swallow_ack"):
            return Outcome(acked=False, error="http_timeout", connection=self.url)
        no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
        if not answer.is_success:
            return Outcome(acked=False, error="http_error", connection=self.url, no_retry=no_retry)
        return Outcome(acked=True, answer=_content(answer), connection=self.url)

    async def _post(self, body: bytes, kind: str, headers: dict[str, str]) -> httpx.Response:
        timestamp = str(self.slack.now())
        secret = self.slack.workspace.app.signing_secret
        signed = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(secret, timestamp, body),
            "User-Agent": "Slackbot 1.0 (local)",
        }
        return await self._client.post(self.url, content=body, headers=signed | headers)


def encoded(parcel: Parcel) -> tuple[bytes, str]:
    """Body and content type: events as JSON, interactions in a form field, commands as a form."""
    if parcel.kind == "events_api":
        return json.dumps(parcel.payload).encode(), "application/json"
    form = parcel.payload if parcel.kind == "slash_commands" else {"payload": json.dumps(parcel.payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"


def _content(answer: httpx.Response) -> Json:
    text = answer.text[:LARGEST_ANSWER]
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}
    return {"text": text} if text.strip() else {}
