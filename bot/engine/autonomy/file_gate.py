"""The gate before a fleet file: one that would raise a rung or loosen a grant comes into force nowhere.

What is compared with is kept in the database, so a reload, a start and another replica's start are judged alike
(`docs/design/product.md` section 7). The first file of a database is let in: there is nothing to compare it with.
"""

from collections.abc import Sequence

from bot.core.autonomy.file_record import FileRecord, after, fleet_of, record_of
from bot.core.autonomy.raised_by_file import raised_by_file
from bot.core.autonomy.raised_by_gone_key import raised_by_gone_key
from bot.core.autonomy.raised_by_new_key import raised_by_new_key
from bot.core.model.fleet import Fleet
from bot.ports.clock import Clock
from bot.ports.errors import Conflict
from bot.ports.store import RungStore

TRIES = 20
"""Attempts while other replicas put their files in force."""


class FileGate:
    """Lets a fleet file in, or says what it would raise."""

    def __init__(self, store: RungStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def let_in(self, fleet: Fleet) -> Sequence[str]:
        """Put the file in force; a sentence for each thing it would raise, and then nothing is changed."""
        for _ in range(TRIES):
            known = self._store.file_record()
            if raised := self._raised(known, fleet):
                return raised
            try:
                now = self._clock.now()
                self._store.put_file_record(after(known, record_of(fleet), now), known, now)
            except Conflict:  # another replica's file came into force just now
                continue
            return ()
        raise Conflict(f"the file in force changed {TRIES} times while another one was compared with it")

    def _raised(self, known: FileRecord | None, fleet: Fleet) -> Sequence[str]:
        if known is None:
            return ()
        states, now = self._store.rungs(), self._clock.now()
        return [
            *raised_by_file(fleet_of(known), fleet, states),
            *raised_by_new_key(known, fleet, states, now),
            *raised_by_gone_key(known, fleet, states, now),
        ]
