"""Acts on an incident as a whole: declare, set the severity, mark runbook steps, contain, close, reopen, draft."""

from dataclasses import dataclass
from typing import get_args

from bot.core.cards.answer import Answer
from bot.core.incident import permissions
from bot.core.incident.events import (
    Cancelled,
    ContainmentDeclared,
    Event,
    PostmortemAsked,
    PostmortemFinished,
    Reopened,
    Resolved,
    Severity,
    SeverityChanged,
    StepMarked,
)
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.people import Actor
from bot.core.runbooks.runbook import Outcome
from bot.engine.commands.act_recorder import ActRecorder
from bot.engine.incidents.opener import IncidentOpener
from bot.engine.name_lookup import Unknown
from bot.ports.errors import Conflict


@dataclass(frozen=True, slots=True)
class LifecycleCommands:
    """From declared to closed, with the runbook in between."""

    acts: ActRecorder
    opener: IncidentOpener

    def declare(self, actor: Actor, agent: str, title: str) -> Answer:
        """Open an incident by hand. The owner is paged."""
        try:
            found = self.acts.find_agent(agent)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        if refusal := permissions.may_respond(actor, found):
            return self.acts.refuse(actor, refusal, self.acts.open_incident_of(found.key))
        open_id = self.acts.open_incident_of(found.key)
        if open_id is not None:
            return Answer(f"{found.key} has INC-{open_id:04d} open already.", ok=False, incident_id=open_id)
        try:
            incident = self.opener.manual(found, title.strip() or "declared by hand", actor, self.acts.now())
        except Conflict:
            return Answer(f"Somebody declared one on {found.key} just now.", ok=False)
        return Answer(f"{incident.number} is open on {found.key}; its owner is paged.", incident_id=incident.id)

    def set_severity(self, actor: Actor, incident_id: int, severity: str, reason: str = "") -> Answer:
        """Set the severity."""
        wanted = severity.upper() if severity.upper().startswith("SEV") else f"SEV{severity}"
        known = {str(name): name for name in get_args(Severity)}
        if wanted not in known:
            return Answer(f"There is no severity {severity!r}. There are SEV1, SEV2, SEV3, SEV4.", ok=False)
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_respond,
            lambda i: None if i.severity == wanted else SeverityChanged(self.acts.now(), actor, known[wanted], reason),
            f"{{number}} is {wanted}.",
        )

    def mark_step(self, actor: Actor, incident_id: int, step_id: str, outcome: Outcome, note: str = "") -> Answer:
        """Mark a runbook step."""

        def decide(incident: Incident) -> Event | None:
            mark = incident.marks.get(step_id)
            if mark is not None and (mark.outcome, mark.note) == (outcome, note):
                return None
            return StepMarked(self.acts.now(), actor, step_id, outcome, note)

        return self.acts.record(actor, incident_id, permissions.may_respond, decide, f"Marked {outcome}.")

    def contain(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        """Declare the agent contained by other means."""
        if not reason.strip():
            return Answer("Say how it is contained: /incident contain <reason>", ok=False)
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: ContainmentDeclared(self.acts.now(), actor, reason),
            "{number} is declared contained.",
        )

    def resolve(
        self, actor: Actor, incident_id: int, reason: str = "", override: str = "", left_on: str = ""
    ) -> Answer:
        """Close it. Refused with a list of what is owed, unless overridden with a reason."""

        def decide(incident: Incident) -> Event:
            """Judged on the incident of now: what is overridden is what is owed when it is closed."""
            owed = self._owed(incident, left_on)
            if owed and not override.strip():
                raise IllegalMove(f"Not resolved: {'; '.join(owed)}. An override takes a reason.")
            why = override.strip() if owed else ""
            return Resolved(self.acts.now(), actor, reason, why, left_on, owed)

        return self.acts.record(
            actor,
            incident_id,
            permissions.may_close,
            decide,
            "{number} is resolved. The postmortem draft is being written.",
        )

    def _owed(self, incident: Incident, left_on: str) -> tuple[str, ...]:
        incident = self.acts.views.as_of_now(incident)
        owed = (*permissions.resolve_barred(incident), *self._scopes_off(incident))
        return tuple(why for why in owed if not (left_on and why.startswith(f"{incident.agent} is on ")))

    def _scopes_off(self, incident: Incident) -> tuple[str, ...]:
        """Scopes, other than the one the incident speaks of, that are still below the agent's normal rung."""
        normal, known = incident.rungs.normal, incident.rungs.workflow
        return tuple(
            f"{incident.agent} is on {state.rung}{f' for {state.workflow}' if state.workflow else ''}, not {normal}: "
            "restore it, or say why it stays there"
            for state in self.acts.store.rungs(incident.agent)
            if state.rung != normal and state.workflow != known and incident.open
        )

    def cancel(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        """A false alarm."""
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_close,
            lambda _: Cancelled(self.acts.now(), actor, reason),
            "{number} is cancelled as a false alarm.",
        )

    def reopen(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        """Open a closed one again."""
        if not reason.strip():
            return Answer("Reopening takes a reason.", ok=False)
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_close,
            lambda _: Reopened(self.acts.now(), actor, reason),
            "{number} is open again, and it is yours.",
        )

    def postmortem(self, actor: Actor, incident_id: int) -> Answer:
        """Draft the postmortem now."""
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: PostmortemAsked(self.acts.now(), actor),
            "The draft is being written; it will be posted in the channel.",
        )

    def finish_postmortem(self, actor: Actor, incident_id: int) -> Answer:
        """The postmortem is written and read; nobody is reminded of it any more."""

        def decide(incident: Incident) -> Event | None:
            if incident.open:
                raise IllegalMove(f"{incident.number} is {incident.state}: its postmortem is done after it is closed.")
            return None if incident.postmortem_done_at else PostmortemFinished(self.acts.now(), actor)

        return self.acts.record(
            actor, incident_id, permissions.may_respond, decide, "The postmortem of {number} is done."
        )
