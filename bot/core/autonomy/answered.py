"""What an agent is answered by one fleet file, and whether another answer allows more (`product.md` section 7)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.core.autonomy.effective_rung import effective_rung
from bot.core.model.fleet import Agent
from bot.core.model.rungs import Ladder, Rung, RungState

WRITES = ("deny", "approve", "capped", "allow")
"""Values of the grant `writes`, from the least to the most."""
HARMLESS = frozenset({"log"})
"""Grants that permit nothing."""


class FileAnswer(NamedTuple):
    """What a workflow is answered by one file."""

    rung: Rung
    configured: str
    """The fallback rung as the file has it."""
    ladder: Ladder

    @property
    def fallback(self) -> Rung:
        """What it drops to out of contact: never above the rung in force."""
        return self.dropped_from(self.rung.name)

    def dropped_from(self, rung: str) -> Rung:
        """What it would drop to from another rung."""
        return self.ladder.rung(self.ladder.lower(rung, self.ladder.or_bottom(self.configured)))


def answered(agent: Agent, ladder: Ladder, states: Sequence[RungState], workflow: str) -> FileAnswer:
    """What a workflow ("": the agent as a whole) is answered by a file with this ladder."""
    level = effective_rung(agent, ladder, states, workflow)
    return FileAnswer(ladder.rung(level), agent.control.fallback_rung, ladder)


def raises(old: Rung, new: Rung, before: Ladder, after: Ladder) -> str:
    """Why the new rung allows more than the old one, or may; "" where it allows no more."""
    if why := loosened(old.grants, new.grants):
        return why
    if old.name == new.name:
        return ""
    for ladder, which in ((before, "the present ladder"), (after, "the new ladder")):
        if {old.name, new.name} <= set(ladder.names()) and ladder.depth(new.name) < ladder.depth(old.name):
            return f"{new.name} is above {old.name} on {which}"
    if new.name not in before.names() and not set(new.grants) - HARMLESS:
        return f"nothing says that {new.name} allows no more: it has no grants and was not on the ladder"
    return ""


def lower_rung(mine: str, ladder: Ladder, other: str, in_force: Ladder) -> Rung:
    """Of two rungs by two ladders the lower one by the ladder in force, with whichever grants of it permit less."""
    name = in_force.lower(in_force.or_bottom(mine), other)
    held = in_force.rung(name)
    if name not in ladder.names():
        return held
    own = ladder.rung(name)
    return own if loosened(own.grants, held.grants) and not loosened(held.grants, own.grants) else held


def grants_more(upper: Mapping[str, object], lower: Mapping[str, object]) -> str:
    """What a lower rung surely permits that the one above it does not; what cannot be compared is left out."""
    for name in sorted(upper.keys() - HARMLESS):
        before, after = upper[name], lower.get(name)
        comparable = type(before) is type(after) and isinstance(before, int | float | list | tuple)
        if before != after and (name == "writes" or before == "deny" or comparable) and _looser(name, before, after):
            return f"{name} {_said(after)} below {_said(before)}"
    return ""


def loosened(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """What the new grants permit that the old ones did not, in words; "" where they permit no more.

    A value that cannot be compared counts as looser: unknown is not safe.
    """
    for name in sorted({*old, *new} - HARMLESS):
        before, after = old.get(name), new.get(name)
        if before != after and _looser(name, before, after):
            return f"{name} {_said(before)} would become {_said(after)}"
    return ""


def _looser(name: str, before: object, after: object) -> bool:
    if name == "writes" and before in WRITES and after in WRITES:
        return WRITES.index(str(after)) > WRITES.index(str(before))
    if after == "deny":
        return False
    if isinstance(before, int | float) and isinstance(after, int | float):
        return after > before
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return not set(map(str, after)) <= set(map(str, before))
    return True


def _said(value: object) -> str:
    return "not restricted" if value is None else repr(value)
