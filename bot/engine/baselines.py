"""Minutes as the core wants them, and baselines recomputed from them (`product.md` section 4)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.detection import baseline as baselines
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start
from bot.core.model.slis import Baseline, Sli
from bot.ports.store import Store

Rows = Mapping[int, MinuteRow]

BASELINE_DAYS = 14
FRESH_FOR = timedelta(hours=1)
"""A stored baseline is used this long before it is computed again from closed history."""
RETRY_AFTER = timedelta(minutes=5)
"""Where history was too short, look again after this long."""


class Baselines:
    """Reads minutes and keeps the baselines of healthy agents up to date."""

    def __init__(self, store: Store, fleet: Callable[[], Fleet]) -> None:
        self._store = store
        self._fleet = fleet
        self._known: dict[Series, tuple[Baseline | None, datetime]] = {}

    def rows(self, agents: Sequence[str], first: int, last: int) -> Mapping[Series, Rows]:
        """Minutes of every series of these agents, by minute."""
        found = self._store.minutes_of(agents, first, last)
        return {series: {row.minute: row for row in rows} for series, rows in found.items()}

    def current(self, agent: Agent, series: Series, sli: Sli, now: datetime) -> Baseline | None:
        """What is normal now: computed at most hourly, pinned where history is short, None where neither is there."""
        known = self._known.get(series)
        if known is None:
            stored = self._store.baseline(series)
            known = stored and (stored[0], stored[1])
        if known is not None and now - known[1] < (FRESH_FOR if known[0] else RETRY_AFTER):
            self._known[series] = known
            return known[0]
        computed = self.freeze(agent, series, sli, minute_of(now))
        if computed is not None:
            self._store.put_baselines([(series, computed)], now)
        self._known[series] = (computed, now)
        return computed

    def remembered(self, _agent: Agent, series: Series, _sli: Sli, _now: datetime) -> Baseline | None:
        """What was computed last, however old; None where nothing was. For lists: it reads one row and writes none."""
        known = self._known.get(series)
        if known is None:
            stored = self._store.baseline(series)
            return stored[0] if stored else None
        return known[0]

    def freeze(self, agent: Agent, series: Series, sli: Sli, onset: int) -> Baseline | None:
        """The baseline as of an onset, from history that closed before it and leaves incidents out."""
        rows = self._store.history(series, onset - BASELINE_DAYS * 1440, onset)
        exclude = self._store.incident_spans(agent.key, minute_start(onset - BASELINE_DAYS * 1440))
        return baselines.frozen(sli, rows, onset, exclude, agent.pinned_baseline(series))

    def forget(self) -> None:
        """Drop what is cached: the fleet file changed."""
        self._known.clear()
