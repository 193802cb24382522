"""Error budgets and how fast they burn (`product.md` section 11), over a rolling 30 days.

*Occurrences*, for ratios with a fixed objective: of `total` tasks (1 - target) may be bad. HER <= 5 % is a target of
0.95. *Time slices*, for gauges and for whatever is held to a multiple of its baseline: of the minutes that could be
judged, (1 - target) may be past the objective, and the target is the SLI's `slice_target`. These are OpenSLO's two
methods. What is not known is left out of both and counted apart: it is neither good nor bad.

    burn rate = (bad / total) / (1 - target)              1 uses the budget up in exactly 30 days
    spent = burn rate * minutes / 30 days                 share of the budget that so many minutes used
    remaining = 1 - spent                                 1 untouched, 0 gone, negative overspent

A budget is always that of 30 days. Where fewer were lived, the others are taken to bring as much traffic: 25 minutes in
which all went wrong use a part of the budget, not all of it. So an incident costs the same share wherever it is said.

Worked examples (Google, The Site Reliability Workbook, chapter 5 "Alerting on SLOs"): a burn rate of 14.4 for an hour
uses 14.4 * 1 h / 720 h = 2 % of the budget; 6 for 6 h uses 5 %; 1 for 3 days uses 10 %. A rate cannot exceed
1 / (1 - target), where everything is bad: 6.7 at a target of 85 %, 20 at 95 %. An alert with a higher factor would
never ring, so it is refused. At such targets burning is a matter for a ticket, not for a page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple

from bot.core.detection.literal_rule import ROUNDING, Rows, answered, call_of, measure
from bot.core.formatting.durations import span, words
from bot.core.formatting.numbers import count, label
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Better, BurnAlert, Call, Sli

PERIOD = 30 * 24 * 60
"""Minutes that a budget is for."""

YOUNG = 3 * 24 * 60
"""Minutes of life before a budget can be judged: the longest window of the usual alerts."""

LEAST_BAD = 3
"""Bad tasks or minutes in the long window before an alert rings: at low traffic one failure is no trend."""

USUAL_ALERTS = (BurnAlert(3, 24 * 60, 2 * 60), BurnAlert(1, 3 * 24 * 60, 6 * 60))
"""The ticket rows of the workbook: 10 % of the budget in one day, and in three; the short window is a twelfth."""

PAGING_ALERTS = (BurnAlert(14.4, 60, 5), BurnAlert(6, 6 * 60, 30))
"""The paging rows of the workbook. Nothing here pages by them: a replay compares them with the fleet's own rule."""

SHOWN = (60, 6 * 60, 24 * 60, 3 * 24 * 60)
"""Windows (minutes) whose burn rate is shown."""

Method = Literal["occurrences", "time slices"]


class Tally(NamedTuple):
    """What was counted in some span: tasks or minutes, the bad ones among them, and minutes that are not known."""

    bad: float = 0.0
    total: float = 0.0
    unknown: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Both spans together: sums, never a mean of ratios."""
        return Tally(self.bad + other.bad, self.total + other.total, self.unknown + other.unknown)


@dataclass(frozen=True, slots=True)
class Burn:
    """One alert as it stands: the rates over both windows, and whether both are past the factor."""

    alert: BurnAlert
    long: float | None
    short: float | None
    ringing: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of one SLI and workflow. `allowed` is what may be bad in 30 days, in tasks or minutes."""

    series: Series
    method: Method
    target: float
    spent: Tally
    allowed: float
    remaining: float | None
    """1 untouched, 0 gone, negative overspent; None where nothing could be judged or nothing may be bad."""
    rates: Mapping[int, float | None]
    """Burn rate by window in minutes; None where the window holds nothing that could be judged."""
    burns: tuple[Burn, ...]
    gone: bool
    why: str
    """In words, for a person and for the log of a deploy."""
    lived: int = PERIOD
    """Minutes of the 30 days that there is anything to look at."""

    @property
    def young(self) -> bool:
        """Too young to judge: the windows that would speak have not passed yet."""
        return self.lived < YOUNG

    @property
    def whole(self) -> bool:
        """Whether the 30 days were lived, as near as spans of a day tell."""
        return self.lived >= PERIOD - 24 * 60


def method_of(sli: Sli) -> Method:
    """Ratios with a fixed objective count tasks; everything else counts minutes."""
    return "occurrences" if sli.kind == "ratio" and not sli.objective.relative else "time slices"


def target_of(sli: Sli) -> float:
    """Share that must be good, 0 to 1."""
    if method_of(sli) == "time slices":
        return sli.slice_target
    share = sli.objective.limit / 100
    return 1 - share if sli.better is Better.LOWER else share


def ceiling(target: float) -> float:
    """The highest burn rate there can be: everything bad."""
    return 1 / (1 - target) if target < 1 else float("inf")


def unreachable(alert: BurnAlert, target: float) -> str:
    """Why this alert can never ring, in words; "" where it can."""
    if alert.factor * (1 - target) < 1:
        return ""
    return (
        f"a burn rate above {alert.factor:g} can never be: at a target of {100 * target:g} % "
        f"everything bad burns at {ceiling(target):.1f}; write a factor under {ceiling(target):.1f}"
    )


def alerts_of(sli: Sli) -> tuple[BurnAlert, ...]:
    """The SLI's own alerts, or of the usual ones those that its target lets ring."""
    if sli.burn_alerts is not None:
        return sli.burn_alerts
    return tuple(alert for alert in USUAL_ALERTS if not unreachable(alert, target_of(sli)))


def tasks_of(sli: Sli, row: MinuteRow) -> tuple[float, float]:
    """(bad tasks, tasks) of one row of a ratio; (0, 0) where it has no usable count."""
    if not row.n or row.value is None or not answered(row):
        return 0.0, 0.0
    share = row.value / 100 if sli.better is Better.LOWER else 1 - row.value / 100
    return row.n * share, row.n


def minute_tally(sli: Sli, rows: Rows, minute: int, limit: float | None) -> Tally:
    """What one minute adds. `limit` is the objective as it stood then, None where it hung on an unknown baseline."""
    measured = measure(sli, rows, minute)
    if method_of(sli) == "occurrences":
        row = rows.get(minute)
        bad, tasks = (0.0, 0.0) if row is None else tasks_of(sli, row)
        return Tally(bad, tasks, int(measured.lack == "data" or (tasks == 0 and measured.n is None)))
    call = call_of(sli, measured, limit)
    return Tally(float(call is Call.BAD), float(call is not Call.UNKNOWN), int(call is Call.UNKNOWN))


class Spending:
    """The minutes `first` to `last` of one series, summed up once so that any window is one subtraction."""

    def __init__(self, sli: Sli, rows: Rows, first: int, last: int, limit_at: Callable[[int], float | None]) -> None:
        self._first, self._last = first, last
        each = [minute_tally(sli, rows, minute, limit_at(minute)) for minute in range(first, last + 1)]
        self._sums = list(accumulate(each, Tally.plus, initial=Tally()))

    def over(self, window: int) -> Tally:
        """The newest `window` minutes, or all of them where there are fewer."""
        before = self._sums[max(0, len(self._sums) - 1 - window)]
        after = self._sums[-1]
        return Tally(after.bad - before.bad, after.total - before.total, after.unknown - before.unknown)


def burn_rate(spent: Tally, target: float) -> float | None:
    """How many times too fast the budget is used; None where nothing could be judged or nothing may be bad."""
    if spent.total <= 0 or target >= 1:
        return None
    return spent.bad / spent.total / (1 - target)


def share_spent(spent: Tally, target: float, minutes: int) -> float | None:
    """Share of a 30-day budget that was used by the `minutes` in which this was counted, at even traffic.

    None where nothing could be judged or nothing may be bad.
    """
    rate = burn_rate(spent, target)
    return None if rate is None else rate * min(minutes, PERIOD) / PERIOD


def budget(series: Series, sli: Sli, over: Callable[[int], Tally], lived: int = PERIOD) -> Budget:
    """The budget as it stands. `over` gives what the newest so many minutes hold, of which `lived` were lived."""
    target, spent, lived = target_of(sli), over(PERIOD), min(max(lived, 1), PERIOD)
    allowed = (1 - target) * spent.total * PERIOD / lived
    used = share_spent(spent, target, lived)
    remaining = None if used is None else 1 - used
    gone = spent.bad > 0 if target >= 1 else remaining is not None and remaining <= ROUNDING
    known = spent.total >= (sli.min_count if method_of(sli) == "occurrences" else 1)
    return Budget(
        series=series,
        method=method_of(sli),
        target=target,
        spent=spent,
        allowed=allowed,
        remaining=remaining if known else None,
        rates={window: burn_rate(over(window), target) if window <= lived else None for window in SHOWN},
        burns=tuple(_burn(alert, target, over, lived) for alert in alerts_of(sli)),
        gone=gone and known,
        why=_words(series, sli, spent, remaining if known else None, gone=gone and known, lived=lived),
        lived=lived,
    )


def _burn(alert: BurnAlert, target: float, over: Callable[[int], Tally], lived: int) -> Burn:
    """Both windows past the factor, and enough bad in the long one, lived as a whole, to speak of a trend."""
    if lived < alert.over:
        return Burn(alert, None, None, ringing=False)
    long, short = over(alert.over), over(alert.and_over)
    rates = burn_rate(long, target), burn_rate(short, target)
    ringing = long.bad >= LEAST_BAD and all(rate is not None and rate > alert.factor for rate in rates)
    return Burn(alert, *rates, ringing)


def _words(series: Series, sli: Sli, spent: Tally, remaining: float | None, *, gone: bool, lived: int) -> str:
    where = f"{label(sli)} ({series.workflow})" if series.workflow else label(sli)
    unit = "tasks" if method_of(sli) == "occurrences" else "min"
    apart = f"; {count(spent.unknown)} min unknown, counted on neither side" if spent.unknown else ""
    if remaining is None and not gone:
        return f"{where}: nothing is known of its budget: {count(spent.total)} {unit} could be judged{apart}"
    target = target_of(sli)
    allowed = f"{_share(1 - target)} of {count(spent.total * PERIOD / lived)} {unit} may be"
    if PERIOD - lived >= 24 * 60:
        apart = f" in 30 days at such traffic; {span(lived * 60)} of them are lived{apart}"
    left = "nothing may be bad" if remaining is None else f"{_percent(remaining)} % left"
    state = f"the error budget of 30 days is gone ({left})" if gone else left
    return f"{where}: {state}: {_amount(spent.bad)} {unit} bad, {allowed}{apart}"


def _percent(remaining: float) -> str:
    """Whole per cents, but where that would say that nothing was spent."""
    return f"{100 * remaining:.1f}" if 0.99 < remaining < 1 else f"{100 * remaining:.0f}"  # noqa: PLR2004 - one per cent


def _share(share: float) -> str:
    return f"{100 * share:.3g} %"


def _amount(value: float) -> str:
    return count(value) if value >= 1 or value == 0 else f"{value:.2g}"


def alert_words(series: Series, sli: Sli, burn: Burn) -> str:
    """A ringing alert as a ticket reads it."""
    where = f"{label(sli)} ({series.workflow})" if series.workflow else label(sli)
    long = f"{burn.long or 0.0:.1f}x too fast over {words(burn.alert.over * 60)}"
    return f"{where}: the error budget burns {long} ({burn.short or 0.0:.1f}x over {words(burn.alert.and_over * 60)})"


class GateAnswer(NamedTuple):
    """May the agent be changed or widened? `too_young`: nothing speaks against it yet, and nothing for it."""

    may: bool
    why: tuple[str, ...] = ()
    too_young: bool = False


def gate(budgets: Iterable[Budget]) -> GateAnswer:
    """No where a budget is gone, where none of them is known, or where the agent is too young to be judged."""
    every = tuple(budgets)
    gone = tuple(one.why for one in every if one.gone and (not one.young or one.target >= 1))
    if gone:
        return GateAnswer(False, gone)
    known = [one for one in every if one.remaining is not None]
    if not known:
        why = "nothing is known of the last 30 days, and no data is not healthy"
        return GateAnswer(False, (why, *(one.why for one in every)))
    if all(one.young for one in known):
        lived = max(one.lived for one in known)
        why = f"too young to judge: {span(lived * 60)} of 30 days are lived, {words(YOUNG * 60)} are needed"
        return GateAnswer(False, (why, *(one.why for one in known)), too_young=True)
    return GateAnswer(True)
