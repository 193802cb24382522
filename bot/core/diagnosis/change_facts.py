"""Facts about changes: those that were posted, and those that task records give away by a new version."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from bot.core.diagnosis.comparison import means
from bot.core.diagnosis.evidence import GUARD, Evidence
from bot.core.diagnosis.facts import Fact, badness, by_workflow
from bot.core.model.posted_change import CAUSE_OF, PostedChange
from bot.core.model.samples import minute_of
from bot.core.telemetry.task_records import TaskRecord

SLACK = 3
"""Minutes by which the onset may have been found too early: a change that close after it is still a suspect."""
CLOSE, HOUR, HOURS = 12, 60, 360
NEW_SHARE = 0.15
SIDE_BY_SIDE = 20
"""Tasks on each version; fewer are leftovers of a change, not two versions at once."""
Versioned = Literal["model", "prompt"]
VERSIONED: tuple[Versioned, ...] = ("model", "prompt")


def suspects(material: Evidence) -> tuple[PostedChange, ...]:
    """The posted changes, and one for each new version in task records that nobody posted."""
    return (*material.changes, *(change for kind in VERSIONED for change in _unposted(material, kind)))


def _unposted(material: Evidence, kind: Versioned) -> Iterator[PostedChange]:
    fresh = new_version(material, kind)
    if fresh is None:
        return
    version, at = fresh
    near = [c for c in material.changes if c.kind == kind and abs(minute_of(c.at) - minute_of(at)) <= HOUR]
    if not near and not any(change.version == version for change in material.changes):
        yield PostedChange(
            f"seen-{kind}-{version}", kind, at, "nobody posted it; first seen in task records", version=version
        )


def new_version(material: Evidence, kind: Versioned) -> tuple[str, datetime] | None:
    """A version that was not there before and is now, and when it was first seen; None where nothing is new."""
    _, after = material.split(material.tasks)
    settled = [task for task in material.tasks if minute_of(task.at) < material.onset - HOUR]
    known = {_version(task, kind) for task in settled} - {""}
    fresh = Counter(_version(task, kind) for task in after if _version(task, kind) not in known | {""})
    if not known or not fresh or fresh.most_common(1)[0][1] < NEW_SHARE * len(after):
        return None
    version = fresh.most_common(1)[0][0]
    return version, min(task.at for task in material.tasks if _version(task, kind) == version)


def _version(task: TaskRecord, kind: Versioned) -> str:
    return task.model if kind == "model" else task.prompt


def versions(material: Evidence) -> Iterator[Fact]:
    """Whether task records name another model or prompt than before, and whether its tasks are the bad ones."""
    for kind in VERSIONED:
        before, after = material.split([task for task in material.tasks if _version(task, kind)])
        if not before or not after:
            continue
        fresh = new_version(material, kind)
        if fresh is None:
            yield Fact(
                "new-version", False, f"the same {kind} in task records as before: {_version(after[-1], kind)}", kind
            )
            continue
        version, at = fresh
        yield Fact("new-version", True, f"{kind} {version} in task records since {at:%H:%M} UTC", kind)
        yield from _worse_version(material, kind, version, after)


def _worse_version(material: Evidence, kind: Versioned, version: str, after: Sequence[TaskRecord]) -> Iterator[Fact]:
    """Both versions at once are an experiment that nobody had to plan."""
    bad = badness(material.primary)
    old, new = (
        [value for task in after if (_version(task, kind) == version) is wanted and (value := bad(task)) is not None]
        for wanted in (False, True)
    )
    found = means(old, new)
    if min(len(old), len(new)) >= max(SIDE_BY_SIDE, NEW_SHARE * len(after)):
        yield Fact("worse-version", found.rose(times=1.3), f"{kind} {version} against the old one, same minutes", kind)


def timing(material: Evidence) -> Iterator[Fact]:
    """Where each suspect lies on the time axis, and whether what it touches is what went bad."""
    slices = {fact.subject for fact in by_workflow(material) if fact.seen}
    for change in suspects(material):
        ahead = material.onset - minute_of(change.at)
        yield Fact(_when(ahead), True, f"{change.words}, {_ago(ahead)}", change.id)
        if change.workflows and slices:
            fits = slices <= set(change.workflows)
            yield Fact(
                "fits-slice", fits, f"it is for {', '.join(change.workflows)}; bad is {', '.join(slices)}", change.id
            )
    yield from _before(material)


def _before(material: Evidence) -> Iterator[Fact]:
    """What kinds of change the last hour held."""
    if not material.fed and not suspects(material):
        return
    close = [c for c in suspects(material) if -SLACK <= material.onset - minute_of(c.at) <= HOUR]
    yield Fact("recent-change", bool(close), f"{len(close) or 'no'} change in the hour before")
    hits = {kind: [change.words for change in close if change.kind == kind] for kind in CAUSE_OF}
    for kind, cause in CAUSE_OF.items():
        name = f"{cause if cause != 'code' else 'deploy'}-before"
        yield Fact(name, bool(hits[kind]), hits[kind][0] if hits[kind] else f"no {kind} change in the hour before")
    either = [*hits["model"], *hits["prompt"]]
    yield Fact("version-before", bool(either), either[0] if either else "neither model nor prompt changed in the hour")


def _when(ahead: int) -> str:
    """The sign of so many minutes between a change and the onset."""
    if ahead < -SLACK:
        return "change-after"
    if ahead <= CLOSE:
        return "change-close"
    if ahead <= HOUR:
        return "change-hour"
    return "change-hours" if ahead <= HOURS else "change-old"


def _ago(ahead: int) -> str:
    if ahead < 0:
        return f"{-ahead} min after the first bad minute"
    return f"{ahead} min before" if ahead < 2 * HOUR else f"{ahead / 60:.0f} h before"


assert GUARD >= SLACK  # noqa: S101 - else a change could lie inside what is called before
