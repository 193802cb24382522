"""Charts drawn beside the bot: a process of its own draws, so that no acknowledgement and no page waits for matplotlib.

matplotlib holds Python's lock for tenths of a second at a time, and half a second when it is imported. The process is
started when the first chart is wanted, does one chart at a time with low priority, and ends when its input does, so
that it cannot outlive a bot that was killed. One that dies or takes too long is replaced.

On the wire, both ways: four bytes of length, then the chart as JSON, or the PNG; an empty one where it cannot be drawn.
"""

import os
import select
import struct
import subprocess
import sys
import time
from threading import Lock
from typing import IO, Final

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.core.reports.postmortem_report import Chart
from bot.ports.errors import DeliveryError

PATIENCE: Final = 20.0
"""Seconds for one chart: the first one on a machine also gathers its fonts."""
NICE: Final = 10
_LENGTH: Final = struct.Struct(">I")
_CHART: Final = TypeAdapter(Chart)

log = structlog.get_logger("stepdown.documents")


class ChartWorker:
    """Draws through one process of its own. Safe to call from several threads; they take turns."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def draw(self, chart: Chart) -> bytes:
        """Draw one chart; returns a PNG. Raises DeliveryError where that failed; it may be tried again."""
        asked = _CHART.dump_json(chart)
        with self._lock:
            try:
                picture = self._exchange(asked)
            except (OSError, EOFError) as error:
                self._drop()
                raise DeliveryError(f"the chart of {chart.series} could not be drawn: {error}") from error
        if not picture:
            raise DeliveryError(f"the chart of {chart.series} could not be drawn", permanent=True)
        return picture

    def close(self) -> None:
        """Let the process go."""
        with self._lock:
            self._drop()

    def _exchange(self, asked: bytes) -> bytes:
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise EOFError("it has no pipes")
        process.stdin.write(_LENGTH.pack(len(asked)) + asked)
        process.stdin.flush()
        end = time.monotonic() + self._patience
        size = _LENGTH.unpack(_read(process.stdout, _LENGTH.size, end))[0]
        return _read(process.stdout, size, end)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._drop()
            command = [sys.executable, "-m", "bot.charts.worker"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603 - our own module
        return self._process

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _read(pipe: IO[bytes], size: int, end: float) -> bytes:
    """Exactly `size` bytes. Raises EOFError when the process ended, TimeoutError when it took too long."""
    parts: list[bytes] = []
    while size > 0:
        left = end - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError("it took too long")
        part = os.read(pipe.fileno(), size)
        if not part:
            raise EOFError("the drawing process ended")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Draw what is asked for until the input ends."""
    from bot.charts.sli_chart import draw  # noqa: PLC0415 - the process that asks need not import it

    while len(head := asked.read(_LENGTH.size)) == _LENGTH.size:
        body = asked.read(_LENGTH.unpack(head)[0])
        try:
            picture = draw(_CHART.validate_json(body))
        except (ValueError, ArithmeticError, ValidationError, LookupError):
            log.exception("a chart could not be drawn")
            picture = b""
        answers.write(_LENGTH.pack(len(picture)) + picture)
        answers.flush()


if __name__ == "__main__":
    os.nice(NICE)
    # standard output carries the pictures
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    serve(sys.stdin.buffer, sys.stdout.buffer)
