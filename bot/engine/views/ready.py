"""The card of readiness, from its judgement."""

from collections.abc import Iterable

from bot.core.cards.fleet import ReadyCard, ReadyLine
from bot.core.model.slis import Call
from bot.core.reports.readiness import STABLE_DAYS, STAGES, Readiness, ReadinessLine

LAST = STAGES[-1]


def ready_card(found: Readiness) -> ReadyCard:
    """What is missing first: what the lowest stage needs before what the highest needs, and no before unknown."""
    short = sorted((line for line in found.lines if line.call is not Call.OK), key=_order)
    window = "" if found.stable_days is None else f" {found.stable_days:.0f} of {STABLE_DAYS} days stable."
    return ReadyCard(
        found.agent,
        f"{found.headline}{window}",
        _lines(line for line in short if line.stage != LAST),
        _lines(line for line in short if line.stage == LAST),
        _lines(line for line in found.lines if line.call is Call.OK),
    )


def _order(line: ReadinessLine) -> tuple[int, bool]:
    return STAGES.index(line.stage), line.call is Call.UNKNOWN


def _lines(lines: Iterable[ReadinessLine]) -> tuple[ReadyLine, ...]:
    return tuple(ReadyLine(one.title, one.why, one.next, one.stage, one.call is Call.UNKNOWN) for one in lines)
