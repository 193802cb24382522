"""Calls of Slack's Web API: one transport, and one table that says what each refusal means for an effect.

A write is repeated here only when Slack said it did nothing (429, and the wait is short). Anything ambiguous goes back
to the outbox, which looks for the message before it sends again: the stock client repeats a POST whose answer was lost,
and was seen to post twice.
"""

import logging
import socket
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from email.message import Message
from http.client import HTTPException
from io import BytesIO
from ipaddress import ip_address
from json import JSONDecodeError, dumps
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request

import httpcore
import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.http_client.deadline import BoundedTransport, Deadline
from bot.http_client.proxy import Proxies
from bot.http_client.tls import system_tls
from bot.ports.errors import DeliveryError, insist_in_time

SLACK_API: Final = "https://slack.com/api/"
TIMEOUT: Final = 8
"""Seconds a call may take as a whole; an effect's lease is longer than all calls it makes."""
SOON: Final = 3
"""Seconds a question may take while somebody waits for the answer."""
LONGEST_ANSWER: Final = 8 * 1024 * 1024
SHORT_WAIT: Final = 2.0
"""Seconds of Retry-After that are waited for here; longer ones go back to the outbox."""
LONGEST_WAIT: Final = 300.0
_TOO_MANY = 429
_REFUSED = 400
_SERVER_FAULT = 500

PERMANENT: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "channel_not_found", "is_archived", "msg_too_long"}
    | {"msg_blocks_too_long", "no_text", "metadata_too_large", "invalid_metadata_format", "missing_scope"}
    | {"message_not_found", "cant_update_message", "edit_window_closed", "not_in_channel", "restricted_action"}
    | {"user_not_found", "users_not_found", "user_disabled", "cannot_dm_bot", "user_not_visible", "too_long"}
    | {"invalid_arguments", "invalid_name", "invalid_name_specials", "invalid_name_maxlength", "name_taken"}
    | {"invalid_name_punctuation", "invalid_name_required", "method_not_supported_for_channel_type"}
    | {"cant_invite", "cant_invite_self", "already_in_channel", "already_pinned", "plan_upgrade_required"}
    | {"no_permission", "messages_tab_disabled", "unknown_method", "user_not_in_channel", "file_not_found"}
)
"""Refusals that no repetition changes."""
MAYBE_DONE: Final = frozenset({"internal_error", "fatal_error", "request_timeout"})
"""Refusals after which part of the work may have been done."""
WORDS: Final[Mapping[str, str]] = {
    "not_in_channel": "the bot is not in that channel: /invite it there",
    "is_archived": "the channel is archived",
    "channel_not_found": "the channel does not exist, or the bot may not see it",
    "user_disabled": "that person's Slack account is deactivated",
    "invalid_auth": "the bot token is not valid",
    "account_inactive": "the bot was removed from the workspace",
    "token_revoked": "the bot token was revoked",
}
NEVER_SENT: Final = (ConnectionRefusedError, socket.gaierror)
CONNECTIONS: Final = 12
"""Kept open at most: as many as lanes and ticks speak to Slack at once."""
_LOST = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError)


class SlackError(DeliveryError):
    """A call that was refused or lost. `code` is Slack's word for it, empty where Slack did not speak."""

    def __init__(
        self,
        why: str,
        code: str = "",
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: float | None = None,
        untried: bool = False,
    ) -> None:
        super().__init__(why, permanent=permanent, ambiguous=ambiguous, retry_after=retry_after, untried=untried)
        self.code = code


def is_loopback(url: str) -> bool:
    """Whether an address is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_address(url: str) -> str:
    """The API's address with its last slash. Raises ValueError for any but Slack's and this machine's.

    The bot token is sent there (`slack.md`, "Rules that Slack imposes").
    """
    whole = url if url.endswith("/") else f"{url}/"
    if whole != SLACK_API and not is_loopback(whole):
        raise ValueError(f"the Slack API must be {SLACK_API} or on this machine, not {urlsplit(whole).netloc!r}")
    return whole


RedactJson = Callable[[Any], Any]
"""Takes secrets out of every text of a JSON value."""


def as_it_is(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Take nothing out."""
    return value


class SlackClient(WebClient):
    """slack_sdk's client with a deadline for a whole call, a cap on an answer, and the proxies of everybody else.

    Connections are kept open: a page does not wait for a handshake, which with Slack takes longer than the call.
    Whatever is sent passes `redact_json`: cards, answers and forms hold words of sources, agents and people.
    """

    redact_json: RedactJson = staticmethod(as_it_is)

    def __init__(self, token: str, base_url: str, timeout: int) -> None:
        super().__init__(
            token=token,
            base_url=checked_address(base_url),
            timeout=timeout,
            retry_handlers=[],
            logger=logging.getLogger("stepdown.slack.api"),
        )
        self.proxies = Proxies.of_environment()
        self.proxy = self.proxies.of(self.base_url) or None
        if not is_loopback(self.base_url):
            self.ssl = system_tls()
        self._deadline = Deadline()
        self._transport = BoundedTransport(self._deadline, self.ssl, CONNECTIONS, proxies=self.proxies)
        weakref.finalize(self, self._transport.close)

    def api_call(
        self,
        api_method: str,
        *,
        http_verb: str = "POST",
        files: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        auth: dict[str, Any] | None = None,
    ) -> SlackResponse:
        """Call a method; of its arguments only the token is sent as it is."""
        return super().api_call(
            api_method,
            http_verb=http_verb,
            files=files,
            data=self._redacted(data),
            params=self._redacted(params),
            json=self._redacted(json),
            headers=headers,
            auth=auth,
        )

    def _redacted(self, arguments: dict[str, Any] | None) -> dict[str, Any] | None:
        if not arguments:
            return arguments
        return {name: one if name == "token" else self.redact_json(one) for name, one in arguments.items()}

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        """Send one request. The override is the SDK's own seam for that; it has no public one."""
        insist_in_time(time.time())
        self._deadline.at = time.monotonic() + self.timeout
        data = req.data if isinstance(req.data, bytes) else b""
        headers = {**dict(req.header_items()), "accept-encoding": "identity"}
        try:
            answer = self._transport.handle_request(httpx.Request(req.get_method(), url, headers=headers, content=data))
            try:
                body = _read(answer.iter_raw())
            finally:
                answer.close()
        except _LOST as error:
            raise _as_urllib(error) from None
        return _as_sdk(url, answer, body)

    def send(self, url: str, body: bytes, content_type: str) -> None:
        """POST bytes to an address that Slack gave us (an upload, a response URL). Raises SlackError."""
        self._insist_slack(url)
        request = Request(url, data=body, headers={"Content-Type": content_type}, method="POST")  # noqa: S310 - checked
        try:
            self._perform_urllib_http_request_internal(url, request)
        except HTTPError as error:
            with error:
                raise SlackError(f"Slack answered {error.code}", permanent=error.code < _SERVER_FAULT) from None
        except (OSError, HTTPException) as error:
            raise SlackError(_lost(error), ambiguous=True) from None

    def reply(self, response_url: str, payload: Mapping[str, object]) -> None:
        """Answer a command or click where it was made. Raises SlackError."""
        self.send(response_url, dumps(self.redact_json(payload)).encode(), "application/json; charset=utf-8")

    def _insist_slack(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        own = host == urlsplit(self.base_url).hostname or (is_loopback(url) and is_loopback(self.base_url))
        slack = url.startswith("https://") and (host == "slack.com" or host.endswith(".slack.com"))
        if not own and not slack:
            raise SlackError(f"{host!r} is not Slack", permanent=True)


def _read(given: Iterable[bytes]) -> bytes:
    """Everything, unless it grows past the cap; the transport sees to the deadline."""
    parts: list[bytes] = []
    size = 0
    for part in given:
        parts.append(part)
        size += len(part)
        if size > LONGEST_ANSWER:
            raise TimeoutError("Slack's answer was too large")
    return b"".join(parts)


def _as_sdk(url: str, answer: httpx.Response, body: bytes) -> dict[str, Any]:
    """An answer as the SDK wants it: what is no success is the error that urllib would raise."""
    headers = Message()
    for name, value in answer.headers.multi_items():
        headers[name.title()] = value
    if answer.status_code >= _REFUSED:
        raise HTTPError(url, answer.status_code, answer.reason_phrase, headers, BytesIO(body))
    charset = headers.get_content_charset() or "utf-8"
    return {"status": answer.status_code, "headers": headers, "body": body.decode(charset)}


def _as_urllib(error: Exception) -> OSError:
    """What was lost on the way as the error that urllib would raise, with the reason below it where there is one."""
    if isinstance(error, httpcore.PoolTimeout):
        return URLError(ConnectionRefusedError("every connection to Slack is busy"))
    below: BaseException | None = error
    while below is not None and not isinstance(below, OSError):
        below = below.__cause__ or below.__context__
    if isinstance(error, httpcore.TimeoutException):
        return TimeoutError("the answer took too long")
    return URLError(below if below is not None else str(error) or type(error).__name__)


def writing_client(token: str, base_url: str = SLACK_API) -> SlackClient:
    """A client for effects."""
    return SlackClient(token, base_url, TIMEOUT)


def asking_client(token: str, base_url: str = SLACK_API) -> SlackClient:
    """A client for questions that somebody waits for: no answer soon is an answer too."""
    return SlackClient(token, base_url, SOON)


Method = Callable[..., SlackResponse]


def call(method: Method, **arguments: object) -> SlackResponse:
    """Make one call; a short 429 is waited for once. Raises SlackError, in words."""
    try:
        return once(method, arguments)
    except SlackError as error:
        if error.code != "ratelimited" or error.retry_after is None or error.retry_after > SHORT_WAIT:
            raise
        time.sleep(error.retry_after)
        return once(method, arguments)


def once(method: Method, arguments: Mapping[str, object]) -> SlackResponse:
    """Make one call, whatever comes of it. Raises SlackError, in words."""
    try:
        return method(**arguments)
    except SlackApiError as error:
        raise refusal(error) from None
    except (OSError, HTTPException, SlackClientError, JSONDecodeError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise SlackError(_lost(error), ambiguous=not isinstance(reason, NEVER_SENT)) from None


def _lost(error: Exception) -> str:
    return f"no answer from Slack: {error or type(error).__name__}"


def refusal(error: SlackApiError) -> SlackError:
    """What a refusal means: never again, again after a while, or perhaps done."""
    response = error.response
    status = getattr(response, "status_code", 200)
    data = response.data if isinstance(getattr(response, "data", None), dict) else {}
    code = str(data.get("error") or "")
    if status == _TOO_MANY or code in ("ratelimited", "rate_limited"):
        return SlackError("Slack asks for patience", "ratelimited", retry_after=_wait(response), untried=True)
    if status >= _SERVER_FAULT:
        return SlackError(f"Slack answered {status}", code, ambiguous=True)
    if code == "missing_scope":
        return SlackError(
            f"the app lacks the scope {data.get('needed', '?')}: reinstall it with it", code, permanent=True
        )
    why = f"{WORDS[code]} ({code})" if code in WORDS else f"Slack refused: {code or 'without a reason'}"
    return SlackError(why + _details(data), code, permanent=code in PERMANENT, ambiguous=code in MAYBE_DONE)


def _details(data: Mapping[str, Any]) -> str:
    """What Slack says is wrong with the blocks; never what was in them."""
    messages = (data.get("response_metadata") or {}).get("messages") or data.get("errors") or []
    return f": {'; '.join(str(one) for one in messages[:3])}" if messages else ""


def _wait(response: SlackResponse) -> float:
    """The seconds of Retry-After: at most LONGEST_WAIT, whatever Slack or a proxy writes there; 1 for what is none."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    raw = headers.get("retry-after", "1")
    text = raw[0] if isinstance(raw, list) else raw
    said = str(text).strip()
    return min(float(said[:9]), LONGEST_WAIT) if said.isascii() and said.isdigit() else 1.0
