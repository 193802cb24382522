"""Whether a source answers: every query is asked once for the newest minutes, and nothing is stored.

What is in doubt, what the source remarks on a query, and what it reports that nobody watches is said as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.core.health.finding import Finding
from bot.core.model.fleet import Fleet
from bot.core.model.samples import minute_of
from bot.core.model.slis import PollQuery, SourceSpec
from bot.core.telemetry.plausibility import fraction_doubt
from bot.core.telemetry.unwatched import unwatched
from bot.ports.errors import SourceError
from bot.ports.sources import Fetch, Source

MINUTES = 5
SHOWN = 5


@dataclass(frozen=True, slots=True)
class SourceQuestions:
    """What an online check of one source may use. `source` None: values are pushed."""

    fleet: Fleet
    spec: SourceSpec
    source: Source | None
    now: datetime


def ask_each_query(questions: SourceQuestions) -> Iterator[Finding]:
    """Findings of each query, one for a source that pushes. A source that could not be reached is not asked again."""
    fleet, spec, source = questions.fleet, questions.spec, questions.source
    if source is None:
        yield Finding("source", spec.name, "fine", f"values are pushed ({spec.kind}); there is nothing to ask")
        return
    dead = ""
    for query in fleet.queries:
        if query.source != spec.name:
            continue
        about = f"{query.source}: {query.sli}{f' of {query.agent}' if query.agent else ''}"
        if dead:
            yield Finding("source", about, "unreachable", dead)
            continue
        for found in _asked(fleet, query, source, about, questions.now):
            dead = found.text if found.level == "unreachable" else dead
            yield found


def _asked(fleet: Fleet, query: PollQuery, source: Source, about: str, now: datetime) -> Iterator[Finding]:
    newest = minute_of(now) - 1
    try:
        fetched = source.fetch(query, newest - MINUTES + 1, newest)
    except SourceError as error:
        yield Finding("source", about, "unreachable" if error.passing else "problem", str(error))
        return
    yield _judged(fleet, query, fetched, about)
    for text in fetched.remarks[:SHOWN]:
        yield Finding("source", about, "warning", text)
    for one in unwatched(fleet, f"source {query.source}", query.sli, fetched.strangers):
        yield Finding("source", about, "warning", f"{one.agent}: {one.text}" if one.agent else one.text)


def _judged(fleet: Fleet, query: PollQuery, fetched: Fetch, about: str) -> Finding:
    seen = {sample.series for sample in fetched.samples if sample.value is not None or sample.n == 0}
    if not seen:
        said = f" ({fetched.warnings[0]})" if fetched.warnings else ""
        text = f"the query answered nothing for the last {MINUTES} minutes{said}"
        return Finding("source", about, "problem", text, "try its text in the source, and its label names in `by`")
    wanted = [series for agent in fleet.agents.values() for series in agent.series() if query.answers(series)]
    found = [] if "total" in query.parts else [(sample.value, sample.n) for sample in fetched.samples]
    slis = (fleet.agents[one.agent].sli(one.workflow, one.sli) for one in wanted)
    if doubt := next((said for sli in slis if sli is not None and (said := fraction_doubt(sli, found))), ""):
        return Finding("source", about, "warning", doubt)
    missing = [str(series) for series in wanted if series not in seen]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        return Finding("source", about, "warning", f"no data for {', '.join(missing[:SHOWN])}{more}")
    if fetched.warnings:
        return Finding("source", about, "warning", "; ".join(fetched.warnings[:SHOWN]))
    return Finding("source", about, "fine", f"{len(seen)} series answer")
