"""Pushed records that were refused: the minutes in which that happened are known in part only.

A record that is refused says nothing about when its task was done (its clock may be what is wrong), so the minute in
which it came and the one before are marked. Kept in memory: what was stored before carries its mark in its row.
"""

import threading
from dataclasses import replace

from bot.core.model.samples import MinuteRow, short_doubt

KEPT = 180
"""Minutes for which a refusal is remembered: rows are computed anew when a later word on a task comes."""


class RefusedRecords:
    """Told of refusals; marks rows. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, dict[int, str]] = {}

    def note(self, agent: str, minute: int, text: str) -> None:
        """Records of this agent were refused in this minute; the newest words on a minute stand."""
        with self._lock:
            known = self._known.setdefault(agent, {})
            known[minute - 1], known[minute] = text, text
            for old in [one for one in known if one < minute - KEPT]:
                del known[old]

    def marked(self, row: MinuteRow) -> MinuteRow:
        """The row, with its mark where records of its minute were refused."""
        with self._lock:
            why = self._known.get(row.series.agent, {}).get(row.minute, "")
        return replace(row, doubt=short_doubt(row.doubt, why)) if why and why not in row.doubt else row
