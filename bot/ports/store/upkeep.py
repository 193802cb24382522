"""What happens once, what is wrong with Stepdown itself, and how the database is doing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.incident.effects import Effect
from bot.ports.store.records import ClockJump, Episode, OnceMarker, Waiting


class DeduplicationStore(Protocol):
    """Knows deliveries that came before."""

    def first_delivery(self, key: str, now: datetime) -> bool:
        """True exactly once for each key: for events that may be delivered again."""
        ...

    def forget_deduplication_keys(self, before: datetime) -> int:
        """Forget keys of deliveries seen before then."""
        ...


class ClockShiftStore(Protocol):
    """Follows the machine's clock."""

    def shift_times(self, jump: ClockJump, now: datetime) -> None:
        """Follow a clock that was set and shows `now` since, in scenario time.

        What was due in two seconds stays due in two seconds; what was written by the new clock stays as it is.
        Deadlines of incidents move with an event of their own.
        """
        ...


MINUTE_MARKER = "minute: "
"""How the kind of an occasion begins whose periods are minutes."""


class OnceMarkerStore(Protocol):
    """Keeps what happens once in a period."""

    def once(
        self, kind: str, period: str, now: datetime, effects: Sequence[Effect] = (), *, wall: float, detail: str = ""
    ) -> bool:
        """Take an occasion and want its effects, in one transaction; False where it was taken before."""
        ...

    def once_marker(self, kind: str, period: str) -> OnceMarker | None:
        """The occasion of a period, None where it has not come."""
        ...

    def once_markers(self, kinds: Sequence[str], since: datetime) -> Sequence[OnceMarker]:
        """The occasions of these kinds from then on, oldest first."""
        ...

    def last_once_marker(self, kind: str) -> OnceMarker | None:
        """The newest occasion of a kind."""
        ...

    def set_outcome(
        self, kind: str, period: str, outcome: str, detail: str, effects: Sequence[Effect] = (), *, wall: float
    ) -> None:
        """Write down how an occasion went; a second word on it changes nothing."""
        ...

    def forget_once_markers(self, before: datetime) -> int:
        """Forget daily and weekly rows, covers and episodes that were over before then."""
        ...

    def forget_minute_markers(self, before: datetime) -> int:
        """Forget what was written down about single minutes before then (kinds that begin with `MINUTE_MARKER`)."""
        ...


class EpisodeStore(Protocol):
    """Keeps what is wrong with Stepdown itself."""

    def begin_episode(self, key: str, text: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Write down that something is wrong, and want the words; False where it is known already."""
        ...

    def end_episode(self, key: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Write down that it is over; False where it was not wrong."""
        ...

    def episodes(self) -> Sequence[Episode]:
        """What is wrong now, as written down, oldest first."""
        ...


class HealthQueries(Protocol):
    """What self-monitoring asks of the store."""

    def late(self, kind: str, before: datetime) -> Sequence[tuple[int, float]]:
        """(incident, due time in epoch seconds) of deadlines of a kind that were due before then, the oldest first."""
        ...

    def waiting(self, wall: float) -> Mapping[str, Waiting]:
        """Effects still to be done, by lane."""
        ...

    def polls_behind(self, before: datetime) -> Sequence[tuple[str, float]]:
        """(poll group, when it was due in epoch seconds) of those that were due before then, the oldest first."""
        ...

    def write_something(self) -> None:
        """Write one row. Raises whatever the database says."""
        ...

    def size(self) -> int:
        """Bytes of the database."""
        ...

    def open_by(self) -> Mapping[tuple[str, str], int]:
        """(kind, severity) -> how many incidents are open."""
        ...
