"""Whether a number can be what it is taken for: a share of 0.97 read as 0.97 % is either always or never a breach."""

from collections.abc import Iterable

from bot.core.model.slis import Better, Sli

MOST_PERCENT = 105.0
"""A count extrapolated from scrapes may pass its total by a little; by more it counts something else."""
LEAST_TASKS = 0.5
"""A share of so many tasks that less than half of one is in it cannot be a percentage."""
REMEDY = "say `values_in: fraction` if 1 means all, `values_in: percent` if 100 does"


def possible_share(value: float) -> bool:
    """Whether a share in percent can be that much."""
    return 0 <= value <= MOST_PERCENT


def fraction_doubt(sli: Sli, found: Iterable[tuple[float | None, float | None]]) -> str:
    """Say that numbers taken for percent look like fractions; empty where they do not, or where somebody said.

    `found`: (value, tasks behind it or None) as read. Nothing is concluded from 0, which is the same in both. Of a
    share that should be small and tells no counts nothing can be concluded either: `stepdown check` asks about that.
    """
    if sli.unit != "%" or sli.values_in:
        return ""
    known = [(value, n) for value, n in found if value]
    if not known or any(not 0 < value <= 1 for value, _ in known):
        return ""
    least = min((value * n / 100 for value, n in known if n), default=LEAST_TASKS)
    if least < LEAST_TASKS:
        return f"read as percent it would be {least:.2g} of a task: is it a fraction? {REMEDY}"
    if sli.better is Better.HIGHER:
        most = max(value for value, _ in known)
        return f"at most {most:.3g} %, where more is better: is it a fraction? {REMEDY}"
    return ""
