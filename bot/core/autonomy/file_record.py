"""What a fleet file says of rungs, apart from everything else: what is kept of the file that was last let in.

A start is compared with it as a reload is with the file in memory (`docs/design/product.md` section 7): a process that
was away remembers nothing, and another replica may run another file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.rungs import Ladder


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """What one agent is answered where nothing was committed, and which workflows are known."""

    normal: str
    fallback: str
    workflows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The ladder with its grants, and the agents by key."""

    ladder: Ladder
    agents: Mapping[str, AgentRecord]


def record_of(fleet: Fleet) -> FileRecord:
    """What is kept of a fleet file."""
    return FileRecord(
        fleet.ladder,
        {
            key: AgentRecord(agent.normal_rung, agent.control.fallback_rung, agent.workflows)
            for key, agent in sorted(fleet.agents.items())
        },
    )


def after(known: FileRecord | None, new: FileRecord) -> FileRecord:
    """What is kept once a new file is in force: an agent that went from the file may come back, and not with more."""
    gone = known.agents if known is not None else {}
    return FileRecord(new.ladder, dict(sorted({**gone, **new.agents}.items())))


def fleet_of(record: FileRecord) -> Fleet:
    """A fleet that knows nothing but rungs, to be compared with another one."""
    agents = {
        key: Agent(
            key, "", workflows=one.workflows, normal_rung=one.normal, control=ControlSpec(fallback_rung=one.fallback)
        )
        for key, one in record.agents.items()
    }
    return Fleet({}, {}, agents, record.ladder)
