"""Whether the sources answer: every query is asked once for the newest minutes, and nothing is stored.

What is in doubt, what the source remarks on a query, and what it reports that nobody watches is said as well.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.core.health.finding import Finding
from bot.core.model.fleet import Fleet
from bot.core.model.samples import minute_of
from bot.core.model.slis import PollQuery
from bot.core.telemetry.unwatched import unwatched
from bot.ports.errors import SourceError
from bot.ports.sources import Fetch, Source

MINUTES = 5
SHOWN = 5


def inspect(fleet: Fleet, sources: Mapping[str, Source], now: datetime) -> Iterator[Finding]:
    """Findings of each query; sources that push are not asked. A source that failed once is not asked again."""
    dead: dict[str, str] = {}
    for query in fleet.queries:
        if query.source not in sources:
            continue
        about = f"{query.source}: {query.sli}{f' of {query.agent}' if query.agent else ''}"
        if query.source in dead:
            yield Finding("source", about, "unreachable", dead[query.source])
            continue
        for found in _asked(fleet, query, sources[query.source], about, now):
            if found.level == "unreachable":
                dead[query.source] = found.text
            yield found
    for name, spec in fleet.sources.items():
        if name not in sources:
            yield Finding("source", name, "fine", f"values are pushed ({spec.kind}); there is nothing to ask")


def _asked(fleet: Fleet, query: PollQuery, source: Source, about: str, now: datetime) -> Iterator[Finding]:
    newest = minute_of(now) - 1
    try:
        fetched = source.fetch(query, newest - MINUTES + 1, newest)
    except SourceError as error:
        yield Finding("source", about, "unreachable" if error.passing else "problem", str(error))
        return
    yield _answered(fleet, query, fetched, about)
    for text in (*fetched.warnings[:SHOWN], *fetched.remarks[:SHOWN]):
        yield Finding("source", about, "warning", text)
    for one in unwatched(fleet, f"source {query.source}", query.sli, fetched.strangers):
        whose = f"{one.agent}: " if one.agent else ""
        yield Finding("source", about, "warning", f"{whose}{one.text}")


def _answered(fleet: Fleet, query: PollQuery, fetched: Fetch, about: str) -> Finding:
    seen = {sample.series for sample in fetched.samples if sample.value is not None or sample.n == 0}
    if not seen:
        said = f" ({fetched.warnings[0]})" if fetched.warnings else ""
        text = f"the query answered nothing for the last {MINUTES} minutes{said}"
        return Finding("source", about, "problem", text, "try its text in the source, and its label names in `by`")
    wanted = [
        series
        for agent in fleet.agents.values()
        for series in agent.series()
        if series.sli == query.sli and (not query.serves or (series.agent, series.workflow) in query.serves)
        if query.agent in ("", series.agent)
    ]
    missing = [str(series) for series in wanted if series not in seen]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        return Finding("source", about, "warning", f"no data for {', '.join(missing[:SHOWN])}{more}")
    return Finding("source", about, "fine", f"{len(seen)} series answer")
