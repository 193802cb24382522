"""The newest seconds of an agent from its task records, for detection in the minute that is not over yet.

A minute's row pools what came before a fault with what came after it, so a fault that begins late in a minute shows
only in the next one. Five seconds by themselves show it at once (`docs/design/detection.md`, the running minute).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from bot.core.model.samples import Series
from bot.core.telemetry.task_records import QUEUE, TASK_SLIS, TaskRecord, newest_words, values_of

SECONDS = 5
"""Length of a slot."""

TaskSlot = tuple[int, float, float]
"""(first second since the epoch, value in the SLI's unit, tasks)."""


def slots_from_tasks(
    records: Sequence[TaskRecord], series: Collection[Series], judged: Collection[tuple[str, str]] = ()
) -> Mapping[Series, tuple[TaskSlot, ...]]:
    """Every slot in which a series has tasks, oldest first. A queue has no tasks of its own and so no slots.

    `judged`: the (agent, workflow) pairs whose decisions somebody judges (`task_records.minutes_from_tasks`).
    """
    by_slot: defaultdict[int, list[TaskRecord]] = defaultdict(list)
    for record in newest_words(records).values():
        by_slot[int(record.at.timestamp()) // SECONDS * SECONDS].append(record)
    wanted = [one for one in series if one.sli in TASK_SLIS and one.sli != QUEUE]
    found: dict[Series, tuple[TaskSlot, ...]] = {}
    for one in wanted:
        known = (one.agent, one.workflow) in judged
        told = [(second, values_of(one, by_slot[second], judged=known)) for second in sorted(by_slot)]
        found[one] = tuple((second, sum(parts) / len(parts), float(len(parts))) for second, parts in told if parts)
    return found
