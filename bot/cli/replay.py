"""`stepdown replay`: what these objectives would have cost. Nothing is printed before everything was read."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.charts.pages_chart import draw
from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.budgets.budget import Tally, budget
from bot.core.formatting.plurals import plural
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series, minute_of, minute_start
from bot.core.model.slis import Sli
from bot.engine.reports.backtest import Backtest, ReplayOutcome
from bot.ports.errors import SourceError
from bot.runtime.clock import RealClock
from bot.sources import build
from bot.sources.backfill import Archive, queries_of
from bot.sources.recordings import Recorded, RecordingError, recorded

NO, UNREACHABLE = 1, 3
SETTLED = 3
"""The newest minutes may still change at their source."""
DAY = 24 * 60
APART = (
    "Rows of a workflow count where the SLI is watched by workflow (`by`), "
    "or for the agent as a whole when they tell their `n`"
)


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """Samples from a source in the place of a file: which, how many days back, and where answers are kept."""

    source: str
    days: float
    keep: Path | None = None


def run_replay(
    fleet: Fleet,
    file: Path | ReplayRequest,
    *,
    in_any_order: bool = False,
    as_json: bool = False,
    chart: Path | None = None,
) -> int:
    """Replay a file, or what a source still knows, and print what would have been; returns the exit code."""
    told: list[ReplayEvent] = []
    named = f"--from {file.source}" if isinstance(file, ReplayRequest) else str(file)
    try:
        with _samples(fleet, file, in_any_order=in_any_order) as samples:
            outcome = Backtest(fleet, told.append).run(samples)
        _refuse_nothing(named, fleet, outcome)
        if chart is not None:
            chart.write_bytes(draw(*_pages_by_day(told, outcome)))
    except RecordingError as error:
        print(error, file=sys.stderr)
        return UNREACHABLE if isinstance(error.__cause__, SourceError) else NO
    except OSError as error:
        print(f"{chart}: the chart cannot be written: {error.strerror or error}", file=sys.stderr)
        return NO
    summary = _summary(fleet, told, outcome)
    if as_json:
        print(json.dumps({"events": [_event(one) for one in told], "summary": summary}, indent=2))
    else:
        print("\n".join([*map(_line, told), *_summary_lines(summary)]))
    for warning in [*_warnings(outcome), *_other_rule(fleet)]:
        print(warning, file=sys.stderr)
    return 0


@contextmanager
def _samples(fleet: Fleet, file: Path | ReplayRequest, *, in_any_order: bool) -> Iterator[Iterator[Recorded]]:
    if isinstance(file, Path):
        yield recorded(file, in_any_order=in_any_order)
        return
    queries = queries_of(fleet, file.source)
    clock = RealClock()
    sources = {name: build(fleet.sources[name], clock) for name in {query.source for query in queries}}
    asked = {name: source for name, source in sources.items() if source is not None}
    last = minute_of(clock.now()) - SETTLED
    try:
        yield Archive(queries, asked, file.keep).samples(last - int(file.days * DAY) + 1, last)
    finally:
        for source in asked.values():
            source.close()


def _refuse_nothing(file: str, fleet: Fleet, outcome: ReplayOutcome) -> None:
    """A recording of other agents would read as a month without a page."""
    if outcome.samples == 0:
        raise RecordingError(f"{file}: there is no sample in it")
    if outcome.ignored == outcome.samples:
        known = ", ".join(sorted({str(series) for agent in fleet.agents.values() for series in agent.series()})[:10])
        found = ", ".join(map(str, outcome.unwatched))
        raise RecordingError(f"{file}: the fleet file watches nothing of it. Found: {found}; watched: {known}. {APART}")


def _warnings(outcome: ReplayOutcome) -> list[str]:
    told = []
    if outcome.ignored:
        names = ", ".join(map(str, outcome.unwatched))
        told.append(
            f"Left out: {plural(outcome.ignored, 'sample')}, of series that the fleet file does not watch: {names}"
        )
    if outcome.unrecorded:
        names = ", ".join(map(str, outcome.unrecorded[:5]))
        told.append(
            f"Not in the recording: {plural(len(outcome.unrecorded), 'series', 'series')}. Nothing is known of {names}"
        )
    return told


def _other_rule(fleet: Fleet) -> list[str]:
    """Nobody may take these pages for those of the running bot, which judges by another rule."""
    judged = sum(sli.rule == "evidence" for agent in fleet.agents.values() for _, sli in agent.slis)
    if not judged:
        return []
    slis = plural(judged, "SLI")
    return [f"Judged by the literal rule; the running bot judges {slis} of these by evidence and pages less by chance."]


def _event(one: ReplayEvent) -> Mapping[str, object]:
    told = one._asdict()
    return {"at": _iso(told.pop("at")), **told}


def _iso(minute: int) -> str:
    return minute_start(minute).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(one: ReplayEvent) -> str:
    page = " PAGE" if one.pages else ""
    where = str(Series(one.agent, one.workflow, one.sli))
    return f"{minute_start(one.at):%Y-%m-%d %H:%M} #{one.incident} {one.event}{page} {where}: {one.reason}"


def _summary(fleet: Fleet, told: Sequence[ReplayEvent], outcome: ReplayOutcome) -> Mapping[str, object]:
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
        "budgets": [_budget(*each) for each in outcome.spent],
    }


def _budget(series: Series, sli: Sli, spent: Tally) -> Mapping[str, object]:
    found = budget(series, sli, lambda _: spent)
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


def _summary_lines(summary: Mapping[str, object]) -> list[str]:
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


def _pages_by_day(told: Sequence[ReplayEvent], outcome: ReplayOutcome) -> tuple[int, Sequence[int], Sequence[int]]:
    """(first day, pages of incidents a day, pages of blind ones a day), days since the epoch."""
    first, last = outcome.first // DAY, outcome.last // DAY
    paged = Counter((one.at // DAY, one.kind) for one in told if one.pages)
    days = range(first, last + 1)
    return first, [paged[day, "slo"] for day in days], [paged[day, "blind"] for day in days]
