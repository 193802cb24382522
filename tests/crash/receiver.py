"""The world outside Slack: PagerDuty, a signed webhook, a text message, a control plane and a source of numbers.

It answers like the real ones and keeps what it was told. It lives in another process than the bot, so it survives it.
"""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.contracts.odd_server import Asked, OddServer

WHOLE_MINUTE = 60


@dataclass
class Receiver:
    """Whatever the bot sends out, by who would have got it."""

    server: OddServer
    bad: tuple[int, int] = (0, 0)
    """Minutes first..last in which the agent hands a fifth of its tasks to people."""
    alerts: dict[str, list[str]] = field(default_factory=dict)
    """PagerDuty: dedup key -> the states its alerts went through. A trigger of an open one merges with it."""
    requests: Counter[str] = field(default_factory=Counter)
    """PagerDuty: how often each act was asked for, merged or not."""
    hooks: Counter[str] = field(default_factory=Counter)
    """Webhook: id -> how often it came; the receiver drops what it has seen."""
    texts: list[str] = field(default_factory=list)
    """Text messages, each of which rang a phone."""
    rungs: dict[int, str] = field(default_factory=dict)
    """Control plane: epoch -> level."""
    minutes_until: int = 0
    """The newest minute that the source tells of."""
    down: frozenset[str] = frozenset()
    """Paths that answer 503 and take nothing."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.server.answer = self._answer

    def _answer(self, asked: Asked) -> None:
        where = asked.path.partition("?")[0].rstrip("/")
        if where in self.down:
            asked.json({"error": "down"}, 503)
            return
        with self.lock:
            self._take(where, json.loads(asked.body or "{}"), asked.headers)
        if asked.method == "GET":
            asked.json({"minutes": self._minutes()})
        else:
            asked.json({"status": "success"}, 202)

    def _take(self, where: str, body: Mapping[str, object], headers: Mapping[str, str]) -> None:
        match where:
            case "/v2/enqueue":
                self._alert(str(body["event_action"]), str(body["dedup_key"]))
            case "/hook":
                self.hooks[headers["webhook-id"]] += 1
            case "/sms":
                self.texts.append(str(body["title"]))
            case "/rung":
                self.rungs[int(str(body["epoch"]))] = str(body["level"])

    def _alert(self, action: str, key: str) -> None:
        """A trigger of an open alert merges; an act on one that is not open is ignored."""
        self.requests[f"{action} {key}"] += 1
        states = self.alerts.setdefault(key, [])
        now = states[-1] if states else "resolved"
        become = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}[action]
        open_ = now != "resolved"
        if (action == "trigger" and not open_) or (action != "trigger" and open_ and become != now):
            states.append(become)

    def _minutes(self) -> list[dict[str, object]]:
        """Everything from four hours before to now; a source that is asked late tells the same."""
        first, last = self.minutes_until - 240, self.minutes_until
        return [
            {
                "who": "refunds",
                "time": minute * WHOLE_MINUTE,
                "her": 18.0 if self.bad[0] <= minute <= self.bad[1] else 2.0,
                "n": 200 + minute % 7,  # the very same numbers for half an hour would be a frozen source
            }
            for minute in range(first, last + 1)
        ]
