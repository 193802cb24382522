"""What a source or a push reports and nobody watches.

A deployed workflow that the fleet file does not list, a series whose label is missing, an agent that is not ours.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Series

Kind = Literal["unlisted", "unlabelled", "stranger"]
NAME = 200
"""Characters of a foreign name that are kept."""
SHOWN = 3


class Unwatched(NamedTuple):
    """One finding. `agent` is the key of an agent of ours, or empty; `text` says what and what to do."""

    kind: Kind
    agent: str
    workflow: str
    text: str


def unwatched(fleet: Fleet, source: str, sli: str, reported: Iterable[tuple[str, str]]) -> Iterator[Unwatched]:
    """Findings for (agent, workflow) pairs that no query speaks for. One that is off, or asked elsewhere, is none."""
    strangers = set[str]()
    for name, workflow in sorted(reported):
        agent = fleet.agents.get(name)
        if agent is not None:
            yield from _of_agent(agent, source, sli, workflow)
        elif name:
            strangers.add(name[:NAME])
        else:
            whose = f" (workflow {workflow[:NAME]!r})" if workflow else ""
            yield Unwatched("unlabelled", "", "", f"{source} has a series of {sli} that names no agent{whose}")
    if strangers:
        some = ", ".join(repr(name) for name in sorted(strangers)[:SHOWN])
        more = f" and {len(strangers) - SHOWN} more" if len(strangers) > SHOWN else ""
        text = f"{source} reports {sli} of agents that the fleet file does not list: {some}{more}"
        yield Unwatched("stranger", "", "", f"{text}. List them, or leave them out of the query")


def _of_agent(agent: Agent, source: str, sli: str, workflow: str) -> Iterator[Unwatched]:
    watched = agent.series()
    by_workflow = any(one.sli == sli and one.workflow for one in watched) and Series(agent.key, "", sli) not in watched
    if is_unlisted(agent, workflow):
        yield Unwatched("unlisted", agent.key, workflow[:NAME], unlisted(workflow, f"{source} reports {sli} of it"))
    elif not workflow and by_workflow:
        yield Unwatched("unlabelled", agent.key, "", f"{source} has a series of {sli} that names no workflow")


def is_unlisted(agent: Agent, workflow: str) -> bool:
    """Whether the agent's workflows are listed and this one is missing. Without a list all count for the agent."""
    return bool(workflow and agent.workflows and workflow not in agent.workflows)


def unlisted(workflow: str, how: str) -> str:
    """That a workflow is not watched, how that is known, and what to do."""
    name = workflow[:NAME]
    what = "Nobody watches it by itself: list it under `workflows`, or as `aka` of one that is listed"
    return f"workflow {name!r} is not in the fleet file: {how}. {what}"
