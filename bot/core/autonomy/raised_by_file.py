"""What a new fleet file would raise (`product.md` section 7): a file raises nobody, two people do.

Compared is what agents would be answered, before and after: the rung in force for each workflow with its grants, and
the rung that an agent drops to out of contact. A name may go from the file (an agent or workflow that is renamed, a
rung that moves on the ladder) and the rung that was lowered for it goes too: that is a raise as well.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.core.autonomy.answered import FileAnswer, answered, raises
from bot.core.autonomy.effective_rung import effective_rung
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import Ladder, RungState


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
    now = successor(agent, after)
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
        was = answered(agent, before.ladder, states, workflow)
        will = answered(now, after.ladder, states, workflow)
        yield from _of_scope(agent, now.key, workflow, was, will)


def successor(agent: Agent, after: Fleet) -> Agent | None:
    """The agent of the new file that is asked for by this one's name: of its key, or with its key as another name."""
    return after.agents.get(agent.key) or after.agents.get(after.aliases.agents.get(agent.key, ""))


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


def _of_scope(agent: Agent, key: str, workflow: str, was: FileAnswer, will: FileAnswer) -> Iterator[str]:
    whose = f"{agent.key}, workflow {workflow}," if workflow else agent.key
    if why := raises(was.rung, will.rung, was.ladder, will.ladder):
        move = f"would go from {was.rung.name} to {will.rung.name}"
    elif why := raises(was.fallback, will.fallback, was.ladder, will.ladder):
        move = f"would drop to {will.fallback.name} and not to {was.fallback.name} when it is out of contact"
    else:
        return
    scope = f" workflow {workflow}" if workflow else ""
    if key != agent.key:
        yield f"{whose} {move} as {key}: {why}. A file raises nobody. {_way_under_another_key(agent, key, scope, was)}"
    else:
        yield f"{whose} {move}: {why}. A file raises nobody. {_way(key, scope, was, will)}"


def _way_under_another_key(agent: Agent, key: str, scope: str, was: FileAnswer) -> str:
    """A rung that was committed belongs to the old key, so nothing that is done under it holds the new one."""
    if was.rung.name != was.ladder.or_bottom(agent.normal_rung):
        return f"Restore it first, by two people (/autonomy {agent.key} restore{scope}), or keep the key {agent.key}"
    return (
        f"Rename it with its rungs as they are (normal_rung: {was.rung.name}, fallback_rung: {was.fallback.name}), "
        f"reload, pin it (/autonomy {key} pin), change the rungs, reload, and let two people restore it"
    )


def _way(key: str, scope: str, was: FileAnswer, will: FileAnswer) -> str:
    """How two people do it: hold the agent where the new file allows no more than now, reload, restore."""
    hold = rung_to_hold(was, will)
    if hold == was.rung.name:
        first = f"Pin the present rung (/autonomy {key} pin{scope})"
    elif hold:
        first = f"Step it down to {hold} first (/autonomy {key} {hold}{scope})"
    else:
        return "No rung of the new file allows as little: keep the present one on the ladder, and add the new one above"
    return f"{first}, reload, and let two people restore it"


def rung_to_hold(was: FileAnswer, will: FileAnswer) -> str:
    """The highest present rung, from the one in force down, that the new file raises in no way; "" where none is."""
    for rung in was.ladder.rungs[was.ladder.depth(was.rung.name) :]:
        if rung.name not in will.ladder.names():
            continue
        held = will.ladder.rung(rung.name)
        allows = raises(rung, held, was.ladder, will.ladder)
        drops = raises(was.dropped_from(rung.name), will.dropped_from(rung.name), was.ladder, will.ladder)
        if not allows and not drops:
            return rung.name
    return ""
