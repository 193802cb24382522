"""What the sources' answers left in doubt, told while it lasts.

A minute keeps its mark in its row, and what may be asked for again stands in rows too (`minute_markers`). Here stands
which queries are in doubt now, so that health and log can say so.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model.samples import MinuteRow
from bot.core.model.slis import PollQuery

TOLD_FOR = timedelta(minutes=5)
"""How long a doubt is told of after it was last seen: answers that are whole now and then are one episode."""
REMARKS = 200
"""Remarks on queries that are remembered, so that each is said once."""


@dataclass(slots=True)
class _Doubted:
    source: str
    text: str
    at: datetime


class Doubts:
    """Told of each answer. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, _Doubted] = {}
        self._remarks: dict[str, None] = {}
        self._unsaid: list[str] = []

    def note(self, query: PollQuery, rows: Sequence[MinuteRow], warnings: Sequence[str], now: datetime) -> None:
        """One answer of the present: what it put in doubt, and its warnings that concern no row of ours."""
        doubted = [row for row in rows if row.doubt]
        if not doubted and not warnings:
            return
        some = f"{len({row.series for row in doubted})} series, such as {doubted[0].series}: " if doubted else ""
        text = f"{query.name}: {some}{doubted[0].doubt if doubted else warnings[0]}"
        with self._lock:
            known = self._known.setdefault(query.name, _Doubted(query.source, text, now))
            known.text, known.at = text, now

    def told(self, now: datetime) -> Mapping[tuple[str, str], str]:
        """(source, query) -> what is in doubt now, in words."""
        with self._lock:
            for known in self._known.values():
                known.at = min(known.at, now)  # later than now where the clock was set back
            over = [name for name, known in self._known.items() if now - known.at > TOLD_FOR]
            for name in over:
                del self._known[name]
            return {
                (known.source, name): known.text for name, known in self._known.items() if now - known.at <= TOLD_FOR
            }

    def remark(self, query: PollQuery, remarks: Sequence[str]) -> None:
        """What a source said of a query's text."""
        with self._lock:
            for remark in remarks:
                text = f"{query.name}: {remark}"
                if text not in self._remarks and len(self._remarks) < REMARKS:
                    self._remarks[text] = None
                    self._unsaid.append(text)

    def take_remarks(self) -> Sequence[str]:
        """Remarks that were not handed out yet, for the log."""
        with self._lock:
            taken, self._unsaid = self._unsaid, []
        return taken
