"""Rules that a replay judges the same recording by, beside each other."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.core.backtest.replay_rules import BurnRates, FleetRule, ReplayRule
from bot.core.detection.evidence_rule import allowance_of
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Series
from bot.core.model.slis import USUAL_SUSTAIN, Sli

QUARTER = 15
"""Minutes of the long window that is compared."""


@dataclass(frozen=True, slots=True)
class ComparedRule:
    """A rule by its name: how it changes an SLI of the fleet file, and what it judges the agent by then.

    `alone`: each SLI is judged as if the agent had no other, under the allowance of the whole agent.
    """

    name: str
    changed: Callable[[Series, Sli], Sli]
    rule: Callable[[Agent], ReplayRule]
    alone: bool = False

    def agents(self, agent: Agent) -> list[Agent]:
        """The agent as this rule sees it, in one piece or SLI by SLI."""
        series = agent.series()
        slis = [(flow, self.changed(each, sli)) for each, (flow, sli) in zip(series, agent.slis, strict=True)]
        return [replace(agent, slis=(one,)) for one in slis] if self.alone else [replace(agent, slis=tuple(slis))]


def own_rule(fleet: Fleet) -> ComparedRule:
    """The rule of each SLI as the fleet file has it."""
    return ComparedRule("as the fleet file says", lambda _, sli: sli, fleet_rule(fleet.false_pages))


def other_rules() -> tuple[ComparedRule, ...]:
    """What is compared with it: counted minutes, a quarter of an hour beside them, and burn rates."""
    literal = fleet_rule(1.0)  # counted minutes ask for no allowance
    return (
        ComparedRule("literal, 2 min", _literal, literal),
        ComparedRule("and 15 min window", _with_quarter, literal),
        ComparedRule("burn rates", _literal, lambda _: BurnRates()),
    )


def fleet_rule(false_pages: float) -> Callable[[Agent], ReplayRule]:
    """Each SLI by its own rule, under this allowance."""
    return lambda agent: FleetRule(allowance_of(false_pages, agent.slis))


def _literal(_: Series, sli: Sli) -> Sli:
    """A `sustain` above the usual was asked for, and stays."""
    return replace(sli, rule="literal", sustain=max(sli.sustain, USUAL_SUSTAIN), long_window=0)


def _with_quarter(series: Series, sli: Sli) -> Sli:
    """Where the SLI is counted for as long anyway, the long window adds nothing."""
    literal = _literal(series, sli)
    return replace(literal, long_window=QUARTER if literal.sustain < QUARTER else 0)
