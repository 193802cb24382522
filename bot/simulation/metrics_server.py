"""The simulated fleet's metrics over HTTP, on loopback: a scrape target, Prometheus' query API, and plain JSON.

The query API answers in Prometheus' own envelope, from counts instead of a database, and only what `exposition.QUERIES`
knows. Minutes are those of the scenario; the `Date` header alone is the machine's own time, as any server's is.
"""

import json
import math
import re
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import structlog
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.core.model.samples import minute_start
from bot.simulation import exposition
from bot.simulation.exposition import Counters, ExpositionLine
from bot.simulation.world import World

MOST_POINTS = 11_000  # as Prometheus: more is refused, not cut
LONGEST_FORM = 65_536
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
JSON = "application/json"

log = structlog.get_logger(__name__)


class BadDataError(Exception):
    """A request that Prometheus would answer with errorType `bad_data`."""


class MetricsReply(NamedTuple):
    """What goes back."""

    status: HTTPStatus
    content_type: str
    body: bytes


class MetricsServer:
    """Serves a world on a free loopback port. `url` is known from construction; requests wait until `start`."""

    def __init__(self, world: World, port: int = 0) -> None:
        self._server = _Server(world, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="metrics", daemon=True)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, the Prometheus address and the root of the JSON paths."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Answer requests, each in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self.counters = Counters(world)
        super().__init__(("127.0.0.1", port), _Exchange)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - as socketserver calls it
        """A client that hung up is no event; anything else is ours, and belongs in the log whole."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            log.error("a request to the simulated metrics failed", client=str(client_address), exc_info=sys.exc_info())

    def reply(self, path: str, arguments: Mapping[str, str]) -> MetricsReply:
        routes: dict[str, Callable[[Mapping[str, str]], MetricsReply]] = {
            "/metrics": lambda _: MetricsReply(HTTPStatus.OK, CONTENT_TYPE_LATEST, exposition.scrape(self.counters)),
            "/api/v1/query": self._query,
            "/api/v1/query_range": self._query_range,
        }
        if found := routes.get(path):
            return found(arguments)
        if sli := re.fullmatch(r"/sli/([^/]+)\.json", path):
            return self._sli(sli[1], arguments)
        return _json(HTTPStatus.NOT_FOUND, {"error": f"nothing is served at {path}"})

    def _query(self, arguments: Mapping[str, str]) -> MetricsReply:
        query = _known_query(arguments)
        at = _time("time", arguments["time"]) if "time" in arguments else self.world.now().timestamp()
        lines = exposition.evaluate(self.world, query, [at])
        result = [{"metric": line.labels, "value": _point(*line.points[0])} for line in lines]
        return _json(HTTPStatus.OK, {"status": "success", "data": {"resultType": "vector", "result": result}})

    def _query_range(self, arguments: Mapping[str, str]) -> MetricsReply:
        query, times = _known_query(arguments), _range(arguments)
        result = [_matrix_line(line) for line in exposition.evaluate(self.world, query, times)]
        return _json(HTTPStatus.OK, {"status": "success", "data": {"resultType": "matrix", "result": result}})

    def _sli(self, agent: str, arguments: Mapping[str, str]) -> MetricsReply:
        if agent not in self.world.agents:
            return _json(HTTPStatus.NOT_FOUND, {"error": f"no agent {agent!r}"})
        asked = arguments.get("minutes", "1")
        if not asked.isdecimal() or not 1 <= int(asked) <= MOST_POINTS:
            return _json(HTTPStatus.BAD_REQUEST, {"error": f"minutes: 1 to {MOST_POINTS}, found {asked!r}"})
        last = self.world.closed_minute()
        items = [self._item(agent, minute) for minute in range(last - int(asked) + 1, last + 1)]
        return _json(HTTPStatus.OK, {"agent": agent, "minutes": items})

    def _item(self, agent: str, minute: int) -> dict[str, object]:
        tally = self.world.whole(agent, minute)
        return {
            "time": minute_start(minute).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tasks": tally.tasks,
            "good": tally.good,
            "escalated": tally.escalated,
            "calls_per_task": round(tally.calls / tally.tasks, 4) if tally.tasks else None,
            "pending": tally.pending,
        }


class _Exchange(BaseHTTPRequestHandler):
    """One connection. The wire is here, the answers are the server's."""

    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 30
    # Headers and body in one packet: sent as two, the second waits 40 ms for the first one's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self._answer(address.path, dict(parse_qsl(address.query)))

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_FORM:
            self.close_connection = True
            self._send(_json(HTTPStatus.BAD_REQUEST, _error(f"a form of up to {LONGEST_FORM} bytes is needed")))
            return
        form = self.rfile.read(int(length)).decode("utf-8", "replace")
        self._answer(address.path, dict(parse_qsl(address.query)) | dict(parse_qsl(form)))

    def _answer(self, path: str, arguments: Mapping[str, str]) -> None:
        try:
            reply = self.server.reply(path, arguments)
        except BadDataError as error:
            reply = _json(HTTPStatus.BAD_REQUEST, _error(str(error)))
        self._send(reply)

    def _send(self, reply: MetricsReply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        """Say nothing: a poll a second would drown what a person reads."""


def _error(sentence: str) -> dict[str, object]:
    return {"status": "error", "errorType": "bad_data", "error": sentence}


def _json(status: HTTPStatus, body: object) -> MetricsReply:
    return MetricsReply(status, JSON, json.dumps(body, separators=(",", ":")).encode())


def _point(at: float, value: float) -> list[object]:
    return [round(at, 3), _number(value)]


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) else repr(value)


def _matrix_line(line: ExpositionLine) -> dict[str, object]:
    return {"metric": line.labels, "values": [_point(at, value) for at, value in line.points]}


def _known_query(arguments: Mapping[str, str]) -> str:
    given = arguments.get("query", "")
    if query := exposition.known(given):
        return query
    allowed = "; ".join(exposition.QUERIES)
    raise BadDataError(f'invalid parameter "query": the simulated fleet knows no {given!r}; it knows: {allowed}')


def _range(arguments: Mapping[str, str]) -> list[float]:
    start, end = _time("start", arguments.get("start", "")), _time("end", arguments.get("end", ""))
    step = _duration("step", arguments.get("step", ""))
    if end < start:
        raise BadDataError('invalid parameter "end": end timestamp must not be before start time')
    if step <= 0:
        raise BadDataError('invalid parameter "step": must be above 0')
    if (end - start) / step > MOST_POINTS:
        raise BadDataError(f"more than {MOST_POINTS} points per series; ask for less time or a larger step")
    return [start + index * step for index in range(int((end - start) / step) + 1)]


def _time(name: str, given: str) -> float:
    try:
        return float(given) if re.fullmatch(r"\d{1,11}(\.\d+)?", given) else _moment(given)
    except ValueError:
        raise BadDataError(f'invalid parameter "{name}": cannot parse {given!r} to a valid timestamp') from None


def _moment(given: str) -> float:
    at = datetime.fromisoformat(given)
    if at.tzinfo is None:
        raise ValueError(given)
    return at.timestamp()


def _duration(name: str, given: str) -> float:
    if re.fullmatch(r"\d{1,9}(\.\d+)?", given):
        return float(given)
    if re.fullmatch(r"(\d{1,9}(ms|[smhdwy]))+", given):
        return sum(int(count) * SECONDS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhdwy])", given))
    raise BadDataError(f'invalid parameter "{name}": cannot parse {given!r} to a valid duration')
