"""What an incident cost, in numbers taken from stored minutes (`product.md` section 9).

A minute is bad by the detector's own call. Ratios are pooled as sums over sums, never as means of ratios. A minute
without data is unknown, never healthy: it is counted apart. Windows are [first, last), minutes since the epoch.

Worked example: HER, baseline 2 %, limit 5 %; three minutes of 100 tasks at 2 %, 18 %, 20 %. Two minutes are bad, they
hold 200 tasks, and 200 x (19 % - 2 %) = 34 of those are bad beyond the baseline.

Error budget: the arithmetic of `core.budgets`, so that an incident costs the same share wherever it is said.
"""

from collections.abc import Mapping, Sequence

from bot.core.budgets.budget import method_of, target_of
from bot.core.budgets.spending import incident_share
from bot.core.detection.literal_rule import answered, call_of, measure, standing
from bot.core.formatting.plurals import plural
from bot.core.model.fleet import Agent
from bot.core.model.samples import MinuteRow, Series, minute_start
from bot.core.model.slis import Better, Breach, Call, Sli
from bot.core.reports.postmortem_report import Gap, Impact, Number, SliImpact
from bot.core.reports.rung_effect import mean
from bot.core.telemetry.tail import merged_rows

Rows = Sequence[MinuteRow]
Span = tuple[int, int]
NO_BUDGET = "not spent by a silent failure: it is measured against what is normal, not against the objective"
LEAD_IN = 60
"""Minutes before onset that stand for normal where an SLI has no baseline of its own (cost)."""


def impact(agent: Agent, breaches: Sequence[Breach], minutes: Mapping[Series, Rows], span: Span) -> Impact:
    """The whole damage between the first bad minute and the end."""
    measured = [(breach, Measured(breach, minutes.get(breach.series, ()), span[1])) for breach in breaches]
    slis = tuple(sli_impact(breach, found) for breach, found in measured)
    cost, unit, basis = cost_over_baseline(agent, breaches, minutes, span)
    return Impact(
        minutes=len({minute for _, found in measured for minute in found.bad}),
        tasks=_tasks([(breach.series, found.bad_rows) for breach, found in measured]),
        bad_tasks=_bad_tasks(slis, breaches),
        cost=cost,
        cost_unit=unit,
        cost_basis=basis,
        slis=slis,
        users=Gap("how many customers or users were affected, and how"),
        side_effects=Gap("what the agent did in this window that cannot be undone, and what was made good"),
    )


class Measured:
    """The stored minutes of one breach from its first bad minute to `end`, sorted by what the detector calls them."""

    def __init__(self, breach: Breach, rows: Rows, end: int) -> None:
        sli, stored = breach.sli, {row.minute: row for row in rows}
        self.stored, self.end = stored, end
        minutes = range(breach.first_bad, end)
        found = {minute: measure(sli, stored, minute) for minute in minutes}
        self.bad = [m for m, each in found.items() if call_of(sli, each, breach.limit) is Call.BAD]
        self.unknown = [m for m, each in found.items() if each.lack == "data"]
        self.rows = [row for row in rows if row.minute in minutes and _usable(row)]
        speaking = [standing(sli, stored, minute) for minute in self.bad]
        self.bad_rows = list({row.minute: row for row in speaking if row is not None and _usable(row)}.values())
        """The rows behind the bad minutes, each once, however many minutes it stands for."""


def sli_impact(breach: Breach, found: Measured) -> SliImpact:
    """One breached SLI, from its first bad minute on."""
    sli, bad = breach.sli, found.bad_rows
    worst = max(bad, key=lambda row: past(sli.better, row.value or 0.0, breach.limit), default=None)
    baseline: Number = breach.baseline.value if breach.baseline else Gap("there was too little history for a baseline")
    return SliImpact(
        series=breach.series,
        title=sli.title,
        unit=sli.unit,
        better=sli.better,
        limit=breach.limit,
        baseline=baseline,
        worst=Gap("no bad minute is stored") if worst is None else worst.value or 0.0,
        worst_at=minute_start(worst.minute) if worst else None,
        bad_minutes=len(found.bad),
        unknown_minutes=len(found.unknown),
        tasks=_counted(bad),
        excess=_past_usual(breach, bad) if sli.percentile else excess(sli, bad, baseline),
        excess_unit="tasks" if sli.kind == "ratio" or sli.percentile else sli.unit.partition("/")[0],
        budget=budget_spent(breach, found),
    )


def past(better: Better, value: float, line: float) -> float:
    """How far a value is on the wrong side of a line; negative where it is on the right one."""
    return value - line if better is Better.LOWER else line - value


def excess(sli: Sli, bad: Rows, baseline: Number) -> Number:
    """What the bad minutes hold beyond the baseline: bad tasks for a ratio, units over all tasks for a gauge."""
    if isinstance(baseline, Gap):
        return Gap("not computable without a baseline")
    if not bad or any(row.n is None for row in bad):
        return _NO_COUNTS
    share = 100.0 if sli.kind == "ratio" else 1.0
    return sum(past(sli.better, row.value or 0.0, baseline) * (row.n or 0.0) / share for row in bad)


def _past_usual(breach: Breach, bad: Rows) -> Number:
    """Tasks of the bad minutes past a percentile's objective, beyond the 100 - p % that may be."""
    if not any(row.tail for row in bad):
        return _NO_COUNTS
    tail = merged_rows(bad, breach.sli.percentile)
    return max(0.0, tail.above(breach.limit) - breach.sli.allowed / 100 * tail.n)


def budget_spent(breach: Breach, found: Measured) -> Number:
    """Percent of a 30-day budget spent from the first bad minute on, as tickets and the gate reckon it."""
    sli = breach.sli
    if breach.beside is not None:
        return Gap(NO_BUDGET)
    if target_of(sli) >= 1:
        what = "minute" if method_of(sli) == "time slices" else "task"
        return Gap(f"the target allows no bad {what}, so it has no error budget")
    if method_of(sli) == "occurrences" and any(row.n is None for row in found.rows):
        return _NO_COUNTS
    share = incident_share(sli, found.stored, breach.first_bad, found.end - 1, breach.limit)
    return _NO_COUNTS if share is None else 100.0 * share


def cost_over_baseline(
    agent: Agent, breaches: Sequence[Breach], minutes: Mapping[Series, Rows], span: Span
) -> tuple[Number, str, str]:
    """(cost beyond normal, its unit, what normal is). Needs a cost model and an SLI whose name begins with `cost`."""
    if not agent.cost:
        return Gap(f"{agent.key} has no cost model"), "", ""
    sli = next(
        (sli for flow, sli in agent.slis if sli.name.startswith("cost") and not flow and not sli.percentile), None
    )
    if sli is None:
        return Gap(f"{agent.key} has no cost SLI"), "", ""
    series, unit = Series(agent.key, "", sli.name), sli.unit.partition("/")[0]
    rows = [row for row in minutes.get(series, ()) if _usable(row)]
    normal, basis = _normal(agent, series, breaches, rows, span[0])
    spent = _between(rows, *span)
    if isinstance(normal, Gap):
        return normal, unit, basis
    if not spent or any(row.n is None for row in spent):
        return _NO_COUNTS, unit, basis
    return sum(((row.value or 0.0) - normal) * (row.n or 0.0) for row in spent), unit, basis


_NO_COUNTS = Gap("not computable: no task counts are stored for this time")


def _usable(row: MinuteRow) -> bool:
    """A finite value that stands for tasks (or for a queue): an idle minute says nothing."""
    return answered(row) and row.value is not None and row.n != 0


def _between(rows: Rows, first: int, last: int) -> Rows:
    return [row for row in rows if first <= row.minute < last]


def _counted(rows: Rows) -> Number:
    if not rows or any(row.n is None for row in rows):
        return _NO_COUNTS
    return sum(row.n or 0.0 for row in rows)


def _tasks(bad: Sequence[tuple[Series, Rows]]) -> Number:
    """Tasks in the bad minutes, each once: SLIs look at the same tasks, workflows at different ones."""
    flows: dict[int, dict[str, float]] = {}
    for series, rows in bad:
        for row in rows:
            minute = flows.setdefault(row.minute, {})
            minute[series.workflow] = max(minute.get(series.workflow, 0.0), row.n or 0.0)
    total = sum(max(flow.get("", 0.0), sum(n for name, n in flow.items() if name)) for flow in flows.values())
    return total or _NO_COUNTS


def _bad_tasks(slis: Sequence[SliImpact], breaches: Sequence[Breach]) -> Number:
    """The largest excess of any ratio: one bad task may show in several SLIs, so they are not added up."""
    ratios = [each.excess for each, breach in zip(slis, breaches, strict=True) if breach.sli.kind == "ratio"]
    counted = [each for each in ratios if not isinstance(each, Gap)]
    return max(counted) if counted else Gap("not computable: no breached ratio has both a baseline and task counts")


def _normal(agent: Agent, series: Series, breaches: Sequence[Breach], rows: Rows, onset: int) -> tuple[Number, str]:
    """What a task normally costs, and where that number is from."""
    frozen = next((breach.baseline for breach in breaches if breach.series == series and breach.baseline), None)
    if frozen is not None:
        return frozen.value, "the baseline frozen at onset"
    if (pinned := agent.pinned_baseline(series)) is not None:
        return pinned, "the baseline pinned before deployment"
    before = _between(rows, onset - LEAD_IN, onset)
    measured = mean(before)
    if measured is None:
        return Gap("no cost is stored from before onset"), ""
    return measured, f"the mean of {plural(len(before), 'minute')} before onset"
