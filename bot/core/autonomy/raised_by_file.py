"""What a new fleet file would raise (`product.md` section 7): a file raises nobody, two people do.

Compared is what agents would be answered, before and after: the rung in force for each workflow, and the grants of that
rung. A name may go from the file (an agent or workflow that is renamed, a rung that moves on the ladder) and the rung
that was lowered for it goes too: that is a raise as well.
"""

from collections.abc import Iterator, Mapping, Sequence

from bot.core.autonomy.effective_rung import effective_rung
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import RungState

WRITES = ("deny", "approve", "capped", "allow")
"""Values of the grant `writes`, from the least to the most."""
HARMLESS = frozenset({"log"})
"""Grants that permit nothing."""


def raised_by_file(before: Fleet, after: Fleet, states: Sequence[RungState]) -> list[str]:
    """What the file would raise, a sentence each with the way to do it by two people; empty where it raises nothing."""
    return [sentence for agent in before.agents.values() for sentence in _of_agent(agent, before, after, states)]


def _of_agent(agent: Agent, before: Fleet, after: Fleet, states: Sequence[RungState]) -> Iterator[str]:
    now = after.agents.get(agent.key)
    if now is None:
        lowest = _lowest(agent, before, states)
        if before.ladder.depth(lowest) > before.ladder.depth(effective_rung(agent, before.ladder, ())):
            yield (
                f"agent {agent.key} is on {lowest} and is not in the new file, so whatever replaces it would start "
                f"unrestricted. Restore it first, by two people (/autonomy {agent.key} restore), or keep its key"
            )
        return
    yield from _gone_workflows(agent, now, before, states)
    for workflow in ("", *(flow for flow in agent.workflows if flow in now.workflows)):
        was = effective_rung(agent, before.ladder, states, workflow)
        will = effective_rung(now, after.ladder, states, workflow)
        yield from _of_scope(agent, workflow, (was, before), (will, after))


def _lowest(agent: Agent, fleet: Fleet, states: Sequence[RungState]) -> str:
    rungs = [effective_rung(agent, fleet.ladder, states, flow) for flow in ("", *agent.workflows)]
    return max(rungs, key=fleet.ladder.depth)


def _gone_workflows(agent: Agent, now: Agent, before: Fleet, states: Sequence[RungState]) -> Iterator[str]:
    whole = effective_rung(agent, before.ladder, states)
    for flow in agent.workflows:
        own = effective_rung(agent, before.ladder, states, flow)
        if flow not in now.workflows and before.ladder.depth(own) > before.ladder.depth(whole):
            yield (
                f"workflow {flow} of {agent.key} is on {own} and is not in the new file, so its tasks would run on "
                f"{whole}. Restore it first, by two people (/autonomy {agent.key} restore), or keep its name"
            )


def _of_scope(agent: Agent, workflow: str, was: tuple[str, Fleet], will: tuple[str, Fleet]) -> Iterator[str]:
    old, new = was[1].ladder.rung(was[0]), will[1].ladder.rung(will[0])
    whose = f"{agent.key}, workflow {workflow}," if workflow else agent.key
    if why := loosened(old.grants, new.grants):
        yield (
            f"{whose} would go from {old.name} to {new.name}: {why}. A file raises nobody. Pin the present rung "
            f"(/autonomy {agent.key} {old.name}), reload, and let two people restore it"
        )


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
