"""Attribution beside the paging path: looked at when an incident opens and again as evidence grows, and when asked.

The page never waits for it: it is a tick of its own, and what it finds is posted as a card and edited in place.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.core.diagnosis.attribution import Assessment, assess, facts
from bot.core.diagnosis.playbook_matching import matches
from bot.core.incident.events import Assessed
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.people import BOT, Actor
from bot.core.runbooks.playbook import Playbook
from bot.engine.diagnosis.evidence_collector import EvidenceCollector
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.store import IncidentStore

Playbooks = Callable[[], Iterable[Playbook]]
AGAIN: tuple[tuple[timedelta, timedelta], ...] = (
    (timedelta(minutes=15), timedelta(minutes=2)),
    (timedelta(hours=1), timedelta(minutes=10)),
    (timedelta(hours=6), timedelta(minutes=30)),
)
"""(up to this age, how often to look). Afterwards only when somebody asks: by then people know more than numbers."""


class AttributionRunner:
    """Assesses incidents and records what it finds."""

    def __init__(
        self,
        store: IncidentStore,
        recorder: IncidentRecorder,
        evidence_collector: EvidenceCollector,
        playbooks: Playbooks,
        clock: Clock,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._evidence_collector = evidence_collector
        self._playbooks = playbooks
        self._clock = clock
        self._looked: dict[int, datetime] = {}

    def look_all(self) -> None:
        """Look at every open incident that is due for it."""
        now = self._clock.now()
        due = [incident for incident in self._store.open_incidents() if self._due(incident, now)]

        def look(incident: Incident) -> None:
            self.look(incident, now)

        run_all(due, look)

    def _due(self, incident: Incident, now: datetime) -> bool:
        if incident.kind == "blind" or incident.cause is not None:
            return False
        last = self._looked.get(incident.id)
        age = now - incident.opened_at
        every = next((every for up_to, every in AGAIN if age <= up_to), None)
        return last is None or (every is not None and now - last >= every)

    def look(self, incident: Incident, now: datetime, actor: Actor = BOT) -> Assessment | None:
        """Assess now; recorded, as looked up by `actor`, where it says something new.

        None for an agent that left the fleet file.
        """
        self._looked[incident.id] = now
        found = self.assessment(incident, now)
        if found is not None:
            self._record(incident.id, found, actor)
        return found

    def assessment(self, incident: Incident, now: datetime) -> Assessment | None:
        """What the numbers say now, without recording it."""
        material = self._evidence_collector.gather(incident, now)
        if material is None:
            return None
        seen = facts(material)
        return assess(material, seen, matches(self._playbooks(), material, seen), now)

    def _record(self, incident_id: int, found: Assessment, actor: Actor) -> None:
        def decide(incident: Incident) -> Assessed | None:
            return Assessed(found.at, actor, found) if news(incident.assessment, found) else None

        try:
            self._recorder.record(incident_id, decide)
        except IllegalMove:
            return


def news(before: Assessment | None, after: Assessment) -> bool:
    """Whether an assessment says something else than the one before: a cause, how sure, a playbook."""
    if before is None:
        return True
    if before.at >= after.at:
        return False
    return _gist(before) != _gist(after)


def _gist(found: Assessment) -> tuple[object, ...]:
    top, best = found.top, next(iter(found.matches), None)
    return (top.key if top else None, round(top.share, 1) if top else None, best.name if best else None)
