"""New models and prompts that task records give away, whether somebody posted the change or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.telemetry.task_records import TaskRecord

VersionedPart = Literal["model", "prompt"]


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A version that no earlier task named. `at`: the time of the first task that did."""

    at: datetime
    part: VersionedPart
    version: str


def version_changes(tasks: Iterable[TaskRecord], since: datetime) -> list[VersionChange]:
    """Versions first named at or after `since`, oldest first. The very first of a part is where it began: no change."""
    known: dict[VersionedPart, set[str]] = {"model": set(), "prompt": set()}
    found: list[VersionChange] = []
    for task in sorted(tasks, key=lambda task: task.at):
        for part, version in _versions(task):
            if known[part] and version not in known[part] and task.at >= since:
                found.append(VersionChange(task.at, part, version))
            known[part].add(version)
    return found


def _versions(task: TaskRecord) -> Iterable[tuple[VersionedPart, str]]:
    if task.model:
        yield "model", task.model
    if task.prompt:
        yield "prompt", task.prompt
