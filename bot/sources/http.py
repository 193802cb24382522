"""The one place that speaks HTTP to sources. In: a request; out: JSON, or a SourceError whose sentence says what came.

Every call has a total deadline that covers its retries, a cap on the answer's size, and a breaker; redirects stay on
the host that was named; a proxy of the environment is gone through, unless NO_PROXY names the source.
"""

import json
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpcore
import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema

from bot.core.formatting import durations
from bot.core.formatting.one_line import one_line
from bot.http_client.dates import http_date
from bot.http_client.deadline import BoundedTransport, Deadline
from bot.ports.errors import SourceError
from bot.sources.circuit_breaker import Breaker

CONNECTIONS = 4
CONNECT = 3.0
"""Seconds; a host that is up accepts at once."""
ATTEMPTS = 3
SAID = 80
"""Characters that are kept of what a source said for itself."""
PAUSE = 0.2
"""Seconds before the second attempt, doubled before the third, each shortened at random."""
REDIRECTS = 3
SERVER_ERROR = 500
TOO_MANY = 429
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


def _span(given: object) -> float:
    if not isinstance(given, str):
        raise ValueError(f"{given!r} has no unit; write {durations.ALLOWED}")  # noqa: TRY004 - pydantic wants ValueError
    return durations.seconds(given)


def _readable(path: str) -> str:
    if path and not Path(path).is_file():
        raise ValueError(f"{path!r} is not a file that can be read")
    return path


Span = Annotated[float, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": r"^\s*\d"})]


class HttpSettings(BaseModel):
    """What every source over HTTP has beside `kind` in the fleet file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    url: Annotated[str, Field(pattern=r"^https?://[^/\s@#]+(/[^\s#]*)?$")]
    """Its parameters (`?partial_response=false`) go along with every request."""
    bearer: SecretStr | None = None
    username: str = ""
    password: SecretStr | None = None
    headers: dict[str, str] = Field(default={}, repr=False)
    timeout: Annotated[Span, Field(gt=0, le=60)] = 10
    """For the whole call with its retries."""
    max_megabytes: Annotated[int, Field(ge=1, le=512)] = 32
    ca_file: Annotated[str, AfterValidator(_readable)] = ""
    """A CA certificate for sources with one of their own."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Parsed JSON, and the source's clock minus ours in seconds, where it sent its time.

    `age` in seconds: how long a cache on the way has kept it (RFC 9111 section 5.1), 0 where none says so.
    """

    data: Any
    skew: float | None
    age: float = 0.0


class _Passing(Exception):  # noqa: N818 - becomes a SourceError when the attempts are used up
    """A failure that another attempt may not have."""


class HttpClient:
    """Asks one source. Safe for several threads, over a few connections."""

    def __init__(
        self,
        name: str,
        settings: HttpSettings,
        *,
        breaker: Breaker | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._settings = settings
        self._base = httpx.URL(settings.url)
        self._breaker = breaker or Breaker()
        self._wall = wall
        self._deadline = Deadline()
        self._closing = threading.Event()
        self._client = httpx.Client(
            transport=BoundedTransport(self._deadline, _context(settings), CONNECTIONS),
            headers={"Accept": "application/json", "User-Agent": "stepdown", **settings.headers, **_bearer(settings)},
            auth=(settings.username, _secret(settings.password)) if settings.username else None,
            trust_env=False,
        )

    def get(self, path: str) -> HttpAnswer:
        """GET the source's address with `path` added. Raises SourceError."""
        return self._ask("GET", self._at(path))

    def post_form(self, path: str, form: Mapping[str, str]) -> HttpAnswer:
        """POST a form to the source's address with `path` added. Raises SourceError."""
        return self._ask("POST", self._at(path), form)

    def close(self) -> None:
        """Close the connections; a retry that waits ends."""
        self._closing.set()
        self._client.close()

    def error(self, why: str, *, passing: bool = False) -> SourceError:
        """The source's name before what it did."""
        return SourceError(f"{self._name}: {why}", passing=passing)

    def _at(self, path: str) -> httpx.URL:
        """Add a path; whatever it says, the host and the address's own parameters stay as they were named."""
        if not path:
            return self._base
        place, _, query = path.partition("?")
        joined = "/" + "/".join(part for part in (self._base.path.strip("/"), place.lstrip("/")) if part)
        query = "&".join(part for part in (self._base.query.decode(), query) if part)
        return self._base.copy_with(raw_path=(f"{joined}?{query}" if query else joined).encode())

    def _ask(self, method: str, url: httpx.URL, form: Mapping[str, str] | None = None) -> HttpAnswer:
        refusal = self._breaker.refusal()
        if refusal:
            raise self.error(refusal, passing=True)
        self._deadline.at = time.monotonic() + self._settings.timeout
        try:
            answer = self._attempts(method, url, form)
        except _Passing as failure:
            self._breaker.bad(str(failure))
            raise self.error(str(failure), passing=True) from failure
        except SourceError:
            self._breaker.good()
            raise
        self._breaker.good()
        return answer

    def _attempts(self, method: str, url: httpx.URL, form: Mapping[str, str] | None) -> HttpAnswer:
        """Try until an answer, a refusal, the last attempt or the deadline."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(method, url, form)
            except _Passing:
                pause = PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1)  # noqa: S311 - jitter is no secret
                late = time.monotonic() + pause >= self._deadline.at
                if attempt == ATTEMPTS or late or self._closing.wait(pause):
                    raise
        raise AssertionError  # the last attempt returned or raised

    def _once(self, method: str, url: httpx.URL, form: Mapping[str, str] | None) -> HttpAnswer:
        try:
            status, headers, body = self._exchange(method, url, form)
        except (httpcore.TimeoutException, httpx.TimeoutException) as error:
            raise _Passing(self._slow(error)) from error
        except httpx.InvalidURL as error:
            raise self.error("redirects to something that is not an address") from error
        except httpcore.ProxyError as error:
            raise _Passing(f"the proxy gave no way to {url.host}: {one_line(str(error), SAID)}") from error
        except (httpcore.ProtocolError, httpx.ProtocolError) as error:
            raise _Passing(f"broke off or did not speak HTTP ({one_line(str(error), SAID)})") from error
        except (httpcore.NetworkError, httpx.TransportError, httpx.DecodingError, OSError) as error:
            raise _Passing(
                f"no connection to {url.host}: {one_line(str(error), SAID) or type(error).__name__}"
            ) from error
        if status >= SERVER_ERROR or status == TOO_MANY:
            raise _Passing(_refusal(status, url, body))
        return HttpAnswer(self._parsed(status, url, body), self._skew(headers), _age(headers))

    def _exchange(
        self, method: str, url: httpx.URL, form: Mapping[str, str] | None
    ) -> tuple[int, httpx.Headers, bytes]:
        """One answer, redirects on the same host followed."""
        for _ in range(REDIRECTS + 1):
            left = self._deadline.left()
            patience = httpx.Timeout(left, connect=min(CONNECT, left))
            with self._client.stream(method, url, data=form, timeout=patience) as response:
                if not response.has_redirect_location:
                    return response.status_code, response.headers, self._body(response)
                url = self._next(url, response)
        raise self.error(f"redirects more than {REDIRECTS} times")

    def _next(self, url: httpx.URL, response: httpx.Response) -> httpx.URL:
        """Where a redirect leads; another host, port or scheme would be given our credentials, so it is refused."""
        try:
            target = url.join(response.headers["location"])
        except httpx.InvalidURL as error:
            raise self.error("redirects to something that is not an address") from error
        if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
            where = one_line(f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}", SAID)
            raise self.error(f"redirects to {where}; only the host in the fleet file is asked")
        return target.copy_merge_params({**self._base.params, **target.params}) if self._base.query else target

    def _body(self, response: httpx.Response) -> bytes:
        """The whole body, unpacked, as long as it is not too large and not too late."""
        limit = self._settings.max_megabytes * 1_000_000
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > limit:
                raise self.error(
                    f"answered more than {self._settings.max_megabytes} MB; ask for less, or raise the cap"
                )
            self._deadline.left()
            parts.append(part)
        return b"".join(parts)

    def _parsed(self, status: int, url: httpx.URL, body: bytes) -> Any:  # noqa: ANN401 - JSON
        if status != httpx.codes.OK:
            raise self.error(_refusal(status, url, body))
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise self.error(_not_json(body)) from error

    def _slow(self, error: Exception) -> str:
        if isinstance(error, httpcore.ConnectTimeout):
            return f"no connection to {self._base.host} in time"
        return f"took longer than {durations.words(self._settings.timeout)}"

    def _skew(self, headers: httpx.Headers) -> float | None:
        sent = http_date(headers.get("date", ""))
        return None if sent is None else sent.timestamp() + _age(headers) - self._wall()


def _age(headers: httpx.Headers) -> float:
    said = headers.get("age", "").strip()
    return float(said[:9]) if said.isascii() and said.isdigit() else 0.0


def _context(settings: HttpSettings) -> ssl.SSLContext | None:
    """TLS by the system's trust store and, where there is one, the source's own CA."""
    if not settings.url.startswith("https:"):
        return None
    context = ssl.create_default_context()
    if settings.ca_file:
        context.load_verify_locations(settings.ca_file)
    return context


def _bearer(settings: HttpSettings) -> dict[str, str]:
    return {"Authorization": f"Bearer {_secret(settings.bearer)}"} if settings.bearer else {}


def _secret(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _not_json(body: bytes) -> str:
    start = body[:4000].decode("utf-8", "replace").strip()
    if not start:
        return "answered nothing"
    if start.startswith("<"):
        title = _TITLE.search(start)
        return f"answered HTML, not JSON: {one_line(title[1], SAID) if title else '(no title)'}"
    return f"answered something that is not JSON: {one_line(start, 40)}"


def _refusal(status: int, url: httpx.URL, body: bytes) -> str:
    """`HTTP 500 from /api/v1/query`, and what else the answer says for itself."""
    said = _said(body[:4000])
    return f"HTTP {status} from {url.path}" + (f" ({said})" if said else "")


def _said(body: bytes) -> str:
    """The sentence in an error's body: a field of its JSON, a page's title, or its first words."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return _not_json(body) if body.lstrip().startswith(b"<") else one_line(body.decode("utf-8", "replace"), SAID)
    fields = [told.get(key) for key in ("error", "message", "detail")] if isinstance(told, dict) else []
    return next((one_line(field, 200) for field in fields if isinstance(field, str)), "")
