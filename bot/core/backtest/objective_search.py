"""Which objective of an SLI would have paged so many times: looked for among objectives that a person would write.

An objective is the level of the recording, or its baseline, moved in the bad direction by a factor: of a share that
should be high, the other part of it is moved. The looser it is, the fewer pages there are, so each round of replays
with a few candidates narrows down what is left.
"""

from bot.core.model.slis import Better, Objective, Sli

STEP = 1.04
FIRST, LAST = 2, 98
"""Steps of 4 %, from a twelfth past the level to 45 times it: an objective that normal is past is none."""
AT_ONCE = 6
"""Candidates of one round; three rounds tell 97 steps apart."""
WHOLE = 100.0
LEAST = 0.1
"""A level of nothing is moved from here, where the SLI has no `absolute_tolerance`; in its unit."""


def objective_at(sli: Sli, level: float, step: int) -> Objective | None:
    """The objective so many steps from the level, in three digits; None where an SLI can have no such objective."""
    factor = STEP**step
    lower = sli.better is Better.LOWER
    least = sli.absolute_tolerance or LEAST
    if sli.objective.relative:
        return Objective(_rounded(factor if lower else 1 / factor), relative=True)
    if sli.unit == "%" and not lower:
        limit = round(WHOLE - _rounded(max(WHOLE - level, least) * factor), 6)
    else:
        limit = _rounded(max(level, least) * factor if lower else level / factor)
    return Objective(limit) if limit > 0 and (sli.unit != "%" or limit < WHOLE) else None


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


class ObjectiveSearch:
    """The search for one SLI. Ask for `candidates`, then tell how many pages `each` would have sent."""

    def __init__(self, sli: Sli, level: float, pages: int) -> None:
        self._wanted = pages
        self._steps = {
            step: found for step in range(FIRST, LAST + 1) if (found := objective_at(sli, level, step)) is not None
        }
        self._places = sorted(self._steps)
        self._low, self._high = -1, len(self._places)

    @property
    def candidates(self) -> list[Objective]:
        """What is to be tried next, strictest first; empty when the search is over."""
        between = self._high - self._low - 1
        few = min(AT_ONCE, between)
        places = {self._low + 1 + (between * (2 * at + 1)) // (2 * few) for at in range(few)}
        return [self._steps[self._places[place]] for place in sorted(places)]

    def tell(self, pages: dict[Objective, int]) -> None:
        """Take in how many pages each candidate would have sent."""
        for place in range(self._low + 1, self._high):
            sent = pages.get(self._steps[self._places[place]])
            if sent is not None and sent > self._wanted:
                self._low = place
        for place in range(self._high - 1, self._low, -1):
            sent = pages.get(self._steps[self._places[place]])
            if sent is not None and sent <= self._wanted:
                self._high = place

    def loosen(self) -> None:
        """What was found does not do beside the other SLIs: take the next one."""
        self._high = min(self._high + 1, len(self._places))
        self._low = self._high - 1

    @property
    def found(self) -> Objective | None:
        """The strictest objective that does; None where none does."""
        return self._steps[self._places[self._high]] if self._high < len(self._places) else None
