"""A metrics server for benchmarks: answers Prometheus's query API for thousands of agents, from arithmetic alone.

`python -m bench.harness.many_series PORT AGENTS BAD`: every agent does 100 tasks a minute and is well, but for the
first BAD ones, a fifth of whose tasks end with a person. It remembers the last 90 minutes before it was started.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

REMEMBERED = 90 * 60
"""Seconds of history."""
TASKS = "agent_tasks_total"
PER_MINUTE = {
    "agent_decisions_good_total": 95,
    "agent_tool_calls_total": 400,
    "agent_escalations_total": 1,
    "agent_approvals_pending": 5,
    "agent_tasks_succeeded_total": 97,
}
ILL = 20
"""Escalations a minute of an agent that is not well."""


def name_of(number: int) -> str:
    """`agent-0042`."""
    return f"agent-{number:04d}"


class Metrics(BaseHTTPRequestHandler):
    """`/api/v1/query` and `/api/v1/query_range`, POSTed as forms."""

    protocol_version = "HTTP/1.1"
    agents = 0
    bad = 0
    born = 0.0
    answered = 0
    """Queries so far."""

    def do_POST(self) -> None:
        """Answer one query."""
        Metrics.answered += 1
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = {key: values[0] for key, values in form.items()}
        at = [int(float(asked["time"]))] if "time" in asked else self._steps(asked)
        times = [one for one in at if one >= self.born - REMEMBERED]
        self._send({"status": "success", "data": self._data(asked["query"], times, "time" in asked)})

    def do_GET(self) -> None:
        """How many queries were answered."""
        self._send({"answered": Metrics.answered})

    def _send(self, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _steps(self, asked: dict[str, str]) -> list[int]:
        return list(range(int(float(asked["start"])), int(float(asked["end"])) + 1, int(float(asked["step"]))))

    def _data(self, query: str, times: list[int], instant: bool) -> dict[str, object]:
        result = []
        for number in range(self.agents if times else 0):
            value = str(self._value(query, number))
            points = {"value": [times[0], value]} if instant else {"values": [[at, value] for at in times]}
            result.append({"metric": {"agent": name_of(number)}, **points})
        return {"resultType": "vector" if instant else "matrix", "result": result}

    def _value(self, query: str, number: int) -> float:
        named = [metric for metric in PER_MINUTE if metric in query]
        if not named:
            return 100
        value = ILL if named[0] == "agent_escalations_total" and number < self.bad else PER_MINUTE[named[0]]
        per_task = f"/ sum by (agent) (increase({TASKS}" in query
        return value / 100 if per_task else value

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


def main() -> None:
    """Serve until killed."""
    port, Metrics.agents, Metrics.bad = (int(word) for word in sys.argv[1:4])
    Metrics.born = time.time()
    ThreadingHTTPServer(("127.0.0.1", port), Metrics).serve_forever()


if __name__ == "__main__":
    main()
