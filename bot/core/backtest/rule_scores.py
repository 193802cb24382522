"""How rules did on the same recording: pages by chance and real ones, minutes to find an incident and to clear it.

Pages for missing data are left out, since every rule has the same. A page is real where what it saw lies in a labelled
incident. An incident is found by the first breach that began to be told while it lasted; one that lay under an incident
that was open already is not counted as found. It is cleared when the last breach of it has cleared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.backtest.incident_labels import IncidentLabel, covers, is_real
from bot.core.detection.evidence.windows import MINUTES_A_MONTH

PAGING = frozenset({"incident_opened", "reopened"})
HALF, MOST = 0.5, 0.95


@dataclass(slots=True)
class RuleLog:
    """What a rule would have told of breaches."""

    name: str
    breaches: list[ReplayEvent] = field(default_factory=list)
    pages: list[ReplayEvent] = field(default_factory=list)
    cleared: list[ReplayEvent] = field(default_factory=list)

    def take(self, event: ReplayEvent) -> None:
        """Note an event, if it is of a kind that is scored."""
        if event.kind != "slo":
            return
        if event.event in PAGING:
            self.pages.append(event)
        elif event.event == "breach":
            self.breaches.append(event)
        elif event.event == "cleared":
            self.cleared.append(event)


@dataclass(frozen=True, slots=True)
class RuleScore:
    """One row of the table. Without labels `by_chance`, `real` and what follows say nothing: None."""

    name: str
    pages: int
    a_month: float
    by_chance: float | None = None
    """A month, as is `real`."""
    real: float | None = None
    found: int | None = None
    labelled: int = 0
    to_find: tuple[float, float] | None = None
    """Minutes in half and in 95 of 100 of the incidents that were found; None where none was."""
    to_clear: tuple[float, float] | None = None
    """The same from the end of an incident, of those that cleared."""


def score(log: RuleLog, labels: Sequence[IncidentLabel] | None, minutes: int) -> RuleScore:
    """Sum up a rule over a recording of so many minutes. `labels` None: nobody said what was real."""
    months = minutes / MINUTES_A_MONTH
    pages = len(log.pages)
    if labels is None:
        return RuleScore(log.name, pages, pages / months)
    real = sum(is_real(labels, page) for page in log.pages)
    told = [(label, breaches) for label in labels if (breaches := [one for one in log.breaches if covers(label, one)])]
    return RuleScore(
        log.name,
        pages,
        pages / months,
        (pages - real) / months,
        real / months,
        len(told),
        len(labels),
        _percentiles(float(min(one.at for one in breaches) - label.first) for label, breaches in told),
        _percentiles(_minutes_to_clear(log, label, breaches) for label, breaches in told),
    )


def _minutes_to_clear(log: RuleLog, label: IncidentLabel, breaches: Sequence[ReplayEvent]) -> float | None:
    ends = [_end(log, breach) for breach in breaches]
    known = [end for end in ends if end is not None]
    return max(0.0, float(max(known) - label.end)) if len(known) == len(ends) else None


def _end(log: RuleLog, breach: ReplayEvent) -> int | None:
    """When a breach cleared: at the first clearing of its series after it."""
    series = breach.agent, breach.workflow, breach.sli
    return next(
        (one.at for one in log.cleared if one.at > breach.at and (one.agent, one.workflow, one.sli) == series), None
    )


def _percentiles(found: Iterable[float | None]) -> tuple[float, float] | None:
    values = sorted(value for value in found if value is not None)
    if not values:
        return None
    half, most = (values[min(len(values) - 1, int(share * len(values)))] for share in (HALF, MOST))
    return half, most
