"""What people did about a page elsewhere, where it reached them: taking it there is taking it here.

Only the present run of paging counts: whoever takes an alert of an earlier one has not taken this. Closing an alert
closes nothing here, since an incident is over when its numbers have held and a person says so.
"""

from collections.abc import Callable

from bot.core.incident.incident import Incident, IncidentState
from bot.core.model.fleet import Fleet
from bot.core.model.people import Actor
from bot.engine.commands.commands import Commands
from bot.engine.name_lookup import people_called
from bot.ports.pagers import PagedRun
from bot.ports.store import IncidentStore


class InboundAcknowledgements:
    """Turns what a pager's own service (`where`) tells into commands. `read`: its name of an alert, as a page."""

    def __init__(
        self,
        store: IncidentStore,
        commands: Commands,
        fleet: Callable[[], Fleet],
        read: Callable[[str], PagedRun | None],
        where: str,
    ) -> None:
        self._store = store
        self._commands = commands
        self._fleet = fleet
        self._read = read
        self._where = where

    def acknowledged(self, alert: str, who: str) -> bool:
        """Somebody took it there; False where it is no page of a present run. Who has it already keeps it."""
        page = self._read(alert)
        incident = self._current(page)
        if page is None or incident is None:
            return False
        if incident.state is IncidentState.PAGING:
            self._commands.paging.acknowledge(self._actor(page, who), incident.id)
        return True

    def closed(self, alert: str, who: str) -> bool:
        """Somebody closed it there: that somebody has it, and it stays open here. False as above."""
        page = self._read(alert)
        incident = self._current(page)
        if page is None or incident is None:
            return False
        self.acknowledged(alert, who)
        words = f"closed the alert in {self._where}. The incident stays open here until its numbers have held."
        self._commands.teamwork.note(self._actor(page, who), incident.id, words)
        return True

    def _current(self, page: PagedRun | None) -> Incident | None:
        """The incident, if the page is one of its present run and not another database's."""
        incident = None if page is None else self._store.incident(page.incident_id)
        if page is None or incident is None or not incident.open:
            return None
        same = (int(incident.opened_at.timestamp()), incident.escalation.episode) == (page.opened, page.episode)
        return incident if same else None

    def _actor(self, page: PagedRun, who: str) -> Actor:
        """The person of that name; else the one who was paged, since it was done with that person's page.

        Where several have the name it is nobody's proof: the one who was paged, again.
        """
        people, called = self._fleet().people, people_called(self._fleet(), who)
        only = page.person if page.person in called else called[0] if len(called) == 1 else ""
        named = people.get(only)
        found = named or people.get(page.person)
        if found is None:
            return Actor(page.person, f"{who} (in {self._where})", responder=True, surface="web")
        shown_as = found.name if named else f"{found.name}, as {who}"
        return Actor(found.key, f"{shown_as} (in {self._where})", found.slack, responder=True, surface="web")
