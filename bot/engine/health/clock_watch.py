"""The machine's clock set back or forward, and a process that stood still: what has to follow, and what must not.

All that is due stands in rows by the wall clock. When that is set, what is due moves with it: else an escalation waits
for as long as the clock went back. And minutes that nobody could have asked for are not an agent's silence: a clock set
forward, or a process that was stopped, opens no `blind` incident by itself.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol

from bot.core.formatting import durations
from bot.core.incident.events import ClockSetBack
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.people import BOT
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.store import Store
from bot.ports.store.records import ClockJump

JUMP: Final = 2.0
"""Seconds by which wall and monotonic clock move apart between two looks when somebody sets the clock."""
PAUSE: Final = 60.0
"""Seconds between two looks after which minutes are missing that nobody asked for."""


class Watching(Protocol):
    """What has seen nothing of the time that is gone."""

    def watch_anew(self) -> None:
        """Count silence from now on."""
        ...


class ClockFollower(Protocol):
    """What holds times in memory that have to move with the clock."""

    def follow_clock(self, by: float, since: datetime) -> None:
        """The clock was set by so many seconds, and shows the new time since then, in scenario time."""
        ...


class ClockWatch:
    """Looks at each tick, and before anything that judges silence. Safe for several threads."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        watching: Watching,
        clock: Clock,
        monotonic: Callable[[], float],
        log: Callable[[str], None],
        alone: Callable[[], bool] = lambda: True,
        *,
        followers: Sequence[ClockFollower] = (),
    ) -> None:
        """`alone`: no other replica works on the database, one whose clock may be right."""
        self._store = store
        self._recorder = recorder
        self._watching = watching
        self._clock = clock
        self._monotonic = monotonic
        self._log = log
        self._lock = threading.Lock()
        self._wall, self._mono = recorder.wall(), monotonic()
        self._alone = alone
        self._followers = followers
        self._jumps_owed: list[tuple[ClockJump, datetime]] = []
        """Jumps that what is stored has yet to follow, with the scenario time since which the new clock was shown:
        the database may be away just then."""
        self._incidents_owed: dict[int, float] = {}
        """The same for incidents: id -> seconds that the clock was set back."""

    def look(self) -> None:
        """See whether the clock was set or time was lost since the last look, and let everything follow."""
        with self._lock:
            wall, mono = self._recorder.wall(), self._monotonic()
            passed = mono - self._mono
            by = wall - self._wall - passed
            self._wall, self._mono = wall, mono
            if abs(by) > JUMP:
                jump = ClockJump(by, wall - passed, wall)
                since = self._clock.now() - timedelta(seconds=passed)
                self._jumps_owed.append((jump, since))
                for follower in self._followers:
                    follower.follow_clock(by, since)
                self._log(f"the machine's clock was set {_words(by)}; what is due moves with it")
            if abs(by) > JUMP or passed > PAUSE:
                self._watching.watch_anew()
            self._follow()

    def _follow(self) -> None:
        while self._jumps_owed:
            jump, since = self._jumps_owed[0]
            now = self._clock.now()
            open_ = self._store.open_incidents() if jump.by < 0 and self._alone() else ()
            self._store.shift_times(jump, now)
            self._jumps_owed.pop(0)
            for incident in open_:
                if not since < incident.opened_at <= now:  # else it was opened by the new clock
                    self._incidents_owed[incident.id] = self._incidents_owed.get(incident.id, 0.0) - jump.by
        run_all(list(self._incidents_owed), self._move)

    def _move(self, incident_id: int) -> None:
        """Deadlines of one incident; what fails is tried again at the next look."""
        event = ClockSetBack(self._clock.now(), BOT, round(self._incidents_owed[incident_id], 1))

        def set_back(incident: Incident) -> ClockSetBack | None:
            return event if incident.timers or incident.active_at is not None else None

        with suppress(IllegalMove):  # it was closed meanwhile
            self._recorder.record(incident_id, set_back)
        del self._incidents_owed[incident_id]


def _words(by: float) -> str:
    return f"{'forward' if by > 0 else 'back'} by {durations.words(abs(round(by)))}"
