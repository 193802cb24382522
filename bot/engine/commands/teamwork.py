"""How people work together on an incident: roles and handoffs, notes, tasks, follow-ups, updates, reminders."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from bot.core.cards.answer import Answer
from bot.core.formatting.typed_number import typed_number
from bot.core.incident import followups, permissions
from bot.core.incident.events import (
    Event,
    FollowupChanged,
    HandoffDeclined,
    HandoffOffered,
    Noted,
    NudgeHeld,
    NudgeKind,
    Role,
    RoleTaken,
    TaskDone,
)
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model import calendar
from bot.core.model.people import Actor
from bot.core.transitions import reminders
from bot.core.transitions.notes import next_task
from bot.engine import name_lookup
from bot.engine.commands.act_recorder import ActRecorder
from bot.engine.name_lookup import Unknown

ROLES: tuple[Role, ...] = get_args(Role)
SNOOZE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TeamworkCommands:
    """Acts between people. Every method returns an Answer; none raises for what a person got wrong."""

    acts: ActRecorder

    def take_role(self, actor: Actor, incident_id: int, role: str, person: str = "") -> Answer:
        """Take a role, or say who has it (key, name or Slack id)."""
        try:
            wanted, key = self._role_and_person(actor, role, person)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_respond,
            lambda i: None if i.roles.get(wanted) == key else RoleTaken(self.acts.now(), actor, wanted, key),
            f"{self.acts.views.name(key)} is {wanted} of {{number}}.",
        )

    def hand_off(self, actor: Actor, incident_id: int, role: str, person: str) -> Answer:
        """Ask a person to take a role; it is theirs when they accept. Whoever asks for it themselves has it at once."""
        try:
            wanted, key = self._role_and_person(actor, role, person)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        if key == actor.key:
            return self.take_role(actor, incident_id, wanted)

        def decide(incident: Incident) -> Event | None:
            offer = incident.offers.get(wanted)
            if incident.roles.get(wanted) == key or (offer is not None and offer.person == key):
                return None
            return HandoffOffered(self.acts.now(), actor, wanted, key)

        name = self.acts.views.name(key)
        return self.acts.record(actor, incident_id, permissions.may_respond, decide, f"{name} is asked to be {wanted}.")

    def accept_role(self, actor: Actor, incident_id: int, role: str) -> Answer:
        """Take the role one was asked to take. Another responder who says yes has it as well: somebody must."""
        try:
            wanted = _role(role)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)

        def decide(incident: Incident) -> Event | None:
            if incident.roles.get(wanted) == actor.key:
                return None
            if wanted not in incident.offers:
                holder = incident.roles.get(wanted, "")
                taken = f" {self.acts.views.name(holder)} is {wanted}." if holder else ""
                raise IllegalMove(f"Nobody is asked to be {wanted} any more.{taken}")
            return RoleTaken(self.acts.now(), actor, wanted, actor.key)

        return self.acts.record(actor, incident_id, permissions.may_respond, decide, f"You are {wanted} of {{number}}.")

    def decline_role(self, actor: Actor, incident_id: int, role: str) -> Answer:
        """Say no to a role; whoever has it keeps it."""
        try:
            wanted = _role(role)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)

        def decide(incident: Incident) -> Event | None:
            return HandoffDeclined(self.acts.now(), actor, wanted) if wanted in incident.offers else None

        return self.acts.record(
            actor, incident_id, permissions.may_respond, decide, f"You do not take {wanted} of {{number}}."
        )

    def _role_and_person(self, actor: Actor, role: str, person: str) -> tuple[Role, str]:
        wanted = _role(role)
        if not person or person in (actor.slack, actor.key):
            return wanted, actor.key
        return wanted, name_lookup.find_person(self.acts.fleet(), person)

    def note(self, actor: Actor, incident_id: int, text: str, sort: str = "note") -> Answer:
        """Write a line into the timeline: a note, an update for everybody, a cause."""
        if not text.strip():
            return Answer("There is no text to note.", ok=False)
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: Noted(self.acts.now(), actor, text.strip(), sort),  # type: ignore[arg-type]  # a word of the form
            f"{sort.capitalize()} added to {{number}}.",
        )

    def task(self, actor: Actor, incident_id: int, text: str, person: str = "") -> Answer:
        """Something to do now. `person`: who does it (key, name or Slack id), where that is known."""
        if not text.strip():
            return Answer("There is no text: what is to be done?", ok=False)
        try:
            key = name_lookup.find_person(self.acts.fleet(), person) if person else ""
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_respond,
            lambda i: Noted(self.acts.now(), actor, text.strip(), "task", key, item=next_task(i)),
            "Task added to {number}.",
        )

    def finish_task(self, actor: Actor, incident_id: int, item: str) -> Answer:
        """A task is done. `item`: its id, or its number in the list."""

        def decide(incident: Incident) -> Event | None:
            number = typed_number(item)
            wanted = item if number is None else f"{incident.id}-t{number}"
            task = next((task for task in incident.tasks if task.item == wanted), None)
            if task is None:
                raise IllegalMove(f"There is no task {item}. {incident.number} has {len(incident.tasks)}.")
            return None if task.done_at else TaskDone(self.acts.now(), actor, wanted)

        return self.acts.record(actor, incident_id, permissions.may_respond, decide, "Task done.")

    def follow_up(self, actor: Actor, incident_id: int, text: str, person: str = "", due: str = "") -> Answer:
        """Something to do afterwards. `person` empty: the agent's owner; `due` empty: in two weeks."""
        if not text.strip():
            return Answer("There is no text: what is to be done?", ok=False)
        try:
            key = name_lookup.find_person(self.acts.fleet(), person) if person else ""
            when = calendar.due_date(due, self.acts.now(), self._zone(key or actor.key)) if due else None
        except (Unknown, ValueError) as wrong:
            return Answer(f"{str(wrong)[0].upper()}{str(wrong)[1:]}", ok=False)

        def decide(incident: Incident) -> Event | None:
            return Noted(self.acts.now(), actor, text.strip(), "followup", key, when, item=followups.next_id(incident))

        return self.acts.record(actor, incident_id, permissions.may_respond, decide, "Follow-up added to {number}.")

    def change_followup(
        self, actor: Actor, item: str, *, done: bool = False, person: str = "", due: str = ""
    ) -> Answer:
        """Mark a follow-up done, give it to somebody else, or move its day."""
        known = self.acts.store.followup(item)
        if known is None:
            return Answer(f"There is no follow-up {item}.", ok=False)
        try:
            key = name_lookup.find_person(self.acts.fleet(), person) if person else ""
            when = calendar.due_date(due, self.acts.now(), self._zone(key or known.owner)) if due else None
        except (Unknown, ValueError) as wrong:
            return Answer(f"{str(wrong)[0].upper()}{str(wrong)[1:]}", ok=False)
        if not known.open:
            return Answer(f"Follow-up {item} is done already, by {self.acts.views.name(known.done_by)}.")

        def decide(_: Incident) -> Event | None:
            return FollowupChanged(self.acts.now(), actor, item, done, when, key)

        told = f"Follow-up {item} is {'done' if done else 'changed'}."
        return self.acts.record(actor, known.incident_id, permissions.may_respond, decide, told)

    def capture(self, actor: Actor, incident_id: int, text: str, sort: str, source: str, said_at: datetime) -> Answer:
        """Take a message over into the timeline, once: as a note, a task or a follow-up."""

        def decide(incident: Incident) -> Event | None:
            if source in incident.captured:
                return None
            item = {"task": next_task(incident), "followup": followups.next_id(incident)}.get(sort, "")
            return Noted(
                self.acts.now(),
                actor,
                text,
                sort,  # type: ignore[arg-type]  # a word of the form
                item=item,
                said_at=said_at,
                source=source,
            )

        return self.acts.record(
            actor, incident_id, permissions.may_respond, decide, f"Taken over into {{number}} as a {sort}."
        )

    def snooze(self, actor: Actor, incident_id: int, nudge: str) -> Answer:
        """Hold one kind of reminder for an hour; a follow-up's (`nudge` is its id) for a day."""
        known = self.acts.store.followup(nudge)
        if known is not None:
            return self._snooze_followup(actor, known)
        until = self.acts.now() + SNOOZE

        def decide(incident: Incident) -> Event | None:
            wanted: NudgeKind | None = next((kind for kind in get_args(NudgeKind) if kind == nudge), None)
            owed = reminders.occasion(incident, wanted) if wanted else None
            return NudgeHeld(self.acts.now(), actor, wanted, owed.about, until) if wanted and owed else None

        told = f"No reminder of this before {until.astimezone(calendar.zone(self._zone(actor.key))):%H:%M}."
        return self.acts.record(actor, incident_id, permissions.may_respond, decide, told)

    def _snooze_followup(self, actor: Actor, known: followups.Followup) -> Answer:
        incident = self.acts.store.incident(known.incident_id)
        if incident is not None and (refusal := permissions.may_respond(actor, self.acts.views.agent_of(incident))):
            return self.acts.refuse(actor, refusal, incident.id)
        if known.open:
            self.acts.store.remind_followup(followups.snoozed(known, self.acts.now()))
        return Answer("No reminder of this before tomorrow.", incident_id=known.incident_id)

    def _zone(self, key: str) -> str:
        """The person's time zone; UTC for somebody who is not in the fleet file."""
        person = self.acts.fleet().people.get(key)
        return person.tz if person else "UTC"


def _role(word: str) -> Role:
    """The role meant. Raises Unknown."""
    name = name_lookup.nearest(word, ROLES, "role")
    return next(role for role in ROLES if role == name)
