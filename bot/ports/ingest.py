"""What agents, exporters and pipelines push."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.model.posted_change import PostedChange
from bot.core.model.samples import Sample
from bot.core.telemetry.task_records import TaskRecord


class Intake(Protocol):
    """Takes what agents and exporters push. Each call stores all of it or, raising, nothing."""

    def samples(self, samples: Sequence[Sample], received_at: datetime) -> None:
        """Store pushed samples; the same sample again changes nothing."""
        ...

    def tasks(self, records: Sequence[TaskRecord]) -> None:
        """Store task records, merged with what is known of each task, and the minutes they touch."""
        ...

    def named(self, agent: str, workflow: str, how: str) -> None:
        """Somebody names an agent, or a workflow of one, that the fleet file may not list; `how` says who. At once."""
        ...

    def refused(self, agents: Mapping[str, int], why: str) -> None:
        """Records of these agents (as named in the fleet file, or as they named them) -> how many, were refused."""
        ...


class ChangeFeed(Protocol):
    """What was posted: deploys, prompts, models, tool schemas, policies."""

    def put_changes(self, changes: Sequence[PostedChange]) -> int:
        """Store changes; returns how many are new. Raises IdTaken, storing nothing, where an id is another's."""
        ...

    def changes(self, since: datetime, until: datetime) -> Sequence[PostedChange]:
        """Changes of this span, both ends included, oldest first."""
        ...

    def drop_changes(self, before: datetime) -> int:
        """Forget changes from before then; returns how many."""
        ...
