"""The inspector's log: every call of the Web API and every payload sent to the app, with timings."""

from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import count

from bot.localslack.state.refusal import Json

MOST_ENTRIES = 5_000


@dataclass
class Call:
    """One call of a Web API method. `ms` is the time until the answer; the token is never kept."""

    number: int
    at: float
    method: str
    arguments: Json
    answer: Json
    status: int
    ms: float


@dataclass
class Delivery:
    """One payload on its way to the app. `outcome` is None while nobody knows yet."""

    number: int
    at: float
    kind: str
    what: str
    envelope_id: str
    payload: Json
    retry: int = 0
    outcome: str | None = None
    answer: Json = field(default_factory=dict)
    ms: float | None = None
    connection: str | None = None


class Journal:
    """The latest calls and deliveries, oldest first."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque(maxlen=MOST_ENTRIES)
        self.deliveries: deque[Delivery] = deque(maxlen=MOST_ENTRIES)
        self._numbers = count(1)

    def clear(self) -> None:
        """Forget everything, and count from one again."""
        self.calls.clear()
        self.deliveries.clear()
        self._numbers = count(1)

    def note_call(self, at: float, method: str, arguments: Json, answer: Json, status: int, ms: float) -> None:
        """Write down a finished call."""
        self.calls.append(Call(next(self._numbers), at, method, arguments, answer, status, round(ms, 2)))

    def note_delivery(self, at: float, kind: str, what: str, envelope_id: str, payload: Json, retry: int) -> Delivery:
        """Write down a payload that is about to be sent; its outcome is filled in later."""
        entry = Delivery(next(self._numbers), at, kind, what, envelope_id, payload, retry)
        self.deliveries.append(entry)
        return entry

    def calls_as_json(self, since: int = 0, method: str | None = None) -> list[Json]:
        """Calls after entry `since`, only those of `method` when it is given."""
        wanted = (call for call in self.calls if call.number > since)
        return [asdict(call) for call in wanted if method in {None, call.method}]

    def deliveries_as_json(self, since: int = 0) -> list[Json]:
        """Deliveries after entry `since`."""
        return [asdict(entry) for entry in self.deliveries if entry.number > since]
