"""What is remembered of single minutes beside their rows: which had refused records, which a source left in doubt.

It stands in rows, so that a restart and another replica know it too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.model.samples import MinuteRow, minute_of, short_doubt
from bot.ports.store import MINUTE_MARKER, OnceMarkerStore

KEPT = timedelta(minutes=180)
"""For how long both are looked up: rows are computed anew when a later word on a task comes."""
ASKED = "asked again"
_REFUSED = f"{MINUTE_MARKER}refused records of "


class RefusedRecords:
    """Told of refusals; marks rows.

    A record that is refused says nothing about when its task was done (its clock may be what is wrong), so the minute
    in which it came and the one before are known in part only. What was stored before has its mark in its own row.
    """

    def __init__(self, store: OnceMarkerStore) -> None:
        self._store = store

    def note(self, agent: str, text: str, now: datetime) -> None:
        """Records of this agent were refused now. The first words on a minute stand."""
        for minute in (minute_of(now) - 1, minute_of(now)):
            self._store.once(f"{_REFUSED}{agent}", str(minute), now, wall=0.0, detail=text)

    def marked(self, rows: Sequence[MinuteRow], now: datetime) -> list[MinuteRow]:
        """The rows, with a mark where records of their minute were refused."""
        known = self._known({row.series.agent for row in rows}, now)
        return [_marked(row, known.get((row.series.agent, row.minute), "")) for row in rows] if known else list(rows)

    def _known(self, agents: Iterable[str], now: datetime) -> Mapping[tuple[str, int], str]:
        kinds = {f"{_REFUSED}{agent}": agent for agent in sorted(agents)}
        found = self._store.once_markers(list(kinds), now - KEPT) if kinds else ()
        return {(kinds[one.kind], int(one.period)): one.detail for one in found}


def _marked(row: MinuteRow, why: str) -> MinuteRow:
    return replace(row, doubt=short_doubt(row.doubt, why)) if why and why not in row.doubt else row


class DoubtfulMinutes:
    """Minutes of a query that its source may be able to tell better of: a region that was away is back."""

    def __init__(self, store: OnceMarkerStore) -> None:
        self._store = store

    def note(self, query: str, minutes: Collection[int], now: datetime) -> None:
        """A source put these minutes in doubt."""
        for minute in sorted(minutes):
            self._store.once(_kind(query), str(minute), now, wall=0.0)

    def due(self, query: str, now: datetime) -> Sequence[int]:
        """Doubtful minutes that were not asked for again yet, in order."""
        found = self._store.once_markers([_kind(query)], now - KEPT)
        return sorted(int(one.period) for one in found if not one.outcome)

    def asked(self, query: str, minutes: Collection[int]) -> None:
        """They were asked for again: once is enough."""
        for minute in minutes:
            self._store.set_outcome(_kind(query), str(minute), ASKED, "", wall=0.0)


def _kind(query: str) -> str:
    return f"{MINUTE_MARKER}doubt of {query}"
