"""Postmortem drafts: gather what is stored about an incident and have it rendered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.reports import postmortem
from bot.ports.documents import Document, Documents
from bot.ports.store import Store

BEFORE, AFTER = 60, 30
"""Minutes around the incident that charts and figures look at."""


class PostmortemWriter:
    """Builds the report of an incident from its own entries and minutes, renders and keeps it."""

    def __init__(self, store: Store, documents: Documents, fleet: Callable[[], Fleet]) -> None:
        self._store = store
        self._documents = documents
        self._fleet = fleet

    def draft(self, incident: Incident, now: datetime) -> tuple[Document, str]:
        """The draft and the path under which it was kept."""
        document = self._documents.postmortem(self.report_of(self._store, self._fleet(), incident, now))
        return document, self._documents.keep(document)

    @staticmethod
    def report_of(store: Store, fleet: Fleet, incident: Incident, now: datetime) -> postmortem.Report:
        """The facts and gaps that the draft is rendered from."""
        roster = incident.roster
        gone = Agent(incident.agent, roster.owner, deputy=roster.deputy, manager=roster.manager)
        return postmortem.build(
            incident,
            store.entries(incident.id),
            minutes=_minutes(store, incident, now),
            rung_history=store.rung_history(incident.agent, incident.opened_at),
            people=fleet.people,
            agent=fleet.agents.get(incident.agent, gone),
            now=now,
            ladder=fleet.ladder,
        )


def _minutes(store: Store, incident: Incident, now: datetime) -> Mapping[Series, Sequence[MinuteRow]]:
    onset = min((breach.first_bad for breach in incident.breaches), default=minute_of(incident.opened_at))
    last = minute_of(incident.resolved_at or now) + AFTER
    return store.minutes_of([incident.agent], onset - BEFORE, last)
