"""How much evidence a page needs: set by how many pages by chance are allowed, and by nothing else."""

from dataclasses import dataclass
from math import exp, log

from bot.core.detection.evidence.windows import MINUTES_A_MONTH


@dataclass(frozen=True, slots=True)
class Allowance:
    """Pages by chance that are allowed per agent and month, over all its SLIs together."""

    pages: float = 1.0
    slis: int = 1
    looks_a_minute: float = 1.0
    """More than 1 for the minute that is not over yet: every further look may go wrong."""

    def __post_init__(self) -> None:
        """Raise ValueError for an allowance that allows nothing, or of no SLI."""
        if not (self.pages > 0 and self.slis >= 1 and self.looks_a_minute >= 1):
            raise ValueError(f"an allowance needs pages above 0, SLIs and looks a minute of at least 1, got {self}")

    @property
    def looks(self) -> float:
        """Looks at all SLIs of the agent in a month."""
        return MINUTES_A_MONTH * self.slis * self.looks_a_minute

    @property
    def threshold(self) -> float:
        """The evidence a breach needs: 10.7 for one page, one SLI and one look a minute."""
        return log(self.looks / self.pages)

    def pages_by_chance(self, evidence: float) -> float:
        """How many pages a month an agent would send by chance if this much evidence were enough."""
        return self.looks * exp(-evidence)
