"""What is judged: one series of minutes, its kind, its bad direction and its objective."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["share", "mean", "depth"]


class Minute(NamedTuple):
    """One closed minute: its value in the SLI's unit (a share in percent) and the tasks behind it."""

    minute: int
    value: float
    n: float = 1.0
    """Tasks; 1 for a depth, which has no counts."""


class Slot(NamedTuple):
    """Five seconds of the minutes that are not closed yet: their first second (epoch), value and tasks."""

    second: int
    value: float
    n: float


@dataclass(frozen=True, slots=True)
class JudgedSeries:
    """One SLI of one agent as the rule sees it; `objective` and `lift` in the SLI's unit."""

    kind: Kind
    objective: float
    rising_is_bad: bool = True
    lift: float = 0.0
    """Added to means and depths before logarithms are taken (the SLI's `absolute_tolerance`): a baseline of 0 works."""

    @property
    def line(self) -> float:
        """The objective in badness: a share of bad tasks (0 to 1), or a value that grows in the bad direction."""
        return self.bad(self.objective)

    def bad(self, value: float) -> float:
        """A value of the SLI as badness, before any logarithm: DQR 92 % -> 0.08, TIE 3.2 -> 3.2, score 4.5 -> -4.5."""
        if self.kind == "share":
            share = min(max(value / 100, 0.0), 1.0)
            return share if self.rising_is_bad else 1 - share
        return value if self.rising_is_bad else -value

    def shown(self, badness: float) -> float:
        """Badness as a value of the SLI: the inverse of `bad`."""
        if self.kind == "share":
            return 100 * (badness if self.rising_is_bad else 1 - badness)
        return badness if self.rising_is_bad else -badness

    def sums(self, minutes: Sequence[Minute]) -> list[tuple[int, float, float]]:
        """(minute, summed badness, n) of every minute that holds tasks, oldest first; a doubled minute counts once."""
        told = {known.minute: known for known in minutes if known.n > 0}
        return [(at, self.bad(told[at].value) * told[at].n, told[at].n) for at in sorted(told)]
