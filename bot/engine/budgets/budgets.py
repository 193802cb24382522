"""Error budgets of an agent (`product.md` section 11): kept tallies, and the minutes that are not tallied yet."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.backtest.series_history import SeriesHistory
from bot.core.budgets.budget import PERIOD, Budget, budget, target_of
from bot.core.budgets.spending import DAY, HOUR, Burndown, Spent, burndown, over, spans
from bot.core.detection import baseline
from bot.core.detection.literal_rule import objective_limit, reach
from bot.core.formatting.numbers import label
from bot.core.model.fleet import Agent
from bot.core.model.samples import Series, minute_of, minute_start
from bot.core.model.slis import Sli
from bot.ports.store import Store

SETTLED = 2
"""The newest minutes may still change."""
LATE = 2 * HOUR
"""Hours that ended less than this ago are judged once more when a new one is tallied: samples come late."""
HOURS = 24
BRIEF = 6 * HOUR
"""So many minutes are held to the baseline of now; a longer stretch (a first look) to that of each hour of the day."""


class BudgetReader:
    """Reads a rolling 30 days."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, agent: Agent, now: datetime) -> tuple[Budget, ...]:
        """The budget of every SLI and workflow of an agent, in the order of the fleet file."""
        last = minute_of(now) - SETTLED
        kept = self._store.spent([agent.key], last - PERIOD)
        found = []
        for series, sli in _watched(agent):
            known = kept.get(series, ())
            whole = [*known, *self.untallied(agent, series, sli, known, last)]
            lived = last + 1 - whole[0].start if whole else 0
            found.append(budget(series, sli, over(whole, last), lived))
        return tuple(found)

    def burndowns(self, agent: Agent, now: datetime) -> tuple[Burndown, ...]:
        """How each budget went down, for a chart."""
        last = minute_of(now) - SETTLED
        kept = self._store.spent([agent.key], last - PERIOD)
        found = []
        for series, sli in _watched(agent):
            known = kept.get(series, ())
            title = f"{label(sli)} ({series.workflow})" if series.workflow else label(sli)
            whole = [*known, *self.untallied(agent, series, sli, known, last)]
            found.append(burndown(title, whole, target_of(sli)))
        return tuple(found)

    def tally(self, agent: Agent, now: datetime) -> list[tuple[Series, Spent]]:
        """The hours that are over and not kept yet, and the newest kept ones once more, for late samples."""
        last = minute_of(now) - SETTLED
        kept = self._store.spent([agent.key], last - PERIOD)
        fresh: list[tuple[Series, Spent]] = []
        for series, sli in _watched(agent):
            known = kept.get(series, ())
            if known and known[-1].end + HOUR > last + 1:
                continue  # no new hour is over
            early = [span for span in known if span.end <= last - LATE or span.length > HOUR]
            found = self.untallied(agent, series, sli, early, last)
            fresh += [(series, span) for span in found if span.end % HOUR == 0]
        return fresh

    def untallied(self, agent: Agent, series: Series, sli: Sli, known: Sequence[Spent], last: int) -> list[Spent]:
        """The minutes after the newest of `known`, by the hour. Without any, everything that is stored of 30 days."""
        first = known[-1].end if known else last - PERIOD + 1
        past = SeriesHistory(series, PERIOD // DAY + 2)
        for row in self._store.minutes(series, first - sli.window - reach(sli), last):
            past.put(row.minute, row.value, row.n)
        if not known:
            first = max(first, last + 1 if past.first is None else past.first)
        return spans(sli, past, first, last, self._lines(agent, sli, past, series, first, last))

    def _lines(
        self, agent: Agent, sli: Sli, past: SeriesHistory, series: Series, first: int, last: int
    ) -> Callable[[int], float | None]:
        """The objective by minute. A multiple of the baseline hangs on what was normal then."""
        if not sli.objective.relative:
            fixed = objective_limit(sli, None)
            return lambda _: fixed
        stored = self._store.baseline(series)
        if last - first < BRIEF and stored is not None:
            present = objective_limit(sli, stored[0])
            return lambda _: present
        return self._lines_by_hour(agent, sli, past, series, last)

    def _lines_by_hour(
        self, agent: Agent, sli: Sli, past: SeriesHistory, series: Series, last: int
    ) -> Callable[[int], float | None]:
        """What is normal now for each hour of the day: what was normal on each of the days is not kept."""
        first, end = baseline.span(sli, last)
        exclude = self._store.incident_spans(agent.key, minute_start(first))
        whole = baseline.frozen(sli, past.between(first, end), last, exclude, agent.pinned_baseline(series))
        lines = [objective_limit(sli, whole)] * HOURS
        for hour in range(HOURS):
            rows = past.hours(first, end, hour * 60, sli.window)
            found = baseline.by_hour(sli, rows, last, hour * 60, exclude)
            lines[hour] = objective_limit(sli, found) if found is not None else lines[hour]
        return lambda minute: lines[minute // 60 % HOURS]


def _watched(agent: Agent) -> list[tuple[Series, Sli]]:
    return [(Series(agent.key, flow, sli.name), sli) for flow, sli in agent.slis]
