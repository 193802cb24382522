"""`stepdown replay`: what these objectives would have cost. Nothing is printed before everything was read."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.charts.pages_chart import PagesByDay, PagesOfRule, draw
from bot.cli.replay.rule_table import rule_lines, rule_rows
from bot.cli.replay.suggested import suggestion_lines, suggestion_rows
from bot.cli.replay.summary import event_line, event_row, summary_lines, summary_of
from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.backtest.compared_rules import other_rules, own_rule
from bot.core.backtest.incident_labels import IncidentLabel, is_real
from bot.core.backtest.rule_scores import RuleLog, score
from bot.core.formatting.plurals import plural
from bot.core.formatting.terminal_text import visible
from bot.core.model.fleet import Fleet
from bot.core.model.samples import minute_of
from bot.engine.reports.backtest import Backtest, ReplayOutcome
from bot.engine.reports.kept_samples import KeptSamples
from bot.engine.reports.suggestions import ObjectiveSuggestion, Suggester
from bot.ports.errors import SourceError
from bot.runtime.clock import RealClock
from bot.sources import build
from bot.sources.backfill import Archive, queries_of
from bot.sources.labels import labels
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


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What is asked of a replay besides the samples."""

    in_any_order: bool = False
    as_json: bool = False
    chart: Path | None = None
    labels: Path | None = None
    suggest: int | None = None
    """So many pages of each SLI in the last month: which objectives would have done that."""


def run_replay(fleet: Fleet, file: Path | ReplayRequest, asked: ReplayOptions) -> int:
    """Replay a file, or what a source still knows, and print what would have been; returns the exit code."""
    told: list[ReplayEvent] = []
    others = other_rules()
    logs = [RuleLog(rule.name) for rule in (own_rule(fleet), *others)]
    kept = KeptSamples() if asked.suggest is not None else None
    try:
        known = labels(asked.labels, fleet.agents) if asked.labels is not None else None
        with _samples(fleet, file, in_any_order=asked.in_any_order) as samples:
            compared = [(rule, log.take) for rule, log in zip(others, logs[1:], strict=True)]
            backtest = Backtest(fleet, _both(told.append, logs[0].take), compared)
            outcome = backtest.run(samples if kept is None else kept.keep(samples))
        _refuse_nothing(f"--from {file.source}" if isinstance(file, ReplayRequest) else str(file), fleet, outcome)
    except RecordingError as error:
        print(error, file=sys.stderr)
        return UNREACHABLE if isinstance(error.__cause__, SourceError) else NO
    inside = None if known is None else [one for one in known if one.first <= outcome.last and one.end > outcome.first]
    if asked.chart is not None and not _drawn(asked.chart, told, outcome, logs, inside):
        return NO
    scores = [score(log, inside, outcome.last + 1 - outcome.first) for log in logs]
    summary = {**summary_of(fleet, told, outcome), "rules": rule_rows(scores)}
    found = list[ObjectiveSuggestion]()
    if kept is not None and asked.suggest is not None:
        found = Suggester(fleet, kept, outcome.last).suggest(asked.suggest, backtest.levels())
        summary["suggestions"] = suggestion_rows(found)
    if asked.as_json:
        print(json.dumps({"events": [event_row(one) for one in told], "summary": summary}, indent=2))
    else:
        print(visible("\n".join([*map(event_line, told), *summary_lines(summary), *rule_lines(scores)])))
        if asked.suggest is not None:
            print("\n".join(suggestion_lines(found, asked.suggest, fleet.false_pages)))
    for warning in [*_warnings(outcome), *_outside(known, inside)]:
        print(visible(warning), file=sys.stderr)
    return 0


def _both(one: Callable[[ReplayEvent], None], other: Callable[[ReplayEvent], None]) -> Callable[[ReplayEvent], None]:
    def tell(event: ReplayEvent) -> None:
        one(event)
        other(event)

    return tell


def _drawn(
    chart: Path,
    told: Sequence[ReplayEvent],
    outcome: ReplayOutcome,
    logs: Sequence[RuleLog],
    known: Sequence[IncidentLabel] | None,
) -> bool:
    """Write the chart; False, and why on standard error, where that cannot be."""
    rules = [
        PagesOfRule(log.name, [(page.at, None if known is None else is_real(known, page)) for page in log.pages])
        for log in logs
    ]
    spans = [(one.first, one.end, one.kind) for one in known or ()]
    days = PagesByDay(*_pages_by_day(told, outcome))
    try:
        chart.write_bytes(draw(days, rules, spans))
    except OSError as error:
        print(f"{chart}: the chart cannot be written: {error.strerror or error}", file=sys.stderr)
        return False
    return True


def _outside(known: Sequence[IncidentLabel] | None, inside: Sequence[IncidentLabel] | None) -> list[str]:
    lost = len(known or ()) - len(inside or ())
    return [f"{plural(lost, 'labelled incident')} outside the recording: not counted"] if lost else []


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
    if outcome.unjudged_samples == outcome.samples:
        raise RecordingError(f"{file}: nothing of it can be judged. {_not_judged(outcome)}")
    if outcome.ignored + outcome.unjudged_samples == outcome.samples:
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
    for series, times, odd in outcome.impossible[:5]:
        told.append(
            f"{series}: {plural(times, 'value')} cannot be a share in percent, such as {odd:g}; counted as no data"
        )
    if outcome.unrecorded:
        names = ", ".join(map(str, outcome.unrecorded[:5]))
        told.append(
            f"Not in the recording: {plural(len(outcome.unrecorded), 'series', 'series')}. Nothing is known of {names}"
        )
    return [*told, _not_judged(outcome)] if outcome.unjudged else told


def _not_judged(outcome: ReplayOutcome) -> str:
    names = ", ".join(map(str, outcome.unjudged[:5]))
    return f"Not judged: {names}. A percentile is made of single tasks, and a recording holds values"


def _pages_by_day(told: Sequence[ReplayEvent], outcome: ReplayOutcome) -> tuple[int, Sequence[int], Sequence[int]]:
    """(first day, pages of incidents a day, pages of blind ones a day), days since the epoch."""
    first, last = outcome.first // DAY, outcome.last // DAY
    paged = Counter((one.at // DAY, one.kind) for one in told if one.pages)
    days = range(first, last + 1)
    return first, [paged[day, "slo"] for day in days], [paged[day, "blind"] for day in days]
