"""What was refused to whom, kept: in the incident's timeline where there is one, in the audit log, and as a count."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from bot.core.incident.events import Refused
from bot.core.incident.incident import IllegalMove
from bot.core.model.people import BOT, Actor
from bot.engine.incidents.recorder import IncidentRecorder
from bot.ports.errors import Conflict

SAME_WITHIN = timedelta(minutes=10)
"""The same refusal to the same person is one entry in this time: nobody floods a timeline by tapping."""
MOST_REMEMBERED = 1_000

log = structlog.get_logger("stepdown.audit")


class Refusals:
    """Keeps refusals. `counts` by surface, for metrics."""

    def __init__(self, recorder: IncidentRecorder, now: Callable[[], datetime]) -> None:
        self._recorder = recorder
        self._now = now
        self._lock = threading.Lock()
        self._recent: dict[tuple[int | None, str, str], datetime] = {}
        self.counts: dict[str, int] = {}

    def keep(self, actor: Actor, why: str, incident_id: int | None = None) -> None:
        """Write one down. Never raises for what the incident makes of it: the refusal itself stands."""
        with self._lock:
            self.counts[actor.surface] = self.counts.get(actor.surface, 0) + 1
            if not self._fresh((incident_id, actor.key, why)):
                return
        log.warning("a person was refused", who=repr(actor.key), surface=actor.surface, why=repr(why))
        if incident_id is None:
            return
        try:
            self._recorder.record(incident_id, lambda _: Refused(self._now(), BOT, actor, why))
        except (IllegalMove, Conflict):
            log.warning("the timeline did not take the entry of a refusal", incident=f"INC-{incident_id:04d}")

    def _fresh(self, key: tuple[int | None, str, str]) -> bool:
        now = self._now()
        seen = self._recent.get(key)
        if seen is not None and abs(now - seen) < SAME_WITHIN:
            return False
        if len(self._recent) >= MOST_REMEMBERED:
            self._recent.clear()
        self._recent[key] = now
        return True
