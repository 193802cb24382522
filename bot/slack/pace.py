"""How fast Slack may be written to: a queue for each method, and for each channel where Slack counts those.

Nobody waits in here. What would come too soon is refused before it is sent, with the time after which to come again,
and goes back to the outbox, so that no worker stands still and one method's wait holds up no other. A page goes ahead
of everything else: it takes the next place even where none is free, and after a 429 the others come a little later.

Slack's limits (docs.slack.dev, "Rate limits"): a message a second in a channel with short bursts above it, 50 edits a
minute, 20 a minute of what makes or changes channels.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from slack_sdk.web import SlackResponse

from bot.slack.api import Method, SlackError, once

PAGES_FIRST: Final = 0.5
"""Seconds by which everything but pages comes later after a 429."""


class Limit(NamedTuple):
    """`burst` at once, and `every` so many seconds one more. `by_room`: counted for each channel by itself."""

    burst: float
    every: float
    by_room: bool = False


_CHANNELS = Limit(10, 3.0)
LIMITS: Final[Mapping[str, Limit]] = {
    "chat_postMessage": Limit(5, 1.0, by_room=True),
    "chat_update": Limit(20, 1.2),
    "conversations_create": _CHANNELS,
    "conversations_setTopic": _CHANNELS,
    "conversations_setPurpose": _CHANNELS,
    "pins_add": _CHANNELS,
    "bookmarks_add": _CHANNELS,
}


@dataclass
class _Queue:
    """`left` places at the time `at`; nothing before `held`."""

    left: float
    at: float
    held: float = 0.0


class Pace:
    """Safe for several threads. `rate`: how many times as fast as Slack allows, for a clock that runs faster."""

    def __init__(self, rate: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._lock = threading.Lock()

    def call(self, method: Method, /, **arguments: object) -> SlackResponse:
        """Make one call in its turn. Raises SlackError, `untried` where it is not its turn yet or Slack said so."""
        return self._in_turn(method, "", arguments, urgent=False)

    def post(self, method: Method, room: str, urgent: bool, /, **arguments: object) -> SlackResponse:
        """The same for what Slack counts by channel; what is urgent goes before the rest."""
        return self._in_turn(method, room, arguments, urgent=urgent)

    def _in_turn(self, method: Method, room: str, arguments: Mapping[str, object], *, urgent: bool) -> SlackResponse:
        name = str(getattr(method, "__name__", method))
        wait = self.wait(name, room, urgent=urgent)
        if wait > 0:
            raise SlackError(f"{name} comes too soon for Slack", "ratelimited", retry_after=wait, untried=True)
        try:
            return once(method, arguments)
        except SlackError as error:
            if error.code == "ratelimited":
                self.hold(name, error.retry_after or 1.0)
            raise

    def wait(self, method: str, room: str = "", *, urgent: bool = False) -> float:
        """Take a place; returns 0, or the seconds after which there is one."""
        limit, now = LIMITS.get(method, Limit(math.inf, 0.0)), self._monotonic()
        with self._lock:
            whole = self._queues.setdefault((method, ""), _Queue(limit.burst, now))
            held = whole.held - now + (0.0 if urgent else PAGES_FIRST)
            if whole.held > 0 and held > 0:
                return held
            queue = self._queues.setdefault((method, room), _Queue(limit.burst, now)) if limit.by_room else whole
            if limit.every:
                queue.left = min(limit.burst, queue.left + (now - queue.at) / limit.every * self._rate)
            queue.at = now
            if queue.left < 1 and not urgent:
                return (1 - queue.left) * limit.every / self._rate
            queue.left -= 1
            return 0.0

    def hold(self, method: str, seconds: float) -> None:
        """Slack asked for patience with a method: nothing of it goes out before."""
        with self._lock:
            queue = self._queues.setdefault((method, ""), _Queue(math.inf, self._monotonic()))
            queue.held = max(queue.held, self._monotonic() + seconds)
