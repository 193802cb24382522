"""What is to be made good: the writes that reached a tool, or may have, what cannot be undone first."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from bot.core.enforcement.actions import DONE, ActionOutcome, AgentAction
from bot.core.enforcement.approvals import UNDONE
from bot.core.formatting.numbers import short
from bot.core.formatting.one_line import one_line
from bot.core.formatting.plurals import plural
from bot.core.model.tools import Reversible

ORDER: Final[tuple[Reversible, ...]] = ("no", "unknown", "by hand", "yes")
"""What is looked at first: what cannot be undone, and what nobody knows that of."""
COLUMNS: Final = (
    *("at", "tool", "amount", "reversible", "outcome", "workflow", "task", "rung", "arguments", "id"),
    *("made good", "by"),
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""


def undo_list(actions: Sequence[AgentAction]) -> list[AgentAction]:
    """The writes among them that were passed on, irreversible ones first; one that failed may have done a part."""
    done = (one for one in actions if one.writes and one.outcome in DONE)
    return sorted(done, key=lambda one: (ORDER.index(one.reversible), one.began, one.id))


def heading(agent: str, listed: Sequence[AgentAction], span: str, *, cut: bool, every: bool) -> str:
    """How many there are, of which the outcome is not known, and what the list does not show."""
    what = plural(len(listed), "call" if every else "write")
    unknown = sum(one.outcome in (ActionOutcome.UNKNOWN, ActionOutcome.RUNNING) for one in listed)
    doubt = f", of {unknown} nobody knows whether it was done" if unknown else ""
    more = " Only the newest are shown; --limit shows more." if cut else ""
    return f"{agent}, last {span}: {what}{doubt}.{more} What did not go through a gateway was not seen."


def as_rows(listed: Sequence[AgentAction]) -> list[tuple[str, ...]]:
    """A line each, for a terminal."""
    return [
        (
            f"{one.began:%Y-%m-%d %H:%M:%S}",
            one.outcome,
            one.tool,
            "" if one.amount is None else short(one.amount),
            _undo(one),
            one.reason if one.outcome is not ActionOutcome.PASSED else "",
        )
        for one in listed
    ]


def _undo(one: AgentAction) -> str:
    return UNDONE[one.reversible] if one.writes else "a read"


def as_csv(listed: Sequence[AgentAction]) -> str:
    """The same for a spreadsheet, with room for a tick and a name. No cell is a formula, whatever an agent wrote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in listed:
        amount = "" if one.amount is None else short(one.amount)
        facts = (one.began.isoformat(timespec="seconds"), one.tool, amount, one.reversible, str(one.outcome))
        more = (one.workflow, one.task, one.level, one.arguments, one.id, "", "")
        writer.writerow([_cell(cell) for cell in (*facts, *more)])
    return out.getvalue()


def _cell(text: str) -> str:
    plain = one_line(text)
    return f"'{plain}" if text.startswith(FORMULA) or plain.startswith(FORMULA) else plain
