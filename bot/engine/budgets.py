"""Error budgets of an agent from its stored minutes (`product.md` section 11)."""

from collections.abc import Callable
from datetime import datetime

from bot.core import baseline
from bot.core.budget import PERIOD, Budget, Spending, budget
from bot.core.detection import objective_limit
from bot.core.model import Agent, Series, Sli, minute_of, minute_start
from bot.core.past import DAY, Past
from bot.ports import Store

SETTLED = 2
"""The newest minutes may still change."""
HOURS = 24


class Budgets:
    """Reads a rolling 30 days of minutes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, agent: Agent, now: datetime) -> tuple[Budget, ...]:
        """The budget of every SLI and workflow of an agent, in the order of the fleet file."""
        return tuple(self._one(agent, Series(agent.key, flow, sli.name), sli, now) for flow, sli in agent.slis)

    def _one(self, agent: Agent, series: Series, sli: Sli, now: datetime) -> Budget:
        last = minute_of(now) - SETTLED
        past = Past(series, PERIOD // DAY + 2)
        for row in self._store.minutes(series, last - PERIOD + 1, last):
            past.put(row.minute, row.value, row.n)
        first = last + 1 if past.first is None else past.first
        spending = Spending(sli, past, first, last, self._lines(agent, sli, past, series, last))
        return budget(series, sli, spending.over)

    def _lines(self, agent: Agent, sli: Sli, past: Past, series: Series, last: int) -> Callable[[int], float | None]:
        """The objective by minute.

        A multiple of the baseline goes by what is normal now for the hour of the day: what was normal on each of the
        30 days is not kept.
        """
        if not sli.objective.relative:
            fixed = objective_limit(sli, None)
            return lambda _: fixed
        first, end = baseline.span(sli, last)
        exclude = self._store.incident_spans(agent.key, minute_start(first))
        whole = baseline.frozen(sli, past.between(first, end), last, exclude, agent.pinned_baseline(series))
        lines = [objective_limit(sli, whole)] * HOURS
        for hour in range(HOURS):
            rows = past.hours(first, end, hour * 60, sli.window)
            found = baseline.by_hour(sli, rows, last, hour * 60, exclude)
            lines[hour] = objective_limit(sli, found) if found is not None else lines[hour]
        return lambda minute: lines[minute // 60 % HOURS]
