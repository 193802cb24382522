"""What a new fleet file would raise (`product.md` section 7): a file raises nobody, two people do.

Compared is what agents would be answered, before and after: the rung in force for each workflow with its grants, and
the rung that an agent drops to out of contact. A name may go from the file (an agent or workflow that is renamed, a
rung that moves on the ladder) and the rung that was lowered for it goes too: that is a raise as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.core.autonomy.effective_rung import effective_rung
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import Ladder, Rung, RungState

WRITES = ("deny", "approve", "capped", "allow")
"""Values of the grant `writes`, from the least to the most."""
HARMLESS = frozenset({"log"})
"""Grants that permit nothing."""


class _Answer(NamedTuple):
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


def raised_by_file(before: Fleet, after: Fleet, states: Sequence[RungState]) -> list[str]:
    """What the file would raise, a sentence each with the way to do it by two people; empty where it raises nothing."""
    of_agents = (sentence for agent in before.agents.values() for sentence in _of_agent(agent, before, after, states))
    return [*_reordered(before.ladder, after.ladder), *of_agents]


def _reordered(before: Ladder, after: Ladder) -> Iterator[str]:
    """Rungs that changed places: a step down would be a raise, also where nobody is on either of them now."""
    known = [name for name in before.names() if name in after.names()]
    for upper, lower in pairwise(known):
        if after.depth(upper) > after.depth(lower):
            yield (
                f"the ladder has {lower} above {upper}, and in the file in force it is below. Keep the order of the "
                "rungs, and give one with another meaning another name"
            )


def _of_agent(agent: Agent, before: Fleet, after: Fleet, states: Sequence[RungState]) -> Iterator[str]:
    now = _successor(agent, after)
    if now is None:
        lowest = _lowest(agent, before, states)
        if before.ladder.depth(lowest) > before.ladder.depth(effective_rung(agent, before.ladder, ())):
            yield (
                f"agent {agent.key} is on {lowest} and is not in the new file, so whatever replaces it would start "
                f"unrestricted. Restore it first, by two people (/autonomy {agent.key} restore), or keep its key"
            )
        return
    yield from _gone_workflows(agent, now, before, states)
    yield from _new_workflows(agent, now, before, states)
    for workflow in ("", *(flow for flow in agent.workflows if flow in now.workflows)):
        was = _answered(agent, before.ladder, states, workflow)
        will = _answered(now, after.ladder, states, workflow)
        yield from _of_scope(agent.key, workflow, was, will)


def _successor(agent: Agent, after: Fleet) -> Agent | None:
    """The agent of the new file that is asked for by this one's name: of its key, or with its key as another name."""
    return after.agents.get(agent.key) or after.agents.get(after.aliases.agents.get(agent.key, ""))


def _answered(agent: Agent, ladder: Ladder, states: Sequence[RungState], workflow: str) -> _Answer:
    level = effective_rung(agent, ladder, states, workflow)
    return _Answer(ladder.rung(level), agent.control.fallback_rung, ladder)


def _lowest(agent: Agent, fleet: Fleet, states: Sequence[RungState]) -> str:
    rungs = [effective_rung(agent, fleet.ladder, states, flow) for flow in ("", *agent.workflows)]
    return max(rungs, key=fleet.ladder.depth)


def _gone_workflows(agent: Agent, now: Agent, before: Fleet, states: Sequence[RungState]) -> Iterator[str]:
    """A workflow's own rung goes with its name, also where the agent as a whole is lower still: for now."""
    ladder = before.ladder
    normal = ladder.depth(ladder.or_bottom(agent.normal_rung))
    for state in states:
        own = ladder.or_bottom(state.rung)
        gone = state.workflow in agent.workflows and state.workflow not in now.workflows
        if gone and state.agent == agent.key and ladder.depth(own) > normal:
            yield (
                f"workflow {state.workflow} of {agent.key} is on {own} and is not in the new file, so its tasks would "
                f"run as the whole agent does. Restore it first, by two people (/autonomy {agent.key} restore workflow "
                f"{state.workflow}), or keep its name"
            )


def _new_workflows(agent: Agent, now: Agent, before: Fleet, states: Sequence[RungState]) -> Iterator[str]:
    """A name that the file does not have is answered with the lowest rung of any: to add it is to lift that."""
    ladder = before.ladder
    whole = effective_rung(agent, ladder, states)
    for flow in now.workflows:
        lowest = effective_rung(agent, ladder, states, flow)
        if flow not in agent.workflows and ladder.depth(lowest) > ladder.depth(whole):
            yield (
                f"workflow {flow} of {agent.key} is new and is answered {lowest} until now, as any unknown name; it "
                f"would be answered {whole}. Restore the workflow that is on {lowest} first, by two people "
                f"(/autonomy {agent.key} restore workflow NAME), or add the new one afterwards"
            )


def _of_scope(key: str, workflow: str, was: _Answer, will: _Answer) -> Iterator[str]:
    whose = f"{key}, workflow {workflow}," if workflow else key
    if why := _raises(was.rung, will.rung, was.ladder, will.ladder):
        move = f"would go from {was.rung.name} to {will.rung.name}"
    elif why := _raises(was.fallback, will.fallback, was.ladder, will.ladder):
        move = f"would drop to {will.fallback.name} and not to {was.fallback.name} when it is out of contact"
    else:
        return
    scope = f" workflow {workflow}" if workflow else ""
    yield f"{whose} {move}: {why}. A file raises nobody. {_way(f'{key}', scope, was, will)}"


def _raises(old: Rung, new: Rung, before: Ladder, after: Ladder) -> str:
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


def _way(key: str, scope: str, was: _Answer, will: _Answer) -> str:
    """How two people do it: hold the agent where the new file allows no more than now, reload, restore."""
    hold = _hold(was, will)
    if hold == was.rung.name:
        first = f"Pin the present rung (/autonomy {key} pin{scope})"
    elif hold:
        first = f"Step it down to {hold} first (/autonomy {key} {hold}{scope})"
    else:
        return "No rung of the new file allows as little: keep the present one on the ladder, and add the new one above"
    return f"{first}, reload, and let two people restore it"


def _hold(was: _Answer, will: _Answer) -> str:
    """The highest present rung, from the one in force down, that the new file raises in no way; "" where none is."""
    for rung in was.ladder.rungs[was.ladder.depth(was.rung.name) :]:
        if rung.name not in will.ladder.names():
            continue
        held = will.ladder.rung(rung.name)
        allows = _raises(rung, held, was.ladder, will.ladder)
        drops = _raises(was.dropped_from(rung.name), will.dropped_from(rung.name), was.ladder, will.ladder)
        if not allows and not drops:
            return rung.name
    return ""


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
