"""Which series task records answer for: those that no query answers for."""

from collections.abc import Callable, Mapping, Sequence

from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series
from bot.core.model.slis import PollQuery, Sli
from bot.core.telemetry.task_records import TASK_SLIS


def answered_by_tasks(fleet: Fleet, agents: Sequence[str]) -> list[Series]:
    """The series of these agents that are counted from their task records."""
    asked = answered_by_query(fleet)
    tails = tails_of(fleet, agents)
    watched = [series for key in agents if key in fleet.agents for series in fleet.agents[key].series()]
    return [series for series in watched if (series.sli in TASK_SLIS or series in tails) and not asked(series)]


def tails_of(fleet: Fleet, agents: Sequence[str]) -> Mapping[Series, Sli]:
    """The percentiles among the series of these agents."""
    watched = [(key, flow, sli) for key in agents if key in fleet.agents for flow, sli in fleet.agents[key].slis]
    return {Series(key, flow, sli.name): sli for key, flow, sli in watched if sli.percentile}


def answered_by_query(fleet: Fleet) -> Callable[[Series], bool]:
    """Whether a query answers for a series: what is pushed does not speak over it.

    A query for the whole fleet speaks only for those it serves: another agent may have a source of its own.
    """
    by_sli: dict[str, list[PollQuery]] = {}
    for query in fleet.queries:
        by_sli.setdefault(query.sli, []).append(query)
    return lambda series: any(query.answers(series) for query in by_sli.get(series.sli, ()))
