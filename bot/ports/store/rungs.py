"""Rungs that were committed, what instances said of them, and the replicas that tell each other."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.autonomy.file_record import FileRecord
from bot.core.model.rungs import InstanceReading, RungState
from bot.ports.store.records import Replica


class RungStore(Protocol):
    """Keeps committed rungs, by agent and workflow."""

    def rung(self, agent: str, workflow: str = "") -> RungState | None:
        """The committed rung; None where it was never changed."""
        ...

    def rungs(self, agent: str = "") -> Sequence[RungState]:
        """The committed rungs of an agent ("": of all), the newest of each scope."""
        ...

    def rung_history(self, agent: str, since: datetime) -> Sequence[RungState]:
        """Every committed change since then, oldest first."""
        ...

    def epoch(self, agent: str) -> int:
        """The newest epoch of an agent, 0 before its first change."""
        ...

    def file_record(self) -> FileRecord | None:
        """What the fleet file in force says of rungs; None before the first one."""
        ...

    def put_file_record(self, record: FileRecord, seen: FileRecord | None, at: datetime) -> None:
        """Put a fleet file in force. Raises Conflict where the one in force is not what was `seen`.

        Replicas are told to read theirs where it is another one than before.
        """
        ...

    def confirm_rung(self, agent: str, epoch: int, at: datetime) -> None:
        """Write the time at which a rung was confirmed."""
        ...


class ReadbackStore(Protocol):
    """Keeps what instances said they apply."""

    def readings(self, since: datetime) -> Sequence[InstanceReading]:
        """What instances have said since then, for a rung cache that starts anew."""
        ...

    def put_readings(self, readings: Sequence[InstanceReading]) -> None:
        """Upsert what instances said; an older word never replaces a newer one."""
        ...

    def readings_stored(self, since: float) -> tuple[Sequence[InstanceReading], float]:
        """What any replica stored since `since` (0: all), and from when on to ask the next time."""
        ...

    def forget_enforcement(self, before: datetime) -> int:
        """Forget actions that began before then, and approvals from before then that have ended."""
        ...

    def forget_readings(self, before: datetime) -> int:
        """Forget what instances said that have not been heard since then."""
        ...


class ReplicaStore(Protocol):
    """What processes on one database know of each other."""

    def report(self, replica: Replica, reported_at: float) -> tuple[Sequence[Replica], float]:
        """Say that this replica is alive and how far it told; returns the others alive, and the database's now.

        `reported_at` 0: only ask. On SQLite there is nobody else.
        """
        ...

    def leave(self, replica: Replica) -> None:
        """Say that this replica stops, so that nobody waits for it."""
        ...

    def listen(self, on_news: Callable[[str], None]) -> Callable[[], None]:
        """Be told, on another thread, what any replica committed; returns what ends it. On SQLite nothing is told.

        `outbox LANE`, `rungs`, `fleet`, or `all` after a gap in which anything may have been.
        """
        ...

    def announce(self, news: str) -> None:
        """Tell every replica."""
        ...
