"""Follow-ups: what is to be done after an incident, by whom and by when. They outlive the incident.

A follow-up is made and changed by events of its incident, whose timeline tells of it; what stands in its row is
committed with them. Reminders wait for the owner's working hours, and there are five at most.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.incident.events import FollowupChanged, Noted
from bot.core.incident.incident import Incident
from bot.core.model.people import Actor

MOST_NUDGES: Final = 5
AGAIN_AFTER: Final = timedelta(days=1)
USUAL_DAYS: Final = 14
"""Days until a follow-up is due where nobody said when."""


@dataclass(frozen=True, slots=True)
class Followup:
    """One thing to do. `id` is `INCIDENT-NUMBER` (`42-1`); `owner` a person's key; `nudge_at` the next reminder."""

    id: str
    incident_id: int
    agent: str
    text: str
    owner: str
    due: datetime
    created_at: datetime
    created_by: Actor
    done_at: datetime | None = None
    done_by: str = ""
    link: str = ""
    """Where it is tracked as well (a GitHub issue); empty where it is not."""
    nudges: int = 0
    nudge_at: datetime | None = None

    @property
    def open(self) -> bool:
        """True until somebody did it."""
        return self.done_at is None


def next_id(incident: Incident) -> str:
    """The id of the incident's next follow-up."""
    return f"{incident.id}-{len(incident.followups) + 1}"


def made(incident: Incident, event: Noted) -> Followup:
    """The row that a note of the sort `followup` makes; `incident` is as it is after it."""
    due = event.due or event.at + timedelta(days=USUAL_DAYS)
    owner = event.person or incident.roster.owner
    return Followup(
        event.item or f"{incident.id}-{len(incident.followups)}",
        incident.id,
        incident.agent,
        event.text,
        owner,
        due,
        event.at,
        event.actor,
        nudge_at=due,
    )


def changed(followup: Followup, event: FollowupChanged) -> Followup:
    """The row after a change: done, given to somebody else, moved to another day, linked."""
    if event.done:
        return replace(followup, done_at=event.at, done_by=event.actor.key, nudge_at=None)
    due = event.due or followup.due
    fresh = replace(followup, owner=event.person or followup.owner, due=due, link=event.link or followup.link)
    moved = event.due is not None or (event.person and event.person != followup.owner)
    return replace(fresh, nudges=0, nudge_at=max(due, event.at)) if moved else fresh


def reminded(followup: Followup, now: datetime) -> Followup:
    """The row after a reminder went out."""
    count = followup.nudges + 1
    return replace(followup, nudges=count, nudge_at=now + AGAIN_AFTER if count < MOST_NUDGES else None)


def snoozed(followup: Followup, now: datetime) -> Followup:
    """The row after somebody asked not to be reminded for a day; that reminder does not count."""
    return replace(followup, nudge_at=now + AGAIN_AFTER)
