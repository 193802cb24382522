"""Being one of several: what this process tells the other replicas, and what it hears of them.

Agents poll any replica. Each answers from its own memory, so each has to learn of rungs that another committed and of
what instances told another. A step down may be called confirmed only when every replica that is alive knows the rung
and has passed on what its instances said: else an instance that only the other one knows of would not be counted.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.core.autonomy.file_record import FileRecord
from bot.core.model.rungs import InstanceReading, RungState
from bot.ports.store import Replica, Store

BEING_COMMITTED = 5.0
"""Seconds within which what is being committed at this moment stands in the database, or never will."""

NAMED = 5
"""Agents that a sentence names of those whose rungs another file says otherwise."""


class SharedRungCache(Protocol):
    """The rung cache, as far as it is shared among replicas."""

    def publish(self, states: Sequence[RungState]) -> None:
        """Take over committed rungs."""
        ...

    def keep_within(self, in_force: FileRecord | None) -> Sequence[str]:
        """Answer nothing above the fleet file in force; returns what it says otherwise than the one read here."""
        ...

    def take_changed(self) -> Sequence[InstanceReading]:
        """What instances said here and nobody else knows yet."""
        ...

    def adopt(self, readings: Sequence[InstanceReading]) -> None:
        """Take over what instances said elsewhere."""
        ...


class ReplicaSync:
    """One replica's part in the talk. `exchange` at least each second, sooner when a rung was committed."""

    def __init__(self, store: Store, rung_cache: SharedRungCache, me: Replica) -> None:
        self._store = store
        self._rung_cache = rung_cache
        self._me = me
        self._exchanging = threading.Lock()
        self._mark = 0.0
        self._known: dict[str, tuple[int, float]] = {}
        self._others: Sequence[Replica] = ()
        self._otherwise: Sequence[str] = ()

    def begin(self, since: datetime) -> None:
        """Take over what instances said up to now. `since` in scenario time: older words do not count any more."""
        self._others, now = self._store.report(self._me, 0.0)
        self._me = replace(self._me, started_at=now)
        self._mark = now - BEING_COMMITTED
        self._rung_cache.adopt(self._store.readings(since))

    def exchange(self) -> None:
        """Learn rungs, pass on what instances said, say so, and take over what they said elsewhere, in this order."""
        with self._exchanging:
            _, began = self._store.report(self._me, 0.0)
            rungs = self._store.rungs()
            self._rung_cache.publish(rungs)
            self._otherwise = self._rung_cache.keep_within(self._store.file_record())
            self._store.put_readings(self._rung_cache.take_changed())
            others, now = self._store.report(self._me, began)
            heard, self._mark = self._store.readings_stored(self._mark)
            self._rung_cache.adopt(heard)
            self._others = others
            self._remember(rungs, now)

    def _remember(self, rungs: Sequence[RungState], now: float) -> None:
        """Since when every rung of an agent is known here; it was committed before."""
        newest: dict[str, int] = {}
        for state in rungs:
            newest[state.agent] = max(state.epoch, newest.get(state.agent, 0))
        for agent, epoch in newest.items():
            if self._known.get(agent, (0, 0.0))[0] < epoch:
                self._known[agent] = (epoch, now)

    def known_everywhere(self, agent: str, epoch: int) -> bool:
        """Whether every replica alive knew this epoch before it last passed on what its instances said."""
        others = self._others
        known, since = self._known.get(agent, (0, 0.0))
        return not others or (known >= epoch and all(other.reported_at >= since for other in others))

    def alive(self) -> Mapping[str, str]:
        """The replicas alive, this one first: name -> host."""
        return {replica.name: replica.host for replica in (self._me, *self._others)}

    def other_file(self) -> str:
        """That another replica put another fleet file in force than the one read here, in words; "" where none did."""
        if not self._otherwise:
            return ""
        named = ", ".join(self._otherwise[:NAMED]) + (" and more" if len(self._otherwise) > NAMED else "")
        return (
            f"the fleet file of this replica is not the one in force, which says otherwise of {named}; agents are "
            "answered by the lower of the two until the file in force is read here"
        )

    def leave(self) -> None:
        """Stop being one of them: nobody waits for this replica any more."""
        with self._exchanging:
            self._store.put_readings(self._rung_cache.take_changed())
            self._store.leave(self._me)
