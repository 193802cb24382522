"""What can be made to go wrong, each by one call of `POST /_control/faults`.

A fault is armed for a number of times and disarms itself. `FAULTS` is the table of those there are, with what
each one reproduces; connection faults (`refresh`, `black_hole`, `ghost`) act at once and are done by `sockets.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.localslack.state.refusal import Json, Refusal

FAULTS: dict[str, str] = {
    "rate_limit": "answer `method` with 429, ratelimited and Retry-After `retry_after` seconds, `times` times",
    "server_error": "answer `method` with `status` (default 503) and HTML without doing anything, `times` times",
    "drop_reply": "do what `method` asks, then close the connection without an answer, `times` times",
    "slow_reply": "do what `method` asks, then answer after `seconds`, `times` times",
    "refuse": "answer `method` with ok false and `error`, without doing anything, `times` times",
    "swallow_ack": "take the app's next `times` acknowledgements for lost",
    "delay_ack": "take note of the app's next `times` acknowledgements only after `seconds`",
    "duplicate_event": "send each of the next `times` events twice, with the same event_id",
    "reorder_events": "hold the next event back until the one after it was sent, `times` times",
    "refresh": "tell every connection to reconnect (`reason`, default refresh_requested) and close it",
    "black_hole": "stop reading and answering on every open connection, keep it open and registered",
    "ghost": "register `times` dead connections that get their share of payloads",
    "drop_socket": "cut every connection without a close frame",
    "refuse_socket": "refuse the next `times` handshakes with 503",
    "clear": "disarm everything and forget ghosts and black holes",
}
CONNECTION_FAULTS = frozenset({"refresh", "black_hole", "ghost", "drop_socket"})
METHOD_FAULTS = frozenset({"rate_limit", "server_error", "drop_reply", "slow_reply", "refuse"})
ANY_METHOD = "*"


@dataclass
class Armed:
    """A fault that waits for its next `left` occasions."""

    fault: str
    left: int = 1
    method: str = ANY_METHOD
    settings: Json = field(default_factory=dict)


class Faults:
    """The armed faults, in the order in which they were armed."""

    def __init__(self) -> None:
        self.armed: list[Armed] = []

    def clear(self) -> None:
        """Disarm everything."""
        self.armed.clear()

    def arm(self, request: Json) -> Armed:
        """Arm what a control call asks for; a refusal names the faults there are."""
        fault = request.get("fault")
        if fault not in FAULTS:
            raise Refusal("unknown_fault", detail=f"no fault {fault!r}; there are {', '.join(FAULTS)}")
        times = request.get("times", 1)
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            raise Refusal("invalid_arguments", detail=f"times must be a whole number above 0, found {times!r}")
        method = str(request.get("method", ANY_METHOD))
        armed = Armed(str(fault), times, method, request)
        if fault not in CONNECTION_FAULTS and fault != "clear":
            self.armed.append(armed)
        return armed

    def for_method(self, method: str) -> Armed | None:
        """The fault that strikes this call, used up by one."""
        return self._take(lambda armed: armed.fault in METHOD_FAULTS and armed.method in {ANY_METHOD, method})

    def take(self, fault: str) -> Armed | None:
        """The armed fault of this name, used up by one."""
        return self._take(lambda armed: armed.fault == fault)

    def _take(self, fits: Callable[[Armed], bool]) -> Armed | None:
        found = next((armed for armed in self.armed if fits(armed)), None)
        if found is None:
            return None
        found.left -= 1
        if found.left == 0:
            self.armed.remove(found)
        return found
