"""Few questions for many series: what one query can answer is asked once. See `architecture.md`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.config.sli_layers import LayeredSli
from bot.core.formatting import durations
from bot.core.model.aliases import NO_ALIASES, Aliases
from bot.core.model.slis import PollQuery, Scale

USUAL_PERIOD = 60

Texts = tuple[tuple[str, str], ...]


class QueryGroup(NamedTuple):
    """One series to watch and how it is answered. `agent` and `workflow` are set where a query is theirs alone."""

    flow: str
    measure: LayeredSli
    agent: str = ""
    workflow: str = ""


class _Question(NamedTuple):
    """What makes two queries the same query; the mappings are tuples, so that it can be a key."""

    source: str
    sli: str
    kind: str
    parts: Texts
    by: Texts
    agent: str
    workflow: str
    every: int
    percent: bool
    values_in: Scale


def grouped(series: Mapping[str, Sequence[QueryGroup]], aliases: Aliases = NO_ALIASES) -> tuple[PollQuery, ...]:
    """One query for all series (by agent) that can be answered together, each knowing whom it serves."""
    served: dict[_Question, set[tuple[str, str]]] = defaultdict(set)
    for agent, asked in series.items():
        for one in asked:
            if one.measure.polled:
                served[_question(one)].add((agent, one.flow))
    named = zip(_names(list(served)), served.items(), strict=True)
    return tuple(_query(name, question, frozenset(pairs), aliases) for name, (question, pairs) in named)


def _question(one: QueryGroup) -> _Question:
    measure = one.measure
    by = {
        label: theirs for label, theirs in measure.by.items() if label != "workflow" or (one.flow and not one.workflow)
    }
    parts = {role: text.replace("$by", ", ".join(by.values())) for role, text in measure.texts.items()}
    kind, every = ("ratio" if "total" in parts else measure.sli.kind), measure.sli.every
    return _Question(
        source=measure.source,
        sli=measure.sli.name,
        kind=kind,
        parts=tuple(parts.items()),
        by=tuple(by.items()),
        agent=one.agent,
        workflow=one.workflow,
        every=every,
        percent=measure.sli.is_share,
        values_in=measure.sli.values_in,
    )


def _query(name: str, question: _Question, serves: frozenset[tuple[str, str]], aliases: Aliases) -> PollQuery:
    return PollQuery(
        name=name,
        source=question.source,
        sli=question.sli,
        kind="ratio" if question.kind == "ratio" else "gauge",
        parts=dict(question.parts),
        by=dict(question.by),
        agent=question.agent,
        workflow=question.workflow,
        every=question.every,
        serves=serves,
        percent=question.percent,
        values_in=question.values_in,
        aliases=aliases,
    )


def _names(questions: Sequence[_Question]) -> Iterator[str]:
    """Names that a reload gives again: poll groups are rows under their name."""
    taken: dict[str, int] = defaultdict(int)
    for one in questions:
        whose = "/".join(part for part in (one.agent, one.workflow) if part)
        split = " by workflow" if "workflow" in dict(one.by) else ""
        period = f" every {durations.words(one.every)}" if one.every != USUAL_PERIOD else ""
        name = f"{one.sli}{split}{f' of {whose}' if whose else ''} from {one.source}{period}"
        taken[name] += 1
        yield f"{name} ({taken[name]})" if taken[name] > 1 else name
