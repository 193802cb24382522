"""An agent that goes from the fleet file while one that came lately stays may be that one under its old key.

It is the rename of `raised_by_new_key` in two steps: the new key is added beside the old one, which is taken out later.
So the one that goes is compared with those that came within 30 days and allow more. The way out is to step the one that
stays down: once the old key is gone nobody compares again, and two people may restore it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.core.autonomy.answered import answered
from bot.core.autonomy.file_record import REMEMBERED, FileRecord, fleet_of
from bot.core.autonomy.raised_by_file import rung_to_hold, successor
from bot.core.autonomy.raised_by_new_key import raise_of
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import RungState


def raised_by_gone_key(known: FileRecord, after: Fleet, states: Sequence[RungState], now: datetime) -> list[str]:
    """A sentence for each agent that goes and each that came lately and stands higher, with the way by two people.

    `known`: what was kept of the file in force.
    """
    came = list(_came_lately(known, after, now))
    going = (one for one in fleet_of(known).agents.values() if known.agents[one.key].gone_at is None)
    gone = [one for one in going if successor(one, after) is None]
    said = (_compared(old, new, came_at, known, after, states) for old in gone for new, came_at in came)
    return [sentence for sentence in said if sentence]


def _came_lately(known: FileRecord, after: Fleet, now: datetime) -> Iterator[tuple[Agent, datetime]]:
    """The agents of the new file that are in the one in force already, and when each came."""
    for agent in after.agents.values():
        kept = known.agents.get(agent.key)
        if kept is not None and kept.gone_at is None and kept.came_at is not None and now - kept.came_at < REMEMBERED:
            yield agent, kept.came_at


def _compared(
    old: Agent, new: Agent, came_at: datetime, known: FileRecord, after: Fleet, states: Sequence[RungState]
) -> str:
    was, will = answered(old, known.ladder, states, ""), answered(new, after.ladder, states, "")
    what = raise_of(was, will)
    if not what:
        return ""
    keep = f"keep {old.key} in the file until {came_at + REMEMBERED:%Y-%m-%d}"
    hold = rung_to_hold(was, will)
    down = f"step {new.key} down first (/autonomy {new.key} {hold}), reload, and let two people restore it; or "
    way = f"{down if hold else ''}{keep}"
    return (
        f"agent {old.key}, which is on {was.rung.name}, goes from the file, and {new.key} came to it on "
        f"{came_at:%Y-%m-%d}. If it is the same agent under another key, {what}. A file raises nobody. "
        f"{way[0].upper()}{way[1:]}"
    )
