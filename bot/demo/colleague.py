"""The colleague whose agent is watched by its spans: when that one goes wrong in mid-story, he takes it himself.

Whoever watches the demo has enough to do with their own page; this one must not climb to them because nobody answers.
"""

import threading
import time

from bot.core.incident.incident import Incident
from bot.core.incident.timeline import Entry
from bot.demo.responder import Phone, StoryStoppedError
from bot.demo.setup import DemoSetup
from bot.simulation import demo_fleet, traced_fleet
from bot.slack import ids

LOOK_EVERY = 0.3
PATIENCE = 10.0
"""Real seconds that a tap may take to become possible."""
TOLD = ("opened", "acknowledged")
"""Kinds of entries that the story tells of his incident."""
UPDATE = "update The provider answers with another model since it began; we have asked them to pin the old one."


class Colleague:
    """Acknowledges and leads what the traced agent's owner is paged for, in a thread."""

    def __init__(self, stage: DemoSetup) -> None:
        self._stage = stage
        self._who = next(one for one in demo_fleet.PEOPLE if one.key == traced_fleet.OWNER)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="colleague", daemon=True)
        self._told = 0

    def start(self) -> None:
        """Begin to watch for the page."""
        self._thread.start()

    def stop(self) -> None:
        """Do nothing more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def breach(self) -> Incident | None:
        """The incident in which the traced agent's numbers went bad, once there is one."""
        return next((one for one in self._incidents() if one.kind != "blind"), None)

    def news(self) -> list[Entry]:
        """What has to be told of that incident since the last time."""
        incident = self.breach()
        if incident is None:
            return []
        entries = self._stage.app.store.entries(incident.id)
        fresh, self._told = entries[self._told :], len(entries)
        return [sealed.entry for sealed in fresh if sealed.entry.kind in TOLD]

    def _incidents(self) -> list[Incident]:
        return [one for one in self._stage.app.store.incidents(10) if one.agent == traced_fleet.TRACED]

    def _run(self) -> None:
        taken = set[int]()
        while not self._stopping.wait(LOOK_EVERY):
            for incident in self._incidents():
                if incident.id not in taken and incident.open and incident.channel:
                    taken |= {incident.id} if self._takes(incident) else set()

    def _takes(self, incident: Incident) -> bool:
        """Acknowledge, lead, and say how it stands; whether it could be done."""
        phone = Phone(self._stage.slack.url, self._who.slack, time.monotonic() + PATIENCE)
        try:
            if not incident.acked_by:
                phone.tap(f"@{self._who.slack}", ids.ACK)
            phone.command(incident.channel, "/incident", "role lead")
            phone.command(incident.channel, "/incident", UPDATE)
        except StoryStoppedError:
            return False
        return True
