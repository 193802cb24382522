"""What is worth a look and wakes nobody: found at once, told once an episode, shown until it is over.

That is what is reported and watched by nobody, what was refused, and an SLI that got better than ever for no reason.

A finding is a ticket of its agent (`core.budgets.tickets`), so it is posted once however many replicas see it, survives
a restart, and the command line shows it too. Names come from outside: so many of an agent, and no more, are kept.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.core.budgets.tickets import Ticket
from bot.core.incident.effects import Notice
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series
from bot.core.telemetry.unwatched import NAME, is_unlisted, unlisted, unwatched
from bot.ports.clock import Clock
from bot.ports.store import BudgetStore

UNLISTED, UNLABELLED, STRANGER, REFUSED = "unlisted", "unlabelled", "stranger", "refused"
FELL, UNSAID = "fell", "unsaid"
NOBODYS = "nobodys"
QUIET = {
    UNLISTED: timedelta(days=1),
    UNLABELLED: timedelta(hours=1),
    STRANGER: timedelta(days=1),
    REFUSED: timedelta(hours=1),
    FELL: timedelta(hours=1),
    UNSAID: timedelta(days=1),
    NOBODYS: timedelta(days=1),
}
"""How long after the last sighting a finding is over. Work that comes now and then is one episode."""
MOST = 10
"""Findings of one kind and agent that are open at a time."""
MOST_NAMED = 100
"""Names that are kept between two ticks."""

Key = tuple[str, str, str, str]
"""(agent, workflow, sli, kind)"""


class Findings:
    """Told of what was seen. Safe to use from any thread."""

    def __init__(self, store: BudgetStore, fleet: Callable[[], Fleet], clock: Clock, wall: Callable[[], float]) -> None:
        self._store = store
        self._fleet = fleet
        self._clock = clock
        self._wall = wall
        self._began = clock.now()
        self._lock = threading.Lock()
        self._seen: dict[Key, datetime] = {}
        self._texts: dict[Key, str] = {}
        self._named: dict[tuple[str, str], str] = {}

    def told(self) -> list[str]:
        """What this process has seen and is not over, in sentences."""
        with self._lock:
            return [f"{key[0] or 'the fleet'}: {text}" for key, text in self._texts.items()]

    def strangers(self, source: str, sli: str, found: Iterable[tuple[str, str]]) -> None:
        """Series of a source or a push that no query and no agent of ours speaks for, as (agent, workflow)."""
        for one in unwatched(self._fleet(), source, sli, found):
            of = source if one.kind == "stranger" else "" if one.kind == "unlisted" else sli
            self._note((one.agent, one.workflow, of, one.kind), one.text)

    def unlisted(self, agent: str, workflow: str, how: str) -> None:
        """A workflow of ours that nobody listed."""
        self._note((agent, workflow[:NAME], "", UNLISTED), unlisted(workflow, how))

    def named(self, agent: str, workflow: str, how: str) -> None:
        """Somebody names an agent, or a workflow of one of ours, that may be in no list.

        Told with the next tick: a poll waits for no database.
        """
        with self._lock:
            if len(self._named) < MOST_NAMED:
                self._named.setdefault((agent[:NAME], workflow[:NAME]), how)

    def refused(self, agent: str, text: str) -> None:
        """Records of this agent were refused (of "" agents that are not ours)."""
        self._note((agent, "", "", REFUSED), text)

    def fell(self, series: Series, text: str) -> None:
        """An SLI got better than ever and nothing else moved: no page, but worth a look (`silent_failure_rule`)."""
        self._note((*series, FELL), text)

    def nobodys(self, sender: str, named: str, title: str) -> None:
        """An alert came for an agent that is in no list, or for none at all: nobody is paged by it."""
        known = f"agent {named!r} is not in the fleet file" if named else "no label of it names an agent"
        what = (
            f"{named!r} as `aka` of the agent that it is about" if named else "the label under `alerts: agent_labels`"
        )
        text = f"an alert of {sender} pages nobody ({title}): {known}. Write {what}"
        self._note(("", (named or sender)[:NAME], "", NOBODYS), text)

    def unsaid(self, agent: str, sli: str, text: str) -> None:
        """An SLI of this agent is UNKNOWN because nobody said how it shows."""
        self._note((agent, "", sli, UNSAID), text)

    def tick(self) -> None:
        """Tell what was named, and end what was not seen for long and what the fleet file lists by now."""
        self._tell_named()
        now, fleet = self._clock.now(), self._fleet()
        for ticket in self._store.tickets(["", *fleet.agents]):
            quiet = QUIET.get(ticket.alert)
            if quiet is None:
                continue
            key = (*ticket.series, ticket.alert)
            with self._lock:
                last = self._seen.get(key, self._began)
                over = now - last > quiet or _listed(fleet, ticket)
                if over:
                    self._seen.pop(key, None)
                    self._texts.pop(key, None)
            if over:
                self._store.close_ticket(ticket, now)

    def _tell_named(self) -> None:
        with self._lock:
            named, self._named = self._named, {}
        agents = self._fleet().agents
        for (agent, workflow), how in named.items():
            if agent and agent not in agents:
                what = "Nobody watches it: list it, or give it to one that is listed as `aka`"
                text = f"agent {agent!r} is not in the fleet file: {how}. {what}"
                self._note(("", agent, "", STRANGER), text)
            elif agent and is_unlisted(agents[agent], workflow):
                self._note((agent, workflow, "", UNLISTED), unlisted(workflow, how))

    def _note(self, key: Key, text: str) -> None:
        now = self._clock.now()
        with self._lock:
            known = key in self._seen
            if not known and sum(one[0] == key[0] and one[3] == key[3] for one in self._seen) >= MOST:
                return
            self._seen[key] = now
            self._texts[key] = text
        if known:
            return
        ticket = Ticket(Series(*key[:3]), key[3], now, text)
        self._store.open_ticket(ticket, self._notice(ticket), self._wall())

    def _notice(self, ticket: Ticket) -> Notice:
        fleet = self._fleet()
        agent = fleet.agents.get(ticket.series.agent)
        owner = fleet.people.get(agent.owner) if agent else None
        whose = f"; owner {owner.name}" if owner else ""
        stamp = f"finding/{'/'.join(ticket.series)}/{ticket.alert}/{ticket.opened_at:%Y%m%dT%H%M}"
        text = f"TICKET {agent.key if agent else 'fleet'}: {ticket.text}{whose}"
        return Notice(stamp, text, agent.channel if agent else "")


def _listed(fleet: Fleet, ticket: Ticket) -> bool:
    agent = fleet.agents.get(ticket.series.agent)
    if ticket.alert != UNLISTED or agent is None:
        return False
    return fleet.aliases.named(agent.key, ticket.series.workflow)[1] in agent.workflows
