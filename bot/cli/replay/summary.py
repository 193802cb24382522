"""What a replay came to: events and sums, as JSON and in words."""

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.budgets.budget import Tally, budget
from bot.core.formatting.plurals import plural
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series, minute_start
from bot.core.model.slis import Sli
from bot.engine.reports.backtest import ReplayOutcome

DAY = 24 * 60


def event_row(one: ReplayEvent) -> Mapping[str, object]:
    """An event as JSON has it: times in ISO 8601."""
    told = one._asdict()
    onset = told.pop("onset")
    return {"at": _iso(told.pop("at")), **told, "onset": _iso(onset) if onset >= 0 else None}


def _iso(minute: int) -> str:
    return minute_start(minute).strftime("%Y-%m-%dT%H:%M:%SZ")


def event_line(one: ReplayEvent) -> str:
    """An event as a person reads it."""
    page = " PAGE" if one.pages else ""
    where = str(Series(one.agent, one.workflow, one.sli))
    return f"{minute_start(one.at):%Y-%m-%d %H:%M} #{one.incident} {one.event}{page} {where}: {one.reason}"


def summary_of(fleet: Fleet, told: Sequence[ReplayEvent], outcome: ReplayOutcome) -> Mapping[str, object]:
    """What the recording came to, as JSON has it."""
    by = Counter((one.event, one.kind) for one in told)
    pages = Counter(one.agent for one in told if one.pages)
    return {
        "from": _iso(outcome.first),
        "to": _iso(outcome.last + 1),
        "samples": outcome.samples,
        "agents": len(fleet.agents),
        "pages": sum(pages.values()),
        "pages_by_agent": dict(pages.most_common()),
        "pages_per_day": round(sum(pages.values()) / ((outcome.last + 1 - outcome.first) / DAY), 2),
        "breaches": by["breach", "slo"],
        "incidents": by["incident_opened", "slo"],
        "blind_incidents": by["incident_opened", "blind"],
        "reopened": by["reopened", "slo"],
        "recoveries": by["recovery_held", "slo"],
        "resets": by["recovery_reset", "slo"],
        "open_at_end": outcome.open_at_end,
        "ignored_samples": outcome.ignored,
        "not_recorded": [str(series) for series in outcome.unrecorded],
        "not_judged": [str(series) for series in outcome.unjudged],
        "budgets": [_budget(*each, outcome.last + 1 - outcome.first) for each in outcome.spent],
    }


def _budget(series: Series, sli: Sli, spent: Tally, lived: int) -> Mapping[str, object]:
    found = budget(series, sli, lambda _: spent, lived)
    return {
        "agent": series.agent,
        "workflow": series.workflow,
        "sli": series.sli,
        "method": found.method,
        "target": round(found.target, 6),
        "bad": round(spent.bad, 6),
        "total": spent.total,
        "unknown": spent.unknown,
        "remaining": None if found.remaining is None else round(found.remaining, 6),
        "gone": found.gone,
        "why": found.why,
    }


def summary_lines(summary: Mapping[str, object]) -> list[str]:
    """The same as a person reads it."""
    budgets = summary["budgets"]
    gone = [one for one in budgets if one["gone"]] if isinstance(budgets, list) else []
    kinds = f"{_many(summary, 'incidents', 'incident')} opened, {_many(summary, 'blind_incidents', 'blind one')}"
    pages = _many(summary, "pages", "page")
    held, reset = _many(summary, "recoveries", "time"), _many(summary, "resets", "time")
    clock = f"recovery held {held} and was reset {reset}"
    open_ = f"{_many(summary, 'open_at_end', 'incident')} open at the end"
    samples = f"{_many(summary, 'samples', 'sample')} of {_many(summary, 'agents', 'agent')}"
    return [
        "",
        f"{summary['from']} to {summary['to']}: {samples}.",
        f"{pages} ({summary['pages_per_day']} a day): {kinds}, {summary['reopened']} reopened.",
        f"{_many(summary, 'breaches', 'breach', 'breaches')}; {clock}; {open_}.",
        *(f"{agent}: paged {times}x" for agent, times in _items(summary["pages_by_agent"])),
        *(f"{one['agent']}: {one['why']}" for one in gone),
    ]


def _many(summary: Mapping[str, object], name: str, one: str, many: str = "") -> str:
    found = summary[name]
    return plural(found if isinstance(found, int) else 0, one, many)


def _items(found: object) -> Sequence[tuple[str, int]]:
    return list(found.items()) if isinstance(found, dict) else []
