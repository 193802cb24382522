"""What was measured: series, samples and minutes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple


def minute_of(at: datetime) -> int:
    """Whole minutes since the epoch of an aware datetime."""
    return int(at.timestamp() // 60)


def minute_start(minute: int) -> datetime:
    """The aware UTC datetime at which a minute begins."""
    return datetime.fromtimestamp(minute * 60, UTC)


class Series(NamedTuple):
    """What is measured: one SLI of one agent, for one workflow ("" is the agent as a whole)."""

    agent: str
    workflow: str
    sli: str

    def __str__(self) -> str:
        """Write `agent/sli` or `agent/workflow/sli`."""
        return "/".join(part for part in self if part)


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. `n` is the number of tasks behind the value, None when the source cannot tell."""

    series: Series
    at: datetime
    value: float | None
    n: float | None = None
    degraded: str = ""
    """Why the value is only partly trusted (a partial answer), or why there is none; empty when it is whole."""


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """What is known of one series in one UTC minute of source time. `value` None: asked, and no answer."""

    series: Series
    minute: int
    value: float | None
    n: float | None = None
    doubt: str = ""
    """Why the minute is not to be trusted, in words; empty when it is whole (`docs/design/product.md` section 4)."""
    tail: str = field(default="", repr=False)
    """The values of its tasks, of a percentile (`telemetry.tail`); `value` is then their percentile."""


DOUBT_LENGTH = 200
"""Characters of a reason that are kept: a source may say a page."""


def short_doubt(*reasons: str) -> str:
    """Reasons for doubt as one text of at most DOUBT_LENGTH characters on one line, each once."""
    said = "; ".join(dict.fromkeys(" ".join(reason.split()) for reason in reasons if reason.strip()))
    return said if len(said) <= DOUBT_LENGTH else f"{said[: DOUBT_LENGTH - 1]}…"
