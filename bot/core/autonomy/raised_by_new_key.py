"""An agent that comes to the fleet file where another one went may be the same agent under another key.

What was lowered for a key stays with the key, and a new key begins where the file says. So a key that comes is compared
with those that go in the same file, and with those that went lately: it may begin no higher than the lowest of them
(`docs/design/product.md` section 7: a file raises nobody). The other order stands in `raised_by_gone_key`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.core.autonomy.answered import FileAnswer, answered, raises
from bot.core.autonomy.file_record import REMEMBERED, FileRecord, fleet_of
from bot.core.autonomy.raised_by_file import successor
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import RungState


def raised_by_new_key(known: FileRecord, after: Fleet, states: Sequence[RungState], now: datetime) -> list[str]:
    """A sentence for each key that would begin above an agent it may replace, with the way to do it by two people.

    `known`: what was kept of the file in force. An agent whose old key the new file has as another name (`aka`) is
    compared by name, as a change of that agent.
    """
    ladder = known.ladder
    gone = [(agent, answered(agent, ladder, states, "")) for agent in _gone(known, after, now)]
    found: list[str] = []
    for agent in after.agents.values():
        if agent.key in known.agents and known.agents[agent.key].gone_at is None:
            continue
        will = answered(agent, after.ladder, states, "")
        raised = ((old, was, raise_of(was, will)) for old, was in gone if old.key != agent.key)
        found += [_told(agent, old, known, was, what) for old, was, what in raised if what][:1]
    return found


def _gone(known: FileRecord, after: Fleet, now: datetime) -> Iterator[Agent]:
    """The agents that nobody is by name in the new file, as far as they were in the one in force lately."""
    for agent in fleet_of(known).agents.values():
        gone_at = known.agents[agent.key].gone_at
        if successor(agent, after) is None and (gone_at is None or now - gone_at < REMEMBERED):
            yield agent


def raise_of(was: FileAnswer, will: FileAnswer) -> str:
    """What the second agent would have more of if it were the first one; "" where nothing."""
    if why := raises(was.rung, will.rung, was.ladder, will.ladder):
        return f"it would go from {was.rung.name} to {will.rung.name}: {why}"
    if why := raises(was.fallback, will.fallback, was.ladder, will.ladder):
        return f"it would drop to {will.fallback.name} and not to {was.fallback.name} when it is out of contact: {why}"
    return ""


def _told(agent: Agent, old: Agent, known: FileRecord, was: FileAnswer, what: str) -> str:
    gone_at = known.agents[old.key].gone_at
    gone = f"went from it on {gone_at:%Y-%m-%d}" if gone_at is not None else "is not in the new one"
    return (
        f"agent {agent.key} comes to the file, and {old.key}, which is on {was.rung.name}, {gone}. If it is the same "
        f"agent under another key, {what}. A file raises nobody. Let {agent.key} begin there (normal_rung: "
        f"{was.rung.name}, fallback_rung: {was.fallback.name}), reload, pin it (/autonomy {agent.key} pin), change the "
        f"rungs, reload, and let two people restore it; or keep the key {old.key}"
    )
