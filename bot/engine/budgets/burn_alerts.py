"""Watches error budgets: tallies each hour, opens a ticket once an episode, asks for a postmortem where one is due.

Due stands in a row (a poll group of its own), so that of several replicas one does it. A ticket and the wish to post it
are one transaction: it is posted once, and it is never a page.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.budgets import tickets
from bot.core.budgets.budget import PERIOD, Budget
from bot.core.budgets.spending import folded, incident_share
from bot.core.budgets.tickets import Ticket
from bot.core.incident.effects import Notice, Say
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Series, minute_of
from bot.engine.budgets.budgets import BudgetReader
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.store import Store

EVERY = timedelta(minutes=10)
GROUP = "~budgets"
LEASE = 600.0
"""Seconds after which another replica takes over a round that did not end."""
KEPT = PERIOD + 5 * 24 * 60
LOOK_BACK = timedelta(days=1)
"""Incidents resolved this long ago are still asked about: the round may have been down."""


class BurnAlerts:
    """One round over the fleet every ten minutes."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        fleet: Callable[[], Fleet],
        clock: Clock,
        wall: Callable[[], float],
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._fleet = fleet
        self._clock = clock
        self._wall = wall
        self._budgets = BudgetReader(store)

    def tick(self) -> None:
        """Do what is due. One agent whose numbers cannot be read costs no other its turn."""
        now = self._clock.now()
        claims = self._store.claim_polls({GROUP: now.timestamp()}, now, 1, LEASE)
        if not claims:
            return
        run_all(self._fleet().agents.values(), lambda agent: self._look_at(agent, now))
        self._store.drop_spent(minute_of(now) - KEPT)
        self._store.finish_poll(claims[0], minute_of(now), now + EVERY)

    def _look_at(self, agent: Agent, now: datetime) -> None:
        self._store.put_spent(self._budgets.tally(agent, now))
        self._fold(agent, now)
        found = self._budgets.of(agent, now)
        self._tickets(agent, found, now)
        for incident in self._recent(agent, now):
            self._ask_for_postmortem(agent, incident, now)

    def _fold(self, agent: Agent, now: datetime) -> None:
        newest = minute_of(now)
        for series, kept in self._store.spent([agent.key], newest - KEPT).items():
            days, hours = folded(kept, newest)
            if days:
                self._store.put_spent([(series, day) for day in days], [(series, hour) for hour in hours])

    def _tickets(self, agent: Agent, found: tuple[Budget, ...], now: datetime) -> None:
        slis = [sli for _, sli in agent.slis]
        states = [state for sli, one in zip(slis, found, strict=True) for state in tickets.states(sli, one)]
        fresh, over = tickets.changes(self._store.tickets([agent.key]), states, now)
        for ticket in fresh:
            self._store.open_ticket(ticket, self._notice(agent, ticket), self._wall())
        for ticket in over:
            self._store.close_ticket(ticket, now)

    def _notice(self, agent: Agent, ticket: Ticket) -> Notice:
        owner = self._fleet().people.get(agent.owner)
        stamp = f"ticket/{'/'.join(ticket.series)}/{ticket.alert}/{ticket.opened_at:%Y%m%dT%H%M}"
        text = tickets.notice(agent.key, ticket, owner.name if owner else agent.owner)
        return Notice(stamp, text, agent.channel)

    def _recent(self, agent: Agent, now: datetime) -> list[Incident]:
        """The agent's incidents about its numbers that are open, or were resolved lately."""
        return [
            incident
            for incident in self._store.incidents(200)
            if incident.agent == agent.key
            and incident.breaches
            and (incident.open or (incident.resolved_at or now) > now - LOOK_BACK)
        ]

    def _ask_for_postmortem(self, agent: Agent, incident: Incident, now: datetime) -> None:
        """Over 20 % of a budget in one incident: say so in its channel, once for each SLI."""
        slis = {Series(agent.key, flow, sli.name): sli for flow, sli in agent.slis}
        last = minute_of(incident.resolved_at or now)
        for breach in incident.breaches:
            if breach.series not in slis or breach.beside is not None:
                continue  # a silent failure is measured against what is normal, not against the objective
            sli = slis[breach.series]
            rows = {row.minute: row for row in self._store.minutes(breach.series, breach.first_bad - sli.window, last)}
            share = incident_share(sli, rows, breach.first_bad, last, breach.limit)
            if share is not None and share > tickets.INCIDENT_SHARE:
                text = tickets.postmortem_words(incident.number, sli, share)
                self._recorder.refresh([Say(incident.id, f"budget-{breach.series.sli}-{breach.series.workflow}", text)])
