"""What one change of rung would raise by the fleet file in force, whatever file the process that asks for it has read.

A command line beside the bot reads the file anew, and a replica may have an older one: what is lower by their file may
be higher by the one that agents are answered from (`docs/design/product.md` section 7).
"""

from collections.abc import Sequence

from bot.core.autonomy.effective_rung import effective_rung
from bot.core.model.fleet import Fleet
from bot.core.model.rungs import RungState


def raised_by_change(in_force: Fleet, states: Sequence[RungState], change: RungState, *, up: int) -> str:
    """Why the change raises a scope by more than `up` rungs; "" where it does not.

    `states`: what was committed before. An agent that the file in force does not have is answered by nobody.
    """
    agent, ladder = in_force.agents.get(change.agent), in_force.ladder
    if agent is None:
        return ""
    others = [one for one in states if (one.agent, one.workflow) != (change.agent, change.workflow)]
    for workflow in ("", *agent.workflows):
        was = effective_rung(agent, ladder, states, workflow)
        will = effective_rung(agent, ladder, [*others, change], workflow)
        if ladder.depth(will) < ladder.depth(was) - up:
            whose = f"{agent.key}, workflow {workflow}," if workflow else agent.key
            return (
                f"By the fleet file in force {whose} is on {was}, so {change.rung} would raise it. The fleet file that "
                "was read here is another one: reload it, or put the one in force back."
            )
    return ""
