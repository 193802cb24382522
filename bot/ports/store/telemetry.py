"""What agents report and sources say: minutes, polls, tasks."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.model.recent_sums import RecentSums
from bot.core.model.samples import MinuteRow, Series
from bot.core.telemetry.task_records import TaskRecord
from bot.ports.store.records import PollClaim


class MinuteStore(Protocol):
    """Keeps a row for each minute of each series, and five-minute rows of what is old."""

    def put_minutes(self, rows: Sequence[MinuteRow], claim: PollClaim | None = None) -> None:
        """Upsert minutes; the newest word on a minute wins. Raises LostClaim, storing nothing, if `claim` ran out."""
        ...

    def prepare_minutes(self, now: datetime) -> None:
        """Make room for the minutes of the days to come."""
        ...

    def drop_minutes(self, before: int) -> int:
        """Drop the minutes of whole UTC days that ended by minute `before`; returns how many there were."""
        ...

    def minutes(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Stored minutes first..last inclusive, in order; gaps are absent."""
        ...

    def minutes_as_told(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """The same without the minutes of which only the sum of five is known, to learn noise from."""
        ...

    def minutes_of(self, agents: Sequence[str], first: int, last: int) -> Mapping[Series, Sequence[MinuteRow]]:
        """The same for every series of these agents (all agents when empty), in one read."""
        ...

    def minutes_of_series(
        self, series: Collection[Series], first: int, last: int
    ) -> Mapping[Series, Sequence[MinuteRow]]:
        """The same for these series, in one read."""
        ...

    def recent_sums(self, agents: Collection[str], first: int, last: int, closed: int) -> Mapping[Series, RecentSums]:
        """What minutes first..last of every series of these agents add up to; without rows, no seen.

        `closed`: the newest minute that is over.
        """
        ...

    def heard(self, first: int, last: int) -> Collection[Series]:
        """The series with a usable answer in one of the minutes first..last."""
        ...

    def history(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Minutes first..last for a baseline: what was rolled up and has counts comes as one row of five minutes."""
        ...

    def roll_up(self, before: int) -> int:
        """Roll minutes before this one (a multiple of five) up, five to a row; returns how many rows went."""
        ...

    def drop_rolled(self, before: int) -> int:
        """Drop five-minute rows that began before this minute."""
        ...

    def newest_minute(self, series: Series) -> int | None:
        """The newest minute with a row, None when there is none."""
        ...


class PollStore(Protocol):
    """Says who polls what, and when."""

    def claim_polls(self, groups: Mapping[str, float], now: datetime, limit: int, lease: float) -> Sequence[PollClaim]:
        """Claim due poll groups for `lease` seconds of wall time.

        `groups`: name -> first due (epoch seconds of `now`'s clock) of a group that was never polled.
        """
        ...

    def renew_polls(self, claims: Sequence[PollClaim], lease: float) -> None:
        """Hold on to polls that are under way for `lease` seconds more, where nobody else has them by now."""
        ...

    def finish_poll(self, claim: PollClaim, last_minute: int, next_due: datetime) -> bool:
        """Record how far a group was polled and when it is due again; False where the claim ran out."""
        ...


class TaskStore(Protocol):
    """Keeps task records."""

    @property
    def is_shared(self) -> bool:
        """Whether other replicas may store tasks at the same time."""
        ...

    def take_tasks(self, records: Sequence[TaskRecord]) -> Sequence[int]:
        """Merge task records with what is known of each task, in one transaction. Returns the minutes they touch."""
        ...

    def tasks_touching(self, agents: Sequence[str], minutes: Sequence[int]) -> Sequence[TaskRecord]:
        """Tasks whose newest word lies in one of the minutes, or that waited for approval in one of them."""
        ...

    def tasks_of(self, agents: Sequence[str], minutes: Collection[int], limit: int = 0) -> Sequence[TaskRecord]:
        """Tasks whose newest word lies in one of the minutes, in no order; at most `limit`, newest minutes first."""
        ...

    def tasks_between(self, agents: Sequence[str], first: int, last: int, limit: int) -> Sequence[TaskRecord]:
        """Tasks whose newest word lies in these minutes (inclusive), the newest `limit` of them, oldest first."""
        ...

    def judged(self, agents: Sequence[str]) -> frozenset[tuple[str, str]]:
        """(agent, workflow) pairs whose decisions somebody has judged before."""
        ...

    def forget_tasks(self, before: datetime) -> int:
        """Forget task records whose newest word is older, but not those that still wait for a person."""
        ...
