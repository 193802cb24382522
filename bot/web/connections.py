"""How many connections a listener holds, and for how long: whoever is slow or many keeps nobody else out.

Each connection takes a descriptor, and the database, the pagers and the sources need theirs. So a listener has a share
of the process's limit, and one address has a share of that. Where a share is used up, the connection that has kept us
waiting longest makes room; one whose request is being answered is left alone. Every phase of a connection has a
deadline: the head of a request, its body, and the answer with its reading.
"""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import h11
import structlog
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from bot.web.framing import StrictConnection

RESERVE: Final = 256
"""Descriptors kept for the database, the pagers, the sources and Slack."""
FEWEST: Final = 64
MOST: Final = 4_096
TELL_EVERY: Final = 60.0
"""Seconds between two log lines about connections that were dropped."""
FULL: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"

log = structlog.get_logger("stepdown.http")


class Phase(Enum):
    """What a connection is at."""

    WAITING = "no request was sent in time"
    RECEIVING = "the body was not sent in time"
    ANSWERING = "the answer was not given or read in time"


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """Connections in all and of one address; seconds for a request's head, its body, and its answer."""

    most: int
    of_one_address: int
    head: float = 10.0
    body: float = 30.0
    answer: float = 60.0

    @classmethod
    def of_process(cls) -> "ListenerLimits":
        """A share of the descriptors that this process may have."""
        return cls.of_descriptors(resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    @classmethod
    def of_descriptors(cls, limit: int) -> "ListenerLimits":
        """Half of what the reserve leaves, and three quarters of that for one address: a proxy has only one."""
        left = MOST * 2 if limit == resource.RLIM_INFINITY else limit - RESERVE
        most = max(FEWEST, min(MOST, left // 2))
        return cls(most, most * 3 // 4)

    def seconds(self, phase: Phase) -> float:
        """How long a connection may be at one phase of one request."""
        return {Phase.WAITING: self.head, Phase.RECEIVING: self.body, Phase.ANSWERING: self.answer}[phase]


class LimitedProtocol(H11Protocol):
    """uvicorn's protocol, known to the register of connections, which reads requests in one way only."""

    conn: StrictConnection

    def __init__(
        self,
        register: "OpenConnections",
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._register = register
        self.conn = StrictConnection()
        self.mark: tuple[int, Phase] = (0, Phase.WAITING)
        """The request and phase that were seen last, and since when (monotonic)."""
        self.since = 0.0

    @property
    def address(self) -> str:
        """The peer's address; "" where it has none."""
        return self.client[0] if self.client else ""

    @property
    def phase(self) -> Phase:
        """What the connection is at now."""
        if self.conn.their_state is h11.IDLE:
            return Phase.WAITING
        return Phase.RECEIVING if self.conn.their_state is h11.SEND_BODY else Phase.ANSWERING

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Take a place, or say that there is none."""
        super().connection_made(transport)
        if not self._register.admit(self):
            transport.write(FULL)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._register.leave(self)
        super().connection_lost(exc)

    def drop(self) -> None:
        """End the connection at once, whatever was not read of it."""
        self.transport.abort()


class OpenConnections:
    """The connections of one listener, oldest first. All of it runs on the loop of the server."""

    def __init__(self, limits: ListenerLimits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._open: dict[LimitedProtocol, None] = {}
        self._of: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()
        self._told_at = monotonic()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, new: LimitedProtocol) -> bool:
        """Register a connection; where its share is used up, the one that waits longest goes. False: none could go."""
        limits, address = self._limits, new.address
        if self._of[address] >= limits.of_one_address:
            admitted = self._make_room(one for one in self._open if one.address == address)
        else:
            admitted = len(self._open) < limits.most or self._make_room(self._open)
        if not admitted:
            self._count("no place was free")
            return False
        new.since = self._monotonic()
        self._open[new] = None
        self._of[address] += 1
        return True

    def leave(self, one: LimitedProtocol) -> None:
        """Forget a connection that is gone."""
        if one in self._open:
            del self._open[one]
            self._of[one.address] -= 1
            if not self._of[one.address]:
                del self._of[one.address]

    def _make_room(self, among: Iterable[LimitedProtocol]) -> bool:
        receiving: LimitedProtocol | None = None
        for one in among:
            if one.phase is Phase.WAITING:
                self._drop(one, "made room")
                return True
            if receiving is None and one.phase is Phase.RECEIVING:
                receiving = one
        if receiving is not None:
            self._drop(receiving, "made room")
        return receiving is not None

    def _drop(self, one: LimitedProtocol, why: str) -> None:
        self.leave(one)
        self._count(why)
        one.drop()

    def _count(self, why: str) -> None:
        self._untold[why] += 1
        self.dropped += 1

    def sweep(self) -> None:
        """End what is past its deadline, and tell now and then how many were ended."""
        now = self._monotonic()
        for one in list(self._open):
            mark = one.conn.requests, one.phase
            if mark != one.mark:
                one.mark, one.since = mark, now
            elif now - one.since > self._limits.seconds(one.phase):
                self._drop(one, one.phase.value)
        if self._untold and now - self._told_at >= TELL_EVERY:
            counted = ", ".join(f"{why}: {count}" for why, count in sorted(self._untold.items()))
            log.warning("HTTP connections were ended before their time", why=counted, still_open=len(self._open))
            self._untold.clear()
            self._told_at = now
