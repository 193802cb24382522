"""One series during a replay: its minutes, the line it is held to, and what it spent of its budget. Pure."""

from collections.abc import Sequence

from bot.core.backtest.series_history import DAY, SeriesHistory
from bot.core.budgets.budget import PERIOD, Tally, method_of, tasks_of
from bot.core.detection import baseline as baselines
from bot.core.detection.literal_rule import Measure, answered, blind_for, call_of, measure, objective_limit, reach
from bot.core.model.fleet import Agent
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Breach, Call, Sli

LOOK_BACK = 90
"""Minutes that detection reads, as in a running bot."""
BLIND_AFTER = 5
"""Minutes UNKNOWN that make an agent blind (`product.md` section 4)."""
KEPT_DAYS = baselines.MOST_DAYS + 2
"""A baseline looks back 14 days from a guard before onset, and blocks are whole days."""
RETRY = 5
"""Minutes after which a history that was too short is looked at again."""
GROWTH = 20
"""A baseline of all hours is good until its history has grown by a twentieth."""

WEEK = 7 * DAY

Spans = Sequence[tuple[int, int]]


class SeriesReplay:
    """What is known of one series. Samples go in by `take`, in order of time; `judge` is asked once a minute."""

    def __init__(self, series: Series, sli: Sli, agent: Agent) -> None:
        self.series = series
        self.sli = sli
        self.past = SeriesHistory(series, KEPT_DAYS)
        self.recent: dict[int, MinuteRow] = {}
        self.newest = -1
        self.baseline: Baseline | None = None
        self._pinned = agent.pinned_baseline(series)
        self._since = -1
        self._answered = self._dense_from = -1
        self._reach = reach(sli)
        self._counts_tasks = method_of(sli) == "occurrences"
        self._limit = objective_limit(sli, None)
        self._relative = sli.objective.relative
        self._fresh_until = self._exact_until = self._edge_until = -1
        self._edge: float | None = None
        self._by_hour: dict[int, tuple[int, float | None]] = {}
        self._suspect = 0
        self._days: dict[int, list[float]] = {}
        self._day = -1
        self._today = [0.0, 0.0, 0.0]

    @property
    def seen(self) -> bool:
        """True from the first sample on."""
        return self.newest >= 0

    def take(self, minute: int, value: float | None, n: float | None) -> None:
        """One sample. The last of several in a minute wins."""
        row = MinuteRow(self.series, minute, value, n)
        recent = self.recent
        if minute - self.newest > 1:
            self._after_gap(minute)
        recent[minute] = row
        recent.pop(minute - LOOK_BACK - 1, None)
        self.newest = minute
        self.past.put(minute, value, n)
        if answered(row):
            if minute - self._answered > BLIND_AFTER:
                self._dense_from = minute
            self._answered = minute

    def _after_gap(self, minute: int) -> None:
        if self._since < 0:
            self._since = minute
        for old in [each for each in self.recent if each < minute - LOOK_BACK]:
            del self.recent[old]

    def judge(self, minute: int, known: Breach | None, spans: Spans) -> Call:
        """The call on a minute, as detection makes it; it is counted in the budget too. `spans`: incidents so far."""
        measured = measure(self.sli, self.recent, minute)
        if known is not None:
            limit = objective_limit(self.sli, known.baseline)
            self._suspect = self.sli.sustain - 1
        else:
            limit = self._line(measured, minute, spans)
        call = call_of(self.sli, measured, limit)
        self._spend(minute, measured, call)
        return call

    def _line(self, measured: Measure, minute: int, spans: Spans) -> float | None:
        """The objective as it stands now. A multiple of the baseline is worked out afresh only where it can matter.

        A baseline lies between the lowest and the highest value it is made of, so what is fine whichever of them it
        were is fine; and no breach can come of fewer minutes than `sustain`. Where only the budget hangs on it, a
        baseline of this hour of the day that is up to a week old will do.
        """
        if not self._relative or minute < self._fresh_until:
            return self._limit
        edge = self._strictest(minute)
        due = self.baseline is None or minute >= self._exact_until
        if not due and call_of(self.sli, measured, edge) is not Call.BAD:
            self._suspect = 0
            return edge
        self._suspect += 1
        if due or self._suspect >= self.sli.sustain:
            self.renew(minute, spans)
            return self._limit
        return self._usual(minute, spans)

    def _usual(self, minute: int, spans: Spans) -> float | None:
        """The line by this hour of the day, at most a week old."""
        hour = minute // 60 % 24
        until, line = self._by_hour.get(hour, (-1, None))
        if minute < until:
            return line
        found = self._of_the_hour(minute // 60 * 60, spans)
        if found is None:
            self.renew(minute, spans)
            return self._limit
        line = objective_limit(self.sli, found)
        self._by_hour[hour] = minute + WEEK, line
        return line

    def _strictest(self, minute: int) -> float | None:
        """The line for the baseline that allows least, among all that the kept minutes could give."""
        if minute >= self._edge_until:
            self._edge_until = (minute // 60 + 1) * 60
            low, high = self.past.range()
            edges = (value for value in (low, high, self._pinned) if value is not None)
            lines = [objective_limit(self.sli, Baseline(value, 0, 0, 0, 0, 0, "")) or 0.0 for value in edges]
            self._edge = min(lines) if self.sli.better == "lower" else max(lines)
        return self._edge

    def renew(self, minute: int, spans: Spans) -> None:
        """Compute the baseline as of the top of the hour (every five minutes while there is none)."""
        if not self._relative or minute < self._fresh_until:
            return
        onset = minute // 60 * 60 if self.baseline is not None else minute // RETRY * RETRY
        found = self._of_the_hour(onset, spans)
        if found is None:
            found = self._of_all_hours(onset, spans)
            first = self.past.first or onset
            lasts = max(60, (onset - first) // GROWTH) if found is not None else RETRY
        else:
            lasts = 60
        self.baseline, self._limit = found, objective_limit(self.sli, found)
        self._fresh_until, self._exact_until = onset + lasts, onset + DAY
        self._suspect = self.sli.sustain - 1

    def frozen(self, onset: int, spans: Spans) -> Baseline | None:
        """The baseline frozen at an onset, as `baseline.frozen` finds it in the whole fortnight."""
        return self._of_the_hour(onset, spans) or self._of_all_hours(onset, spans)

    def _of_the_hour(self, onset: int, spans: Spans) -> Baseline | None:
        first, end = baselines.span(self.sli, onset)
        if end - (self.past.first or onset) < DAY:
            return None  # three days of one hour are more than a day apart
        rows = self.past.hours(first, end, onset, self.sli.window)
        return baselines.by_hour(self.sli, rows, onset, onset, spans)

    def _of_all_hours(self, onset: int, spans: Spans) -> Baseline | None:
        first, end = baselines.span(self.sli, onset)
        return baselines.frozen(self.sli, self.past.between(first, end), onset, spans, self._pinned)

    def silent(self, minute: int) -> bool:
        """True when the series has been without an answer for five settled minutes."""
        if not self.recent and not self.seen:
            return False
        settled = minute - 1 - self.sli.settle // 60 - (self._reach - 1)
        # answers never more than five minutes apart, up to at most five minutes before: some answer is in the span
        if self._dense_from <= settled and self._answered > settled - BLIND_AFTER:
            return False
        blind = blind_for(self.sli, self.recent, settled)
        return min(blind, settled - self._since + 1) >= BLIND_AFTER

    def _spend(self, minute: int, measured: Measure, call: Call) -> None:
        if minute // DAY != self._day:
            self._turn_day(minute // DAY)
        today = self._today
        if not self._counts_tasks:
            today[0] += call is Call.BAD
            today[1] += call is not Call.UNKNOWN
            today[2] += call is Call.UNKNOWN
            return
        row = self.recent.get(minute)
        bad, tasks = tasks_of(self.sli, row) if row is not None else (0.0, 0.0)
        today[0] += bad
        today[1] += tasks
        today[2] += measured.lack == "data"

    def _turn_day(self, day: int) -> None:
        self._day, self._today = day, [0.0, 0.0, 0.0]
        self._days[day] = self._today
        for old in [each for each in self._days if each <= day - PERIOD // DAY]:
            del self._days[old]

    def spent(self) -> Tally:
        """What was spent of the budget in the last 30 UTC days, today included."""
        days = self._days.values()
        bad, total, unknown = (sum(day[place] for day in days) for place in range(3))
        return Tally(bad, total, int(unknown))
