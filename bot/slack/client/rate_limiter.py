"""How fast Slack may be written to: a queue for each method, and for each channel where Slack counts those.

Nobody waits in here. What would come too soon is refused before it is sent, and goes back to the outbox with the time
of its place in the queue, so that no worker stands still, one method's wait holds up no other, and two hundred channels
to be made do not ask two hundred times for each place. A page goes ahead of everything else: it takes the next place
even where none is free, and after a 429 the others come a little later.

Slack's limits (docs.slack.dev, "Rate limits"): a message a second in a channel with short bursts above it, 50 edits a
minute, 20 a minute of what makes or changes channels.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from slack_sdk.web import SlackResponse

from bot.slack.client.web_api import Method, SlackError, once

PAGES_FIRST: Final = 0.5
"""Seconds by which everything but pages comes later after a 429."""
ASK_AGAIN: Final = 30.0
"""Seconds after which one with a later place asks again: after a restart nobody remembers the places."""
KEPT: Final = 60.0
"""Seconds for which a place is kept for one that does not come."""


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
    """`left` places at the time `at`, below zero where coming ones are promised; nothing before `held`."""

    left: float
    at: float
    held: float = 0.0
    promised: dict[str, float] = field(default_factory=dict)
    """Who comes again -> when."""

    def place(self, ticket: str, now: float, every: float) -> float:
        """Take a place for `ticket`; returns 0, or the seconds after which it has one."""
        if ticket in self.promised:
            if now >= self.promised[ticket]:
                del self.promised[ticket]
                return 0.0
            return self.promised[ticket] - now
        self.left -= 1
        if self.left >= 0:
            return 0.0
        self.promised = {one: at for one, at in self.promised.items() if at > now - KEPT}
        self.promised[ticket] = now - self.left * every
        return self.promised[ticket] - now


class RateLimiter:
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
        wait = self.wait(name, room, _ticket(arguments), urgent=urgent)
        if wait > 0:
            raise SlackError(f"{name} comes too soon for Slack", "ratelimited", retry_after=wait, untried=True)
        try:
            return once(method, arguments)
        except SlackError as error:
            if error.code == "ratelimited":
                self.hold(name, error.retry_after or 1.0)
            raise

    def wait(self, method: str, room: str = "", ticket: str = "", *, urgent: bool = False) -> float:
        """Take a place for `ticket`; returns 0, or the seconds after which to come again with the same one."""
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
            if urgent:
                queue.left -= 1
                return 0.0
            return min(ASK_AGAIN / self._rate, queue.place(ticket, now, limit.every / self._rate))

    def hold(self, method: str, seconds: float) -> None:
        """Slack asked for patience with a method: nothing of it goes out before, and places are given out anew then."""
        with self._lock:
            whole = self._queues.setdefault((method, ""), _Queue(math.inf, self._monotonic()))
            whole.held = max(whole.held, self._monotonic() + seconds)
            for queue in (queue for (name, _), queue in self._queues.items() if name == method):
                queue.promised, queue.left = {}, max(queue.left, 0.0)


def _ticket(arguments: Mapping[str, object]) -> str:
    """What a call is about, so that one that comes again is known: a message that is edited, a name, a posted effect.

    Two edits of one message are the same: the younger one takes the place of the older.
    """
    return "/".join(str(arguments.get(name, "")) for name in ("channel", "name", "ts", "timestamp", "metadata"))
