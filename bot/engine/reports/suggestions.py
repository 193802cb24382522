"""Objectives and allowances that would have paged so many times in the last 30 days of a recording (`docs/replay.md`).

Each SLI is replayed by itself with a few candidates at once, round by round. At the end all of them are replayed
together, as a bot would run them, and what pages too often beside the others is loosened until it does not.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.backtest.compared_rules import ComparedRule, fleet_rule
from bot.core.backtest.objective_search import ObjectiveSearch
from bot.core.backtest.rule_scores import PAGING
from bot.core.detection.evidence.windows import MINUTES_A_MONTH
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series
from bot.core.model.slis import Objective, Sli
from bot.engine.reports.backtest import Backtest, Sample

ALLOWANCES = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Pages by chance an agent and month that are tried."""
MOST_ROUNDS = 8
"""Rounds of loosening; each SLI moves by one step in each."""


@dataclass(frozen=True, slots=True)
class ObjectiveSuggestion:
    """What would have done for one SLI by itself. `pages_now`: what it would have paged as the fleet file has it."""

    series: Series
    sli: Sli
    pages_now: int
    objective: Objective | None
    """With the allowance as it is; None where none would have done."""
    pages: int
    """What the objective would have paged beside the other suggestions."""
    false_pages: float | None
    """The largest allowance tried that would have done with the objective as it is; None where none would have."""


class Suggester:
    """Replays `samples`, which can be gone through again and again. `last`: the last minute of them."""

    def __init__(self, fleet: Fleet, samples: Iterable[Sample], last: int) -> None:
        self._fleet = fleet
        self._samples = samples
        self._from = last + 1 - MINUTES_A_MONTH

    def suggest(self, pages: int, levels: Mapping[Series, float]) -> list[ObjectiveSuggestion]:
        """For each SLI with a level (its mean in the recording): what would have paged `pages` times at most."""
        slis = {
            series: sli
            for agent in self._fleet.agents.values()
            for series, (_, sli) in zip(agent.series(), agent.slis, strict=True)
            if series in levels
        }
        now, allowed = self._allowances(slis, pages)
        searches = {series: ObjectiveSearch(sli, levels[series], pages) for series, sli in slis.items()}
        while any(search.candidates for search in searches.values()):
            self._round(searches)
        together = self._loosened(searches, pages)
        return [
            ObjectiveSuggestion(series, sli, now[series], searches[series].found, together[series], allowed.get(series))
            for series, sli in slis.items()
        ]

    def _allowances(self, slis: Mapping[Series, Sli], pages: int) -> tuple[Counter[Series], dict[Series, float]]:
        """What each SLI pages now, and the largest allowance that does for it."""
        present = ComparedRule("now", _unchanged, fleet_rule(self._fleet.false_pages), alone=True)
        tried = [
            ComparedRule(f"{allowance:g}", _unchanged, fleet_rule(allowance), alone=True) for allowance in ALLOWANCES
        ]
        now, *found = self._pages([present, *tried])
        allowed = {
            series: max(does)
            for series, sli in slis.items()
            if sli.rule == "evidence"
            and (does := [each for each, sent in zip(ALLOWANCES, found, strict=True) if sent[series] <= pages])
        }
        return now, allowed

    def _round(self, searches: Mapping[Series, ObjectiveSearch]) -> None:
        """Try the next candidates of every SLI side by side."""
        asked = {series: search.candidates for series, search in searches.items()}
        most = max(len(candidates) for candidates in asked.values())
        tried = [{series: each[place] for series, each in asked.items() if place < len(each)} for place in range(most)]
        rule = fleet_rule(self._fleet.false_pages)
        sent = self._pages([ComparedRule("tried", _changing(each), rule, alone=True) for each in tried])
        for series, search in searches.items():
            search.tell(
                {each[series]: pages[series] for each, pages in zip(tried, sent, strict=True) if series in each}
            )

    def _loosened(self, searches: Mapping[Series, ObjectiveSearch], pages: int) -> Counter[Series]:
        """Replay what was found together, and loosen what pages too often; returns the pages of each SLI."""
        sent = Counter[Series]()
        for _ in range(MOST_ROUNDS):
            found = {series: search.found for series, search in searches.items()}
            changed = _changing({series: each for series, each in found.items() if each is not None})
            [sent] = self._pages([ComparedRule("together", changed, fleet_rule(self._fleet.false_pages))])
            over = [series for series, each in found.items() if each is not None and sent[series] > pages]
            if not over:
                break
            for series in over:
                searches[series].loosen()
        return sent

    def _pages(self, rules: Sequence[ComparedRule]) -> list[Counter[Series]]:
        """How many pages each rule would have sent for each series in the last month."""
        sent = [Counter[Series]() for _ in rules]
        others = [(rule, self._counting(pages)) for rule, pages in zip(rules, sent, strict=True)]
        Backtest(self._fleet, others[0][1], others[1:], rule=rules[0]).run(self._samples)
        return sent

    def _counting(self, pages: Counter[Series]) -> Callable[[ReplayEvent], None]:
        def tell(event: ReplayEvent) -> None:
            if event.kind == "slo" and event.event in PAGING and event.at > self._from:
                pages[Series(event.agent, event.workflow, event.sli)] += 1

        return tell


def _unchanged(_: Series, sli: Sli) -> Sli:
    return sli


def _changing(objectives: Mapping[Series, Objective]) -> Callable[[Series, Sli], Sli]:
    """These objectives in the place of those of the fleet file."""
    return lambda series, sli: replace(sli, objective=objectives.get(series, sli.objective))
