"""Where SLI values come from."""

from dataclasses import dataclass
from typing import Protocol

from bot.core.model.samples import Sample
from bot.core.model.slis import PollQuery


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a source answered: samples (absent series are absent, never 0) and its warnings in words.

    A series of ours whose answer cannot be used (doubled, impossible, too old) has a sample without a value that says
    why. `skew` is the source's clock minus ours in seconds, where the source tells.
    """

    samples: tuple[Sample, ...]
    warnings: tuple[str, ...] = ()
    skew: float | None = None
    remarks: tuple[str, ...] = ()
    """What the source says of the query's text. It puts no number in doubt."""
    strangers: frozenset[tuple[str, str]] = frozenset()
    """(agent, workflow) of series that the query does not speak for, as the source names them; at most STRANGERS."""


STRANGERS = 1_000
"""Series of others that are told of; a shared source may hold many."""


class Source(Protocol):
    """Answers "the value and count of this SLI for these agents, for these minutes"."""

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Samples of minutes `first` to `last` inclusive, `sample.at` inside its minute. Raises SourceError."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
