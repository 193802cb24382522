"""Which of an agent's SLIs its rung moves by itself, read for detection (`core/autonomy/moving_rung.py`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.autonomy.moving_rung import moved_spans, moving_rung
from bot.core.detection.evidence.track import Slot
from bot.core.detection.literal_rule import Rows
from bot.core.model.fleet import Agent
from bot.core.model.rungs import Ladder
from bot.core.model.samples import Series, minute_of
from bot.core.model.slis import Sli
from bot.ports.store import Store

CHANGES_BACK = timedelta(days=90)
"""How far back changes of rung are read: the one before the last may be long ago."""


@dataclass(frozen=True, slots=True)
class MovedByRung:
    """By workflow ("": the agent as a whole): the rung that moves HER and AQDD, and since when none does any more."""

    now: Mapping[str, str]
    """Workflow -> the rung that moves them now, in words; not there where none does."""
    freed_from: Mapping[str, int]
    """Workflow -> the first minute since such a rung was left; not there where none ever was in force."""

    def read(self, series: Series, sli: Sli, rows: Rows) -> Rows:
        """The minutes that say something about the agent, and not about the rung it was on."""
        first = self.freed_from.get(series.workflow, 0) if sli.moved_by_approval else 0
        return {minute: row for minute, row in rows.items() if minute >= first} if first else rows

    def seconds(self, series: Series, sli: Sli, slots: Sequence[Slot]) -> Sequence[Slot]:
        """The same of the running minute's seconds."""
        first = self.freed_from.get(series.workflow, 0) if sli.moved_by_approval else 0
        return [slot for slot in slots if slot.second >= first * 60]

    def moves(self, series: Series, sli: Sli) -> bool:
        """Whether a rung moves the SLI by itself now."""
        return sli.moved_by_approval and series.workflow in self.now


def moved_by_rung(store: Store, ladder: Ladder, agent: Agent, now: datetime) -> MovedByRung:
    """What the committed rungs of an agent move, now and lately."""
    flows = {workflow for workflow, sli in agent.slis if sli.moved_by_approval}
    states = store.rungs(agent.key)
    history = store.rung_history(agent.key, now - CHANGES_BACK)
    moved = {flow: found.words for flow in flows if (found := moving_rung(agent, ladder, states, flow)) is not None}
    spans = {flow: moved_spans(agent, ladder, history, flow) for flow in flows}
    freed = {flow: [span.until for span in found if span.until is not None] for flow, found in spans.items()}
    return MovedByRung(moved, {flow: minute_of(max(ends)) + 1 for flow, ends in freed.items() if ends})
