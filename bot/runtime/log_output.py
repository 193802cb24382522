"""What a running process writes to its log: no secret, no payload, and no flood.

One failure that repeats a thousand times a second once filled 157 MB in minutes. The same message is written so many
times a minute; what follows is counted and said in one line.
"""

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bot.core.formatting.redaction import Redact
from bot.core.formatting.terminal_text import visible

A_MINUTE: Final = 60.0
OF_ONE_MESSAGE: Final = 20
"""Lines of one message in a minute."""
OF_ALL: Final = 600
"""Lines of all messages in a minute; errors have as many again."""
SHOWN: Final = 200
KEPT: Final = 1_000
"""Messages that are told apart; beyond that they count as one."""
TIME: Final = "%Y-%m-%d %H:%M:%S"
LIBRARY_LINE: Final = "%(asctime)s [%(level)-9s] %(name)s: %(message)s"
"""A library's message, in the form of our own lines."""
_NUMBERS = re.compile(r"\d+")


@dataclass(slots=True)
class _Count:
    written: int = 0
    held: int = 0
    example: str = ""


class MessageLimit:
    """Counts messages by their text without its numbers. Safe for several threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._since = monotonic()
        self._counts: dict[str, _Count] = {}
        self._written = 0
        self._held: list[str] = []

    def allows(self, message: str, *, severe: bool = False) -> bool:
        """Whether to write it. What is held back is counted."""
        with self._lock:
            self._turn()
            count = self._count(_NUMBERS.sub("#", message[:SHOWN]))
            allowed = count.written < OF_ONE_MESSAGE and self._written < (OF_ALL * 2 if severe else OF_ALL)
            count.written += allowed
            count.held += not allowed
            count.example = count.example or message[:SHOWN]
            self._written += allowed
        return allowed

    def held_back(self) -> list[str]:
        """Return one sentence for each message of which some were held back in minutes that are over; asked once."""
        with self._lock:
            self._turn()
            held, self._held = self._held, []
        return held

    def _turn(self) -> None:
        if self._monotonic() - self._since < A_MINUTE:
            return
        fresh = [f"and {count.held:,} more: {count.example}" for count in self._counts.values() if count.held]
        self._held = [*self._held, *fresh][:KEPT]
        self._counts, self._written, self._since = {}, 0, self._monotonic()

    def _count(self, key: str) -> _Count:
        if key not in self._counts and len(self._counts) >= KEPT:
            key = ""
        return self._counts.setdefault(key, _Count())


class LimitProcessor:
    """A structlog processor that drops an event which was written too often."""

    def __init__(self, limit: MessageLimit) -> None:
        self._limit = limit

    def __call__(self, _logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Pass the event on, or raise DropEvent."""
        said = [str(event.get("event", "")), *(f"{name}={one}" for name, one in event.items() if name in _TOLD_APART)]
        if self._limit.allows(" ".join(said), severe=method in _SEVERE):
            return event
        raise structlog.DropEvent


_TOLD_APART = frozenset({"tick", "lane", "source", "problems"})
"""Fields by which events of one sentence are different messages."""
_SEVERE = frozenset({"error", "exception", "critical"})


class LimitFilter(logging.Filter):
    """The same for messages of libraries."""

    def __init__(self, limit: MessageLimit) -> None:
        super().__init__()
        self._limit = limit

    def filter(self, record: logging.LogRecord) -> bool:
        """Let a record pass, or count it."""
        return self._limit.allows(f"{record.name}: {record.msg}", severe=record.levelno >= logging.ERROR)


class RedactingFormatter(logging.Formatter):
    """Takes secrets out of the whole of what is written, tracebacks too."""

    def __init__(self, redact: Redact) -> None:
        super().__init__(LIBRARY_LINE, TIME)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Format, then redact."""
        record.level = record.levelname.lower()
        return self._redact(super().format(record))


def visible_values(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Show what others wrote so that a terminal which reads the log does not obey it."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = visible(value)
    return event


def configure_logs(level: str, redact: Redact) -> Callable[[], None]:
    """Logs at the wished level; the libraries' own at WARNING, for Bolt logs bodies at INFO.

    Tracebacks are plain. The pretty ones that structlog takes where `rich` is installed show every local variable,
    secrets among them, and cost so much that a bot whose database was away for seconds did nothing else for minutes.

    Returns what says how many messages were held back, to be called each minute.
    """
    in_colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")  # a log file is read as plain text
    limit = MessageLimit()
    output = logging.StreamHandler()
    output.setFormatter(RedactingFormatter(redact))
    output.addFilter(LimitFilter(limit))
    logging.basicConfig(level=logging.WARNING, handlers=[output])
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        processors=[
            LimitProcessor(limit),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            visible_values,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt=TIME, utc=False),
            structlog.dev.ConsoleRenderer(colors=in_colour, exception_formatter=structlog.dev.plain_traceback),
            lambda _logger, _method, line: redact(str(line)),
        ],
    )

    def tell() -> None:
        for sentence in limit.held_back():
            structlog.get_logger("stepdown").warning(sentence)

    return tell
