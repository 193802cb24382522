"""What a fleet file says of rungs, apart from everything else: what is kept of the file that was last let in.

A start is compared with it as a reload is with the file in memory (`docs/design/product.md` section 7): a process that
was away remembers nothing, and another replica may run another file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.rungs import Ladder

REMEMBERED = timedelta(days=30)
"""How long an agent that went from the file is held against one that comes: it may be the same under another key."""


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """What one agent is answered where nothing was committed, and which workflows are known."""

    normal: str
    fallback: str
    workflows: tuple[str, ...] = ()
    gone_at: datetime | None = None
    """When a file without it came into force; None: it is in the file."""
    came_at: datetime | None = None
    """When a file with it came into force after one without; None: it was in the first file, or came before this was
    written down."""


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


def after(known: FileRecord | None, new: FileRecord, now: datetime) -> FileRecord:
    """What is kept once a new file is in force: an agent that went from the file may come back, and not with more."""
    if known is None:
        return new
    before = known.agents
    gone = {key: replace(one, gone_at=one.gone_at or now) for key, one in before.items() if key not in new.agents}
    there = {key: replace(one, came_at=_came(before.get(key), now)) for key, one in new.agents.items()}
    return FileRecord(new.ladder, dict(sorted({**gone, **there}.items())))


def _came(before: AgentRecord | None, now: datetime) -> datetime | None:
    return before.came_at if before is not None and before.gone_at is None else now


def differs(record: FileRecord, fleet: Fleet) -> list[str]:
    """What a fleet file says of rungs that the one in force does not: `the ladder`, and keys of agents."""
    own = record_of(fleet)
    agents = [key for key, one in own.agents.items() if _said(record.agents.get(key)) != one]
    agents += [key for key, one in record.agents.items() if one.gone_at is None and key not in own.agents]
    return [*(["the ladder"] if own.ladder != record.ladder else []), *sorted(agents)]


def _said(kept: AgentRecord | None) -> AgentRecord | None:
    """What the file said of it, whenever it came."""
    return None if kept is None else replace(kept, came_at=None)


def fleet_of(record: FileRecord) -> Fleet:
    """A fleet that knows nothing but rungs, to be compared with another one."""
    agents = {
        key: Agent(
            key, "", workflows=one.workflows, normal_rung=one.normal, control=ControlSpec(fallback_rung=one.fallback)
        )
        for key, one in record.agents.items()
    }
    return Fleet({}, {}, agents, record.ladder)
