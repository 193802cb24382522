"""One series during a replay by one rule: the line it is held to, and what it spent of its budget. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.backtest.series_history import DAY
from bot.core.backtest.series_record import SeriesRecord
from bot.core.backtest.trailing_tally import TrailingTally
from bot.core.budgets.budget import PERIOD, Tally, burn_rate, method_of, target_of, tasks_of
from bot.core.detection import baseline as baselines
from bot.core.detection.evidence_rule import suspicious
from bot.core.detection.literal_rule import Measure, call_of, objective_limit
from bot.core.detection.noise_schedule import noise_due, with_noise
from bot.core.model.fleet import Agent
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Better, Breach, Call, Sli

RETRY = 5
"""Minutes after which a history that was too short is looked at again."""
GROWTH = 20
"""A baseline of all hours is good until its history has grown by a twentieth."""
GLANCE = 10
"""Minutes of the longest of the short windows that say whether evidence is worth weighing (`suspicious`)."""
NEVER = -(2**40)

WEEK = 7 * DAY

Spans = Sequence[tuple[int, int]]


class SeriesReplay:
    """What one rule knows of one series. Its record is filled first; `judge` is asked once a minute."""

    def __init__(self, record: SeriesRecord, sli: Sli, agent: Agent) -> None:
        self.record = record
        self.series: Series = record.series
        self.sli = sli
        self.baseline: Baseline | None = None
        self._pinned = agent.pinned_baseline(self.series)
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
        self._evidence = sli.rule == "evidence"
        self._share = sli.kind == "ratio"
        self._rising = sli.better is Better.LOWER
        self._anchor = -1
        self._past_at = NEVER
        self._known: Baseline | None = None
        self._known_until = -1
        self._tally: TrailingTally | None = None
        self.beside: Sequence[SeriesReplay] = ()
        """Those that may go bad while this one looks better than ever."""
        self.in_pair = False
        """Whether a silent failure may be told of it: its line is then the end of what is normal."""

    @property
    def by_evidence(self) -> bool:
        """Whether the evidence rule judges it now: of a share it needs counts (`evidence_rule.follows_evidence`)."""
        return self._evidence and (not self._share or self.record.counted)

    def judge(self, minute: int, known: Breach | None, spans: Spans) -> Call:
        """The call on the minute by itself; it is counted in the budget. `spans`: incidents so far."""
        measured = self.record.measured
        if known is not None:
            limit = objective_limit(self.sli, known.baseline)
            self._suspect = self.sli.sustain - 1
        else:
            limit = self._line(measured, minute, spans)
        call = call_of(self.sli, measured, limit)
        self._spend(minute, measured, call)
        if self._evidence:
            self._notice(minute)
        return call

    def _notice(self, minute: int) -> None:
        """Remember the newest minute that was past the strictest line there could be."""
        row = self.record.recent.get(minute)
        if row is None or row.value is None:
            return
        line = self._strictest(minute) if self._relative else self._limit
        if line is not None and (row.value > line if self._rising else row.value < line):
            self._past_at = minute

    def looks_bad(self, minute: int, spans: Spans) -> bool:
        """Whether a healthy agent's newest minutes leave anything to weigh, as a running bot asks it.

        Where each of the last ten minutes is on the good side, so are they together.
        """
        if minute - self._past_at >= GLANCE:
            return False
        self.renew(minute, spans)
        return suspicious(self.sli, self.record.recent, minute, self._limit)

    def for_judging(self, minute: int, spans: Spans) -> Baseline | None:
        """The baseline that evidence is weighed against; its noise is learned where that is due, as a running bot does.

        Of a fixed objective only the noise matters, so its baseline is worked out as seldom as that is learned.
        """
        now = minute + 1
        known = self._known
        stale = known is None or known.method == baselines.PINNED or noise_due(self.sli, known, now)
        if self._relative or self.in_pair or stale:
            known = self._current(minute, spans)
        if known is not None and noise_due(self.sli, known, now):
            beside = [(other.sli, other.healthy(now, spans)) for other in self.beside]
            known = with_noise(self.sli, self._past(now), now, spans, known, beside)
        self._known = known
        return known

    def _current(self, minute: int, spans: Spans) -> Baseline | None:
        """The baseline as it stands, with the noise that was learned before."""
        now, known = minute + 1, self._known
        if self._relative:
            self.renew(minute, spans)
            found = self.baseline
        elif now >= self._known_until:
            found = self.frozen(now, spans)
            self._known_until = now + (RETRY if found is None else 60)
        else:
            return known
        if found is not None and known is not None:
            found = replace(found, noise=known.noise, noise_until=known.noise_until)
        self._known = found
        return found

    def remembered(self, minute: int, spans: Spans) -> Baseline | None:
        """A baseline that was ever computed, or one of now: good enough to see whether more is worth reading."""
        if self._relative:
            self.renew(minute, spans)
            return self.baseline
        return self._known or self._current(minute, spans)

    def healthy(self, now: int, spans: Spans) -> list[MinuteRow]:
        """The history that noise is learned from."""
        return baselines.healthy(self.sli, self._past(now), now, spans)

    def _past(self, now: int) -> Iterable[MinuteRow]:
        return self.record.past.between(now - baselines.MOST_DAYS * DAY, now)

    def with_frozen(self, breach: Breach, spans: Spans) -> Breach:
        """The breach with the baseline as of its own onset, and the noise it was judged by."""
        frozen, judged = self.frozen(breach.first_bad, spans), breach.baseline
        if frozen is None:
            return breach
        noise, until = ("", 0) if judged is None else (judged.noise, judged.noise_until)
        return replace(breach, baseline=replace(frozen, noise=noise, noise_until=until))

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
            low, high = self.record.past.range()
            edges = (value for value in (low, high, self._pinned) if value is not None)
            lines = [objective_limit(self.sli, Baseline(value, 0, 0, 0, 0, 0, "")) or 0.0 for value in edges]
            self._edge = min(lines) if self.sli.better == "lower" else max(lines)
        return self._edge

    def renew(self, minute: int, spans: Spans) -> None:
        """Compute the baseline as it stands: once an hour, and every five minutes while there is none."""
        if not self._relative or minute < self._fresh_until:
            return
        onset = self._due_at(minute)
        found = self._of_the_hour(onset, spans)
        lasts = 60
        if found is None:
            found = self._of_all_hours(onset, spans)
            first = self.record.past.first or onset
            lasts = max(60, (onset - first) // GROWTH) if found is not None else RETRY
        if self.baseline is None and self._evidence:
            self._anchor = onset
        self.baseline, self._limit = found, objective_limit(self.sli, found)
        self._fresh_until, self._exact_until = onset + lasts - self._evidence, onset + DAY
        self._suspect = self.sli.sustain - 1

    def _due_at(self, minute: int) -> int:
        """When a running bot computed the baseline last: by evidence an hour after the time before, else on the hour.

        A bot that judges by evidence asks at the end of each minute, so its hours begin when there was a baseline.
        """
        step = 60 if self.baseline is not None else RETRY
        if not self._evidence:
            return minute // step * step
        if self._anchor < 0:
            self._anchor = (self.record.past.first or minute) + 1
        return self._anchor + (minute + 1 - self._anchor) // step * step

    def frozen(self, onset: int, spans: Spans) -> Baseline | None:
        """The baseline frozen at an onset, as `baseline.frozen` finds it in the whole fortnight."""
        return self._of_the_hour(onset, spans) or self._of_all_hours(onset, spans)

    def _of_the_hour(self, onset: int, spans: Spans) -> Baseline | None:
        first, end = baselines.span(self.sli, onset)
        if end - (self.record.past.first or onset) < DAY:
            return None  # three days of one hour are more than a day apart
        rows = self.record.past.hours(first, end, onset, self.sli.window)
        return baselines.by_hour(self.sli, rows, onset, onset, spans)

    def _of_all_hours(self, onset: int, spans: Spans) -> Baseline | None:
        first, end = baselines.span(self.sli, onset)
        return baselines.frozen(self.sli, self.record.past.between(first, end), onset, spans, self._pinned)

    def _spend(self, minute: int, measured: Measure, call: Call) -> None:
        if minute // DAY != self._day:
            self._turn_day(minute // DAY)
        if self._counts_tasks:
            row = self.record.recent.get(minute)
            bad, total = tasks_of(self.sli, row) if row is not None else (0.0, 0.0)
            unknown = measured.lack == "data"
        else:
            bad, total, unknown = float(call is Call.BAD), float(call is not Call.UNKNOWN), call is Call.UNKNOWN
        today = self._today
        today[0] += bad
        today[1] += total
        today[2] += unknown
        if self._tally is not None:
            self._tally.add(minute, bad, total)

    def count_burning(self, longest: int) -> None:
        """From now on, keep what was spent in the last so many minutes, for `burn_rate`."""
        self._tally = TrailingTally(longest)

    def burn_rate(self, minute: int, window: int) -> float | None:
        """How many times too fast the budget was used in the last `window` minutes; None where that is not known."""
        if self._tally is None:
            return None
        bad, total = self._tally.over(minute, window)
        return burn_rate(Tally(bad, total), target_of(self.sli))

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
