"""What has to happen in the demo, read from the incident's own timeline: nothing counts that was not committed."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.incident.events import PageSettled, RungConfirmed
from bot.core.incident.timeline import Entry, SealedEntry

ORDER = (
    "breach_detected",
    "incident_opened",
    "owner_paged",
    "acknowledged",
    "step_down_requested",
    "step_down_confirmed",
    "phase_done",
    "phase_done",
    "phase_done",
    "phase_done",
    "recovery_began",
    "recovery_held",
    "restored",
    "resolved",
    "postmortem_drafted",
)
"""Every beat, in the order in which the story has to happen."""

ONCE = {
    "acknowledged": "acknowledged",
    "rung_lowered": "step_down_requested",
    "rung_confirmed": "step_down_confirmed",
    "recovery_began": "recovery_began",
    "recovery_held": "recovery_held",
    "restored": "restored",
    "resolved": "resolved",
    "postmortem_drafted": "postmortem_drafted",
}
"""Entry kind -> beat, for those whose first time is the beat."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something that had to happen, when it did (ISO 8601, scenario time), and what the timeline says of it."""

    name: str
    at: str
    detail: str


def milestones_of(entries: Sequence[SealedEntry]) -> list[Milestone]:
    """The beats that have happened so far, in the order of the timeline."""
    found: list[Milestone] = []
    seen: set[str] = set()
    for sealed in entries:
        for name in _names(sealed.entry):
            if name == "phase_done" or name not in seen:
                seen.add(name)
                found.append(Milestone(name, sealed.entry.at.isoformat(), sealed.entry.text))
    return found


def _names(entry: Entry) -> tuple[str, ...]:
    if entry.kind == "opened":
        return ("breach_detected", "incident_opened")
    if entry.kind == "page_settled":
        return ("owner_paged",) if getattr(entry.event, "outcome", "") == "sent" else ()
    if entry.kind == "phase_done":
        return ("phase_done",)
    return (ONCE[entry.kind],) if entry.kind in ONCE else ()


def lag_of(event: object) -> float | None:
    """Scenario seconds that something took, where its sentence in the timeline tells them; else None."""
    if isinstance(event, RungConfirmed):
        return event.seconds
    if isinstance(event, PageSettled) and event.latency_ms is not None:
        return event.latency_ms / 1000
    return None


def missing(beats: Sequence[Milestone]) -> list[str]:
    """What is wrong with a story: beats that did not happen, or not in their order. Empty when it is whole."""
    names = [beat.name for beat in beats]
    absent = [name for name in dict.fromkeys(ORDER) if names.count(name) < ORDER.count(name)]
    if absent:
        return [f"{name} did not happen" for name in absent]
    return [] if tuple(names) == ORDER else [f"the order was {', '.join(names)}"]
