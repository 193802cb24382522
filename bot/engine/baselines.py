"""Minutes as the core wants them, and baselines recomputed from them (`product.md` section 4)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.detection import baseline as baselines
from bot.core.detection.evidence_rule import learned_noise
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
NOISE_FRESH_FOR = 1440
"""Minutes after which the noise of a series is learned again: two weeks teach the same an hour later."""


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
        computed = self._computed(agent, series, sli, minute_of(now))
        if computed is not None and known is not None and known[0] is not None and _fresh_noise(known[0], computed):
            computed = replace(computed, noise=known[0].noise, noise_until=known[0].noise_until)
        elif computed is not None:
            computed = self._with_noise(agent, series, sli, minute_of(now), computed)
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
        """The baseline as of an onset with its noise, from history that closed before it and leaves incidents out."""
        found = self._computed(agent, series, sli, onset)
        return found and self._with_noise(agent, series, sli, onset, found)

    def _computed(self, agent: Agent, series: Series, sli: Sli, onset: int) -> Baseline | None:
        rows = self._store.history(series, onset - BASELINE_DAYS * 1440, onset)
        return baselines.frozen(sli, rows, onset, self._excluded(agent, onset), agent.pinned_baseline(series))

    def _with_noise(self, agent: Agent, series: Series, sli: Sli, onset: int, found: Baseline) -> Baseline:
        """Noise is learned from minutes as they came: a roll-up of five has lost what neighbours do not share."""
        if sli.rule != "evidence":
            return found
        rows = self._store.minutes(series, onset - BASELINE_DAYS * 1440, onset)
        history = baselines.healthy(sli, rows, onset, self._excluded(agent, onset))
        return replace(found, noise=learned_noise(sli, history, found), noise_until=onset)

    def _excluded(self, agent: Agent, onset: int) -> Sequence[tuple[int, int]]:
        return self._store.incident_spans(agent.key, minute_start(onset - BASELINE_DAYS * 1440))

    def forget(self) -> None:
        """Drop what is cached: the fleet file changed."""
        self._known.clear()


def _fresh_noise(known: Baseline, computed: Baseline) -> bool:
    return bool(known.noise) and computed.span_end - known.noise_until < NOISE_FRESH_FOR
