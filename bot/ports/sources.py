"""Where SLI values come from."""

from dataclasses import dataclass
from typing import Protocol

from bot.core.model.samples import Sample
from bot.core.model.slis import PollQuery


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a source answered: samples (absent series are absent, never 0) and its warnings in words.

    `skew` is the source's clock minus ours in seconds, where the source tells.
    """

    samples: tuple[Sample, ...]
    warnings: tuple[str, ...] = ()
    skew: float | None = None


class Source(Protocol):
    """Answers "the value and count of this SLI for these agents, for these minutes"."""

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Samples of minutes `first` to `last` inclusive, `sample.at` inside its minute. Raises SourceError."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
