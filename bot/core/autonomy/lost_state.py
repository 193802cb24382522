"""What is remembered of an agent's rung, and is not in what was committed (`docs/design/product.md` section 7).

Two cases. An epoch above the newest that was committed: the database is not what it was. And an epoch that was lost
between two that are known, where a lower rung than the present one was in force: its instance had not been heard yet
when the loss was settled by what the others remember.
"""

from bot.core.model.rungs import Ladder, RememberedRung, RungState


def is_lost(known: RememberedRung, whole: RungState | None, newest: int, ladder: Ladder) -> bool:
    """Whether the database lacks it. `whole`: the agent-wide rung in force; `newest`: the agent's newest epoch."""
    if known.epoch > newest:
        return True
    if whole is None or whole.follows is None or not whole.follows < known.epoch < whole.epoch:
        return False
    return deeper(ladder, known.level, whole.rung)


def deeper(ladder: Ladder, one: str, other: str) -> bool:
    """Whether one rung allows less than another; a name that the ladder lacks allows nothing."""
    return ladder.depth(ladder.or_bottom(one)) > ladder.depth(ladder.or_bottom(other))
