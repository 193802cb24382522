"""What people can do: one function an act, called by Slack, the CLI and HTTP alike (`slack.md`, "Commands").

Each checks who asks, records the event, and answers in words. A refusal says why and who could, and changes nothing.
Acting twice is harmless: the second time the answer says what is so already.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

from bot.core.cards.answer import Answer
from bot.core.cards.team import HomeCard
from bot.core.incident import permissions
from bot.core.incident.events import (
    Acknowledged,
    Cancelled,
    ContainmentDeclared,
    Event,
    PageAsked,
    PassedOn,
    PostmortemAsked,
    Reopened,
    Resolved,
    Severity,
    SeverityChanged,
    StepMarked,
)
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Fleet
from bot.core.model.people import Actor
from bot.core.runbooks.runbook import Outcome
from bot.engine import name_lookup
from bot.engine.commands.causes import Causes
from bot.engine.commands.on_call_override import OnCallOverrides
from bot.engine.incidents.opener import IncidentOpener
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.name_lookup import Unknown
from bot.engine.reliability.queries import ReliabilityQueries
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.engine.views.views import Views
from bot.ports.clock import Clock
from bot.ports.errors import Conflict
from bot.ports.store import Store

__all__ = ["Commands", "Unknown"]


@dataclass(frozen=True, slots=True)
class CommandDependencies:
    """What commands work with."""

    store: Store
    recorder: IncidentRecorder
    opener: IncidentOpener
    views: Views
    fleet: Callable[[], Fleet]
    clock: Clock
    causes: Causes
    readiness_check: ReadinessCheck | None = None
    """None where no real fleet is watched."""


class Commands(OnCallOverrides):
    """Acts and questions of people. Every method returns an Answer; none raises for what a person got wrong."""

    def __init__(self, desk: CommandDependencies) -> None:
        self.causes = desk.causes
        super().__init__(desk.store, desk.recorder, desk.opener, desk.views, desk.fleet, desk.clock)
        self.between = ReliabilityQueries(desk.store, desk.fleet, desk.clock, desk.readiness_check)

    def home(self, actor: Actor) -> HomeCard:
        """The home tab of one person, with what each own agent still lacks before it may go live."""
        card = super().home(actor)
        known = [(row, self.between.ready(row.value)) for row in card.agents]
        rows = tuple(
            replace(row, text=f"{row.text} · {answer.text.splitlines()[0]}") if answer.ok else row
            for row, answer in known
        )
        return replace(card, agents=rows)

    def acknowledge(self, actor: Actor, incident_id: int) -> Answer:
        """Take the page. Stops every pending page, everywhere."""

        def decide(incident: Incident) -> Event | None:
            mine = incident.open and incident.acked_by == actor.key
            return None if mine else Acknowledged(self._now(), actor)

        return self._act(actor, incident_id, permissions.may_respond, decide, "You have {number}.", self._acked)

    def _acked(self, incident: Incident) -> str:
        rungs = incident.rungs
        tip = f" Next: {rungs.rung} is its rung" if rungs.rung != rungs.normal else ""
        return f"Paging has stopped. Show a sign of work within {incident.policy.ack_lapse:g} min.{tip}"

    def pass_on(self, actor: Actor, incident_id: int, reason: str = "") -> Answer:
        """Can't take it: the next person is paged at once."""
        return self._act(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: PassedOn(self._now(), actor, reason),
            "Passed on. The next person is being paged.",
        )

    def mark_step(self, actor: Actor, incident_id: int, step_id: str, outcome: Outcome, note: str = "") -> Answer:
        """Mark a runbook step."""

        def decide(incident: Incident) -> Event | None:
            mark = incident.marks.get(step_id)
            if mark is not None and (mark.outcome, mark.note) == (outcome, note):
                return None
            return StepMarked(self._now(), actor, step_id, outcome, note)

        return self._act(actor, incident_id, permissions.may_respond, decide, f"Marked {outcome}.")

    def contain(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        """Declare the agent contained by other means."""
        if not reason.strip():
            return Answer("Say how it is contained: /incident contain <reason>", ok=False)
        return self._act(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: ContainmentDeclared(self._now(), actor, reason),
            "{number} is declared contained.",
        )

    def resolve(
        self, actor: Actor, incident_id: int, reason: str = "", override: str = "", left_on: str = ""
    ) -> Answer:
        """Close it. Refused with a list of what is owed, unless overridden with a reason."""
        incident = self._store.incident(incident_id)
        barred = permissions.resolve_barred(incident) if incident is not None else ()
        if incident is not None:
            barred = (*barred, *self._scopes_off(incident))
        if left_on and incident is not None:
            barred = tuple(why for why in barred if not why.startswith(f"{incident.agent} is on "))
        if barred and not override:
            return Answer(f"Not resolved: {'; '.join(barred)}. An override takes a reason.", ok=False)
        return self._act(
            actor,
            incident_id,
            permissions.may_close,
            lambda _: Resolved(self._now(), actor, reason, override if barred else "", left_on),
            "{number} is resolved. The postmortem draft is being written.",
        )

    def _scopes_off(self, incident: Incident) -> tuple[str, ...]:
        """Scopes, other than the one the incident speaks of, that are still below the agent's normal rung."""
        normal, known = incident.rungs.normal, incident.rungs.workflow
        return tuple(
            f"{incident.agent} is on {state.rung}{f' for {state.workflow}' if state.workflow else ''}, not {normal}: "
            "restore it, or say why it stays there"
            for state in self._store.rungs()
            if state.agent == incident.agent and state.rung != normal and state.workflow != known and incident.open
        )

    def cancel(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        """A false alarm."""
        return self._act(
            actor,
            incident_id,
            permissions.may_close,
            lambda _: Cancelled(self._now(), actor, reason),
            "{number} is cancelled as a false alarm.",
        )

    def reopen(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        """Open a closed one again."""
        if not reason.strip():
            return Answer("Reopening takes a reason.", ok=False)
        return self._act(
            actor,
            incident_id,
            permissions.may_close,
            lambda _: Reopened(self._now(), actor, reason),
            "{number} is open again, and it is yours.",
        )

    def declare(self, actor: Actor, agent: str, title: str) -> Answer:
        """Open an incident by hand. The owner is paged."""
        try:
            found = self._fleet().agents[self.find_agent(agent)]
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        if refusal := permissions.may_respond(actor, found):
            return self.refuse(actor, refusal, self.open_incident_of(found.key))
        open_id = self.open_incident_of(found.key)
        if open_id is not None:
            return Answer(f"{found.key} has INC-{open_id:04d} open already.", ok=False, incident_id=open_id)
        try:
            incident = self._opener.manual(found, title.strip() or "declared by hand", actor, self._now())
        except Conflict:
            return Answer(f"Somebody declared one on {found.key} just now.", ok=False)
        return Answer(f"{incident.number} is open on {found.key}; its owner is paged.", incident_id=incident.id)

    def set_severity(self, actor: Actor, incident_id: int, severity: str, reason: str = "") -> Answer:
        """Set the severity."""
        wanted = severity.upper() if severity.upper().startswith("SEV") else f"SEV{severity}"
        known = {str(name): name for name in get_args(Severity)}
        if wanted not in known:
            return Answer(f"There is no severity {severity!r}. There are SEV1, SEV2, SEV3, SEV4.", ok=False)
        return self._act(
            actor,
            incident_id,
            permissions.may_respond,
            lambda i: None if i.severity == wanted else SeverityChanged(self._now(), actor, known[wanted], reason),
            f"{{number}} is {wanted}.",
        )

    def page(self, actor: Actor, incident_id: int, person: str, why: str = "") -> Answer:
        """Page one more person."""
        try:
            key = name_lookup.find_person(self._fleet(), person)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        reason = why or f"{actor.name} asks for you."
        return self._act(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: PageAsked(self._now(), actor, key, reason),
            f"Paging {key}.",
        )

    def postmortem(self, actor: Actor, incident_id: int) -> Answer:
        """Draft the postmortem now."""
        return self._act(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: PostmortemAsked(self._now(), actor),
            "The draft is being written; it will be posted in the channel.",
        )
