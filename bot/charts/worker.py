"""Charts drawn beside the bot: a process of its own draws, so that no acknowledgement and no page waits for matplotlib.

matplotlib holds Python's lock for tenths of a second at a time, and half a second when it is imported. The process
works with low priority. A chart goes there as JSON and comes back as a PNG; an empty one where it cannot be drawn.
"""

import os
import sys
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.core.reports.postmortem_report import Chart
from bot.ports.errors import DeliveryError
from bot.worker_process import WorkerProcess, serve

PATIENCE: Final = 20.0
"""Seconds for one chart: the first one on a machine also gathers its fonts."""
NICE: Final = 10
PARTS: Final = 1
_CHART: Final = TypeAdapter(Chart)

log = structlog.get_logger("stepdown.documents")


class ChartWorker:
    """Draws through one process of its own. Safe to call from several threads; they take turns."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.worker = WorkerProcess("bot.charts.worker", PARTS, patience)

    def draw(self, chart: Chart) -> bytes:
        """Draw one chart; returns a PNG. Raises DeliveryError where that failed; it may be tried again."""
        try:
            (picture,) = self.worker.ask(_CHART.dump_json(chart))
        except OSError as error:
            raise DeliveryError(f"the chart of {chart.series} could not be drawn: {error}") from error
        if not picture:
            raise DeliveryError(f"the chart of {chart.series} could not be drawn", permanent=True)
        return picture

    def close(self) -> None:
        """Let the process go."""
        self.worker.close()


def drawn(body: bytes) -> tuple[bytes]:
    """In the other process: the picture of a chart."""
    from bot.charts.sli_chart import draw  # noqa: PLC0415 - the process that asks need not import it

    try:
        return (draw(_CHART.validate_json(body)),)
    except (ValueError, ArithmeticError, ValidationError, LookupError):
        log.exception("a chart could not be drawn")
        return (b"",)


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
    serve(sys.stdin.buffer, sys.stdout.buffer, PARTS, drawn)
