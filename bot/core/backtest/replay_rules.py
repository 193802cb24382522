"""The rules that a replay can judge by, each answering the same questions about one series at one minute.

`FleetRule` is the rule in force as the fleet file has it, by the code of a running bot. `BurnRates` are the two paging
alerts of chapter 5 of Google's SRE Workbook, for comparison: no SLI of a fleet is judged by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.backtest.series_replay import SeriesReplay
from bot.core.budgets.budget import PAGING_ALERTS, ceiling, target_of
from bot.core.detection import rule_in_force
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.literal_rule import Run
from bot.core.formatting.numbers import label
from bot.core.model.slis import Baseline, Breach, Call, Verdict

Spans = Sequence[tuple[int, int]]
SLACK = 1e-6
"""Evidence by which the arithmetic on arrays may differ from the plain one, which decides."""
ALL_BAD = 1 - 1e-9
"""Share of bad tasks that the highest burn rate is taken to ask for, where a factor could never be reached."""


@dataclass(slots=True)
class ReplayCase:
    """A series that asks to be judged at a minute. `strength` and `past` come from `weighing.weigh`."""

    watch: SeriesReplay
    known: Breach | None
    since: int | None
    """The minute from which an earlier breach was over; None: every minute counts."""
    baseline: Baseline | None = None
    strength: float = 0.0
    """The strongest evidence of the minutes so far."""
    past: bool = True
    """Whether some window is past the objective at all."""


class ReplayRule(Protocol):
    """One rule. `involved`: the agent has an open incident."""

    @property
    def counts_back(self) -> int:
        """Minutes of budget that it reads; 0 where none."""
        ...

    def asks(self, watch: SeriesReplay, call: Call, minute: int, spans: Spans, *, involved: bool) -> bool:
        """Whether there may be a breach. Asked of every series and minute, so it is quick."""
        ...

    def weighed(self, watch: SeriesReplay) -> bool:
        """Whether cases of this series are weighed by evidence."""
        ...

    def breach(self, case: ReplayCase, minute: int, spans: Spans) -> Run | None:
        """The run that ends now if it is a breach."""
        ...

    def cleared(self, watch: SeriesReplay, known: Breach, minute: int) -> str:
        """Why a breach is over, in words; "" while it is not."""
        ...

    @property
    def allowance(self) -> Allowance | None:
        """What may page by chance; None where the rule weighs no evidence."""
        ...


@dataclass(frozen=True, slots=True)
class FleetRule:
    """What the fleet file says of each SLI."""

    allowance: Allowance
    counts_back: int = 0

    def asks(self, watch: SeriesReplay, call: Call, minute: int, spans: Spans, *, involved: bool) -> bool:
        """As a running bot asks: by evidence of an agent with an incident always, of others where it may matter."""
        if not watch.by_evidence:
            return call is Call.BAD
        return involved or watch.looks_bad(minute, spans)

    def weighed(self, watch: SeriesReplay) -> bool:
        """Those that are judged by evidence."""
        return watch.by_evidence

    def breach(self, case: ReplayCase, minute: int, spans: Spans) -> Run | None:
        """By the code of a running bot; what was weighed before saves asking it where the answer is known."""
        watch = case.watch
        if not watch.by_evidence:
            watch.renew(minute, spans)
            baseline = case.known.baseline if case.known else watch.baseline
            return rule_in_force.breach(watch.sli, watch.record.recent, minute, baseline, self.allowance)
        if not case.past or (case.since is None and case.strength < self.allowance.threshold - SLACK):
            return None
        rows = watch.record.rows(minute)
        return rule_in_force.breach(watch.sli, rows, minute, case.baseline, self.allowance, case.since)

    def cleared(self, watch: SeriesReplay, known: Breach, minute: int) -> str:
        """By the code of a running bot."""
        rows = watch.record.rows(minute) if watch.by_evidence else watch.record.recent
        return rule_in_force.cleared(watch.sli, rows, minute, known)


@dataclass(frozen=True, slots=True)
class BurnRates:
    """Pages while the error budget burns too fast over a long window and a short one, and clears when it does not."""

    counts_back: int = max(alert.over for alert in PAGING_ALERTS)
    allowance: None = None

    def asks(self, watch: SeriesReplay, call: Call, minute: int, spans: Spans, *, involved: bool) -> bool:  # noqa: ARG002 - as every rule is asked
        """Where an alert fires."""
        return self._firing(watch, minute) is not None

    def weighed(self, watch: SeriesReplay) -> bool:  # noqa: ARG002 - as every rule is asked
        """None."""
        return False

    def breach(self, case: ReplayCase, minute: int, spans: Spans) -> Run | None:  # noqa: ARG002 - as every rule is asked
        """The alert that fires, as a run of its short window."""
        watch, windows = case.watch, self._firing(case.watch, minute)
        if windows is None:
            return None
        rate, long, short = windows
        why = f"{label(watch.sli)}: the error budget burns {rate:.1f}x too fast over {long} min and {short} min"
        last = Verdict(Call.BAD, why, minute, watch.record.measured.value, n=watch.record.measured.n)
        return Run(minute - short + 1, short, last, why)

    def cleared(self, watch: SeriesReplay, known: Breach, minute: int) -> str:  # noqa: ARG002 - as every rule is asked
        """No alert fires any more."""
        return "" if self._firing(watch, minute) else f"{label(watch.sli)}: the error budget burns no more"

    def _firing(self, watch: SeriesReplay, minute: int) -> tuple[float, int, int] | None:
        """(rate, long window, short window) of the first alert that fires."""
        for alert in PAGING_ALERTS:
            rates = [watch.burn_rate(minute, window) for window in (alert.over, alert.and_over)]
            reachable = min(alert.factor, ALL_BAD * ceiling(target_of(watch.sli)))
            if all(rate is not None and rate > reachable for rate in rates):
                return rates[0] or 0.0, alert.over, alert.and_over
        return None
