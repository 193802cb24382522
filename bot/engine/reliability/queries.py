"""What people ask between incidents: budgets, readiness, and what they decide about an agent's scope."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.budgets.budget import Budget, alert_words
from bot.core.budgets.spending import BUDGET_CHART
from bot.core.cards.answer import Answer
from bot.core.formatting.durations import words
from bot.core.incident import permissions
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import Actor
from bot.core.model.slis import Sli
from bot.core.reports import readiness
from bot.engine import name_lookup
from bot.engine.budgets.budgets import BudgetReader
from bot.engine.name_lookup import Unknown
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.engine.views.ready import ready_card
from bot.ports.clock import Clock
from bot.ports.store import Store

NOT_HERE = "Readiness is asked of the real fleet; there is none here."


@dataclass(frozen=True, slots=True)
class ReliabilityQueries:
    """Answers in words, for Slack and the command line alike. `readying` None: this Stepdown watches no real fleet."""

    store: Store
    fleet: Callable[[], Fleet]
    clock: Clock
    readiness_check: ReadinessCheck | None = None

    def budget(self, key: str) -> Answer:
        """What is left of an agent's error budgets, how fast they burn, and which tickets are open."""
        try:
            agent = self._agent(key)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        found = BudgetReader(self.store).of(agent, self.clock.now())
        tickets = [
            f"TICKET since {one.opened_at:%d %b %H:%M} UTC: {one.text}" for one in self.store.tickets([agent.key])
        ]
        slis = [sli for _, sli in agent.slis]
        lines = [line for sli, one in zip(slis, found, strict=True) for line in budget_lines(sli, one)]
        if not lines:
            return Answer(f"{agent.key} has no SLI, so it has no budget.")
        return Answer(
            "\n".join([f"Error budgets of {agent.key}, 30 days.", *tickets, *lines]), chart=(agent.key, BUDGET_CHART)
        )

    def ready(self, key: str) -> Answer:
        """May it go live? Every line with its evidence or what is missing."""
        try:
            agent = self._agent(key)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        if self.readiness_check is None:
            return Answer(NOT_HERE, ok=False)
        card = ready_card(self.readiness_check.of(agent, self.clock.now()))
        return Answer(card.headline, card=card)

    def scope(self, actor: Actor, key: str, reason: str) -> Answer:
        """Record that this person decided what the fleet file says of the agent's scope and stage."""
        try:
            agent = self._agent(key)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        refused = permissions.may_close(actor, agent)
        if refused or not reason.strip() or self.readiness_check is None:
            return Answer(
                refused or (NOT_HERE if reason.strip() else "A decision about scope takes a reason."), ok=False
            )
        return Answer(self._decided(agent, actor, reason.strip(), self.clock.now()))

    def _decided(self, agent: Agent, actor: Actor, reason: str, now: datetime) -> str:
        before = self.store.decisions(agent.key)
        terms = readiness.terms_of(agent)
        changed = readiness.changed_terms(before[-1].terms, terms) if before else ()
        if before and not changed:
            return f"Nothing has changed since {before[-1].by} decided on {before[-1].at:%Y-%m-%d}: {before[-1].reason}"
        assert self.readiness_check is not None  # noqa: S101 - asked by `scope`
        self.readiness_check.decide(agent, actor.key, reason, now)
        what = f" ({', '.join(changed)} changed)" if changed else ""
        return f"Recorded: {actor.name} decided on {agent.key} as {agent.stage}{what}. Reason: {reason}"

    def _agent(self, key: str) -> Agent:
        fleet = self.fleet()
        return fleet.agents[name_lookup.find_agent(fleet, key)]


def _rate(one: Budget, window: int, rate: float | None) -> str:
    if rate is not None:
        return f"{rate:.1f}x"
    return "not lived yet" if window > one.lived else "unknown"


def budget_lines(sli: Sli, one: Budget) -> list[str]:
    """A budget in words: what is left, how fast it burns by window, and each alert that rings."""
    rates = ", ".join(f"{words(window * 60)} {_rate(one, window, rate)}" for window, rate in one.rates.items())
    ringing = [f"BURNS {alert_words(one.series, sli, burn)}" for burn in one.burns if burn.ringing]
    return [one.why, f"    burn rate: {rates}", *ringing]
