"""From an incident's own entries to a postmortem draft (`product.md` section 9). Pure.

Facts come from the timeline and the stored minutes alone. What they do not hold is a marked gap; nothing here says what
anybody might have done instead.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.incident import Incident
from bot.core.model import Agent, MinuteRow, Person, RungState, Series
from bot.core.report import Gap, Report
from bot.core.timeline import SealedEntry

__all__ = ["Gap", "Report", "build"]


def build(
    incident: Incident,
    entries: Sequence[SealedEntry],
    *,
    minutes: Mapping[Series, Sequence[MinuteRow]],
    rung_history: Sequence[RungState],
    people: Mapping[str, Person],
    agent: Agent,
    now: datetime,
) -> Report:
    """Draft the postmortem of an incident, open or closed."""
    raise NotImplementedError
