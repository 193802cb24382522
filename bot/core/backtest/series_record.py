"""What a recording holds of one series so far, whichever rule reads it. Pure."""

from collections.abc import Mapping, Sequence

from bot.core.backtest.series_history import SeriesHistory
from bot.core.detection import baseline as baselines
from bot.core.detection.evidence.windows import LONG
from bot.core.detection.evidence_rule import LOOK_BACK
from bot.core.detection.literal_rule import NOTHING, Measure, answered, blind_for, measure, reach
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Sli
from bot.core.telemetry.plausibility import possible_share

RECENT = 90
"""Minutes that the literal rule reads, as in a running bot."""
BLIND_AFTER = 5
"""Minutes UNKNOWN that make an agent blind (`product.md` section 4)."""
KEPT_DAYS = baselines.MOST_DAYS + 2
"""A baseline looks back 14 days from a guard before onset, and blocks are whole days."""


class SeriesRecord:
    """Samples go in by `take`, in order of time; `close` is told of each minute once all its samples are in.

    Of the SLI only what every rule shares is read: how it is polled, pooled and settled.
    """

    def __init__(self, series: Series, sli: Sli) -> None:
        self.series = series
        self.past = SeriesHistory(series, KEPT_DAYS)
        self.recent: dict[int, MinuteRow] = {}
        self.newest = -1
        self.measured: Measure = NOTHING
        """The value that speaks for the minute that was closed last."""
        self.silent = False
        """True when there was no answer for five settled minutes, as of the minute that was closed last."""
        self.impossible = 0
        """How many values could not be, and (`odd`) the last of them."""
        self.odd = 0.0
        self._sli = sli
        self._is_share = sli.is_share
        self._settle = 1 + sli.settle // 60 + reach(sli) - 1
        self._since = self._answered = self._dense_from = self._counted = -1

    @property
    def seen(self) -> bool:
        """True from the first sample on."""
        return self.newest >= 0

    @property
    def counted(self) -> bool:
        """Whether some minute that the evidence rule reads tells its tasks."""
        return self._counted >= 0 and self.newest - self._counted <= LOOK_BACK

    def take(self, minute: int, value: float | None, n: float | None) -> None:
        """One sample. The last of several in a minute wins. A share that cannot be is no answer, as it is live."""
        if value is not None and self._is_share and not possible_share(value):
            self.impossible += 1
            self.odd, value = value, None
        row = MinuteRow(self.series, minute, value, n)
        recent = self.recent
        if minute - self.newest > 1:
            self._after_gap(minute)
        recent[minute] = row
        recent.pop(minute - RECENT - 1, None)
        self.newest = minute
        self.past.put(minute, value, n)
        if n is not None:
            self._counted = minute
        if answered(row):
            if minute - self._answered > BLIND_AFTER:
                self._dense_from = minute
            self._answered = minute

    def _after_gap(self, minute: int) -> None:
        if self._since < 0:
            self._since = minute
        for old in [each for each in self.recent if each < minute - RECENT]:
            del self.recent[old]

    def close(self, minute: int) -> None:
        """Measure the minute that is just over, and notice silence."""
        self.measured = measure(self._sli, self.recent, minute)
        self.silent = self._is_silent(minute)

    def _is_silent(self, minute: int) -> bool:
        if not self.seen:
            return False
        settled = minute - self._settle
        # answers never more than five minutes apart, up to at most five minutes before: some answer is in the span
        if self._dense_from <= settled and self._answered > settled - BLIND_AFTER:
            return False
        blind = blind_for(self._sli, self.recent, settled)
        return min(blind, settled - self._since + 1) >= BLIND_AFTER

    def rows(self, minute: int) -> Mapping[int, MinuteRow]:
        """The rows that a judgement by evidence reads at a minute, as a running bot reads them."""
        return {row.minute: row for row in self.past.between(minute - LOOK_BACK, minute + 1)}

    def trailing(self, minute: int) -> tuple[Sequence[float], Sequence[float]]:
        """Values and counts of the minutes that the windows of the evidence rule hold, oldest first.

        What stands for a count that is no number of tasks is said in `series_history`.
        """
        return self.past.columns(minute - LONG + 1, minute + 1)
