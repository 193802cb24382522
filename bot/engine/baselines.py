"""Minutes as the core wants them, and baselines recomputed from them (`product.md` section 4)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.detection import baseline as baselines
from bot.core.detection.evidence_rule import companions_of
from bot.core.detection.noise_schedule import noise_due, with_noise
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
LEARN_AT_ONCE = 20
LEARN_WITHIN = timedelta(minutes=1)
"""So many series may learn their noise in a hurry, in so long a time."""


class Baselines:
    """Reads minutes and keeps the baselines of healthy agents up to date."""

    def __init__(self, store: Store, fleet: Callable[[], Fleet]) -> None:
        self._store = store
        self._fleet = fleet
        self._known: dict[Series, tuple[Baseline | None, datetime]] = {}
        self._learned_at: list[datetime] = []

    def rows(self, agents: Sequence[str], first: int, last: int) -> Mapping[Series, Rows]:
        """Minutes of every series of these agents, by minute."""
        return _by_minute(self._store.minutes_of(agents, first, last))

    def rows_of(self, series: Collection[Series], first: int, last: int) -> Mapping[Series, Rows]:
        """Minutes of these series, by minute."""
        return _by_minute(self._store.minutes_of_series(series, first, last))

    def current(self, agent: Agent, series: Series, sli: Sli, now: datetime) -> Baseline | None:
        """What is normal now: computed at most hourly, pinned where history is short, None where neither is there.

        It has the noise that was learned before, if any; learning takes a tenth of a second and is no part of this.
        """
        found, at = self._known_or_stored(series)
        if at is not None and abs(now - at) < (FRESH_FOR if found else RETRY_AFTER):  # the clock may have been set back
            return found
        computed = self._computed(agent, series, sli, minute_of(now))
        if computed is not None and found is not None:
            computed = _with_noise_of(computed, found)
        self._keep(series, computed, now)
        return computed

    def for_judging(self, agent: Agent, series: Series, sli: Sli, now: datetime) -> Baseline | None:
        """The same on the way to a page: its noise is learned where that is due, for a few series in a while.

        The others are judged cautiously until `learn_some` comes to them, or a storm of pages would wait for learning.
        """
        found = self.current(agent, series, sli, now)
        if found is None or not noise_due(sli, found, minute_of(now)) or not self._may_learn(now):
            return found
        return self._learned(agent, series, sli, found, now)

    def _learned(self, agent: Agent, series: Series, sli: Sli, found: Baseline, now: datetime) -> Baseline:
        learned = self._with_noise(agent, series, sli, minute_of(now), found)
        self._keep(series, learned, self._known[series][1])
        return learned

    def _keep(self, series: Series, found: Baseline | None, at: datetime) -> None:
        if found is not None:
            self._store.put_baselines([(series, found)], at)
        self._known[series] = (found, at)

    def _may_learn(self, now: datetime) -> bool:
        recent = [at for at in self._learned_at if timedelta(0) <= now - at < LEARN_WITHIN]
        may = len(recent) < LEARN_AT_ONCE
        self._learned_at = [*recent, now] if may else recent
        return may

    def _known_or_stored(self, series: Series) -> tuple[Baseline | None, datetime | None]:
        """The baseline in hand and when it was computed."""
        known = self._known.get(series)
        if known is None and (stored := self._store.baseline(series)) is not None:
            known = self._known[series] = stored
        return known or (None, None)

    def learn_some(self, limit: int, now: datetime) -> None:
        """Learn the noise of at most `limit` series for which it is due, so that a storm finds it done."""
        done = 0
        for agent in self._fleet().agents.values():
            for workflow, sli in agent.slis:
                series = Series(agent.key, workflow, sli.name)
                if sli.rule != "evidence" or not self._is_due(series, sli, now):
                    continue
                if done >= limit:
                    return
                found = self.current(agent, series, sli, now)
                if found is not None and noise_due(sli, found, minute_of(now)):
                    self._learned(agent, series, sli, found, now)
                done += 1

    def _is_due(self, series: Series, sli: Sli, now: datetime) -> bool:
        known, at = self._known_or_stored(series)
        if known is None:
            return at is None or abs(now - at) >= RETRY_AFTER
        return noise_due(sli, known, minute_of(now))

    def remembered(self, _agent: Agent, series: Series, _sli: Sli, _now: datetime) -> Baseline | None:
        """What was computed last, however old; None where nothing was. For lists: it reads one row and writes none."""
        known = self._known.get(series)
        if known is None:
            stored = self._store.baseline(series)
            return stored[0] if stored else None
        return known[0]

    def freeze(
        self, agent: Agent, series: Series, sli: Sli, onset: int, judged_by: Baseline | None = None
    ) -> Baseline | None:
        """The baseline as of an onset, from history that closed before it and leaves incidents out.

        Its noise is that of the baseline the breach was judged by.
        """
        found = self._computed(agent, series, sli, onset)
        if found is None or judged_by is None:
            return found
        return _with_noise_of(found, judged_by)

    def _computed(self, agent: Agent, series: Series, sli: Sli, onset: int) -> Baseline | None:
        rows = self._store.history(series, onset - BASELINE_DAYS * 1440, onset)
        return baselines.frozen(sli, rows, onset, self._excluded(agent, onset), agent.pinned_baseline(series))

    def _with_noise(self, agent: Agent, series: Series, sli: Sli, onset: int, found: Baseline) -> Baseline:
        """Noise is learned from minutes as they came: a sum of five has lost what neighbours do not share."""
        excluded = self._excluded(agent, onset)

        def history(of: Series, own: Sli) -> Sequence[MinuteRow]:
            rows = self._store.minutes_as_told(of, onset - BASELINE_DAYS * 1440, onset)
            return baselines.healthy(own, rows, onset, excluded)

        others = companions_of(series.workflow, sli, agent.slis)
        beside = [(other, history(series._replace(sli=other.name), other)) for other in others]
        rows = self._store.minutes_as_told(series, onset - BASELINE_DAYS * 1440, onset)
        return with_noise(sli, rows, onset, excluded, found, beside)

    def _excluded(self, agent: Agent, onset: int) -> Sequence[tuple[int, int]]:
        return self._store.incident_spans(agent.key, minute_start(onset - BASELINE_DAYS * 1440))

    def forget(self) -> None:
        """Drop what is cached: the fleet file changed."""
        self._known.clear()


def _by_minute(found: Mapping[Series, Sequence[MinuteRow]]) -> Mapping[Series, Rows]:
    return {series: {row.minute: row for row in rows} for series, rows in found.items()}


def _with_noise_of(found: Baseline, other: Baseline) -> Baseline:
    return replace(found, noise=other.noise, noise_until=other.noise_until, noise_line=other.noise_line)
