"""Follow-ups are tracked elsewhere too, where that is wished: an issue for each, linked from its row.

Due stands in a row (a poll group of its own), so that of several replicas one does it. What fails is tried again at the
next round; the follow-up itself and its reminders do not wait for it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from bot.core.incident.events import Event, FollowupChanged
from bot.core.incident.followups import Followup
from bot.core.incident.incident import IllegalMove
from bot.core.model.fleet import Fleet
from bot.core.model.people import BOT
from bot.core.model.samples import minute_of
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.errors import DeliveryError
from bot.ports.store import Store

EVERY = timedelta(minutes=5)
GROUP = "~followups"
LEASE = 600.0
BATCH = 20
"""Follow-ups in one round: whoever tracks them counts requests."""


class Tracker(Protocol):
    """Where follow-ups are tracked as well."""

    def link(self, followup: Followup, owner: str, installation: str) -> str:
        """The address under which it is tracked, made if it is not there. Raises DeliveryError.

        `installation` tells our follow-up 42-1 from that of another Stepdown.
        """
        ...


class IssueSync:
    """Links open follow-ups. `log` hears of what did not work."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        fleet: Callable[[], Fleet],
        clock: Clock,
        tracker: Tracker,
        log: Callable[[str], None],
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._fleet = fleet
        self._clock = clock
        self._tracker = tracker
        self._log = log

    def tick(self) -> None:
        """Link what is not linked yet, some at a time."""
        now = self._clock.now()
        claims = self._store.claim_polls({GROUP: now.timestamp()}, now, 1, LEASE)
        if not claims:
            return
        waiting = [one for one in self._store.followups() if not one.link][:BATCH]
        run_all(waiting, self._link)
        self._store.finish_poll(claims[0], minute_of(now), now + EVERY)

    def _link(self, followup: Followup) -> None:
        person = self._fleet().people.get(followup.owner)
        try:
            link = self._tracker.link(followup, person.name if person else followup.owner, self._store.installation())
        except DeliveryError as error:
            self._log(f"follow-up {followup.id} is not tracked yet: {error}")
            return
        now = self._clock.now()

        def decide(_: object) -> Event | None:
            known = self._store.followup(followup.id)
            return None if known is None or known.link else FollowupChanged(now, BOT, followup.id, link=link)

        try:
            self._recorder.record(followup.incident_id, decide)
        except IllegalMove as refused:
            self._log(f"follow-up {followup.id} is tracked at {link}; its row did not take it: {refused}")
