"""What people do about causes: look at the evidence, confirm, correct, rule out, take up a playbook's runbook."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.core.cards.answer import Answer
from bot.core.diagnosis.attribution import Suspect
from bot.core.formatting.typed_number import typed_number
from bot.core.incident import permissions
from bot.core.incident.events import Attributed, RunbookAdopted, Verdict
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.cause import CAUSE_WORDS, KINDS, CauseKind
from bot.core.model.people import BOT, Actor
from bot.core.runbooks.playbook import Playbook
from bot.engine.commands.act_recorder import ActRecorder
from bot.engine.diagnosis.attribution import AttributionRunner, Playbooks
from bot.engine.incidents.opener import RunbookPlans, runbook_context
from bot.ports.errors import Conflict


@dataclass(frozen=True, slots=True)
class CauseCommands:
    """The acts on causes. Every method answers in words; none raises for what a person got wrong."""

    acts: ActRecorder
    attribution: AttributionRunner
    playbooks: Playbooks
    runbooks: RunbookPlans

    def evidence(self, incident_id: int, actor: Actor = BOT) -> Answer:
        """Look again, now, and show what is behind it. What is new in it is recorded as seen by `actor`."""
        incident = self.acts.store.incident(incident_id)
        if incident is None:
            return _none(incident_id)
        now = self.acts.now()
        found = self.attribution.look(incident, now, actor) if incident.open else incident.assessment
        present = self.acts.store.incident(incident_id) or incident
        card = self.acts.views.causes_card(present, now, found)
        return Answer(f"{present.number}: {card.sentence}", card=card, incident_id=incident_id)

    def attribute(self, actor: Actor, incident_id: int, what: str, note: str = "") -> Answer:
        """Confirm or correct: `what` is a number of the card, a kind (`tool`), or a subject (`ledger`)."""
        return self._word(actor, incident_id, what, note, out=False)

    def rule_out(self, actor: Actor, incident_id: int, what: str, why: str) -> Answer:
        """Rule a cause out, with the reason."""
        return self._word(actor, incident_id, what, why, out=True)

    def _open_to(self, actor: Actor, incident_id: int) -> Incident | Answer:
        """The incident, where this person may act on it; else the answer that says why not."""
        incident = self.acts.store.incident(incident_id)
        if incident is None:
            return _none(incident_id)
        if refusal := permissions.may_respond(actor, self.acts.views.agent_of(incident)):
            return self.acts.refuse(actor, refusal, incident_id)
        return incident

    def _word(self, actor: Actor, incident_id: int, what: str, note: str, *, out: bool) -> Answer:
        incident = self._open_to(actor, incident_id)
        if isinstance(incident, Answer):
            return incident
        meant = named(incident, what)
        if meant is None:
            return Answer(_unclear(incident, what), ok=False, incident_id=incident_id)
        kind, subject, words = meant
        first = incident.assessment.top if incident.assessment else None
        confirmed = first is not None and (kind, subject) == first.key
        verdict: Verdict = "ruled-out" if out else "confirmed" if confirmed else "corrected"
        event = Attributed(self.acts.now(), actor, kind, verdict, subject, words, note.strip())

        def decide(fresh: Incident) -> Attributed | None:
            known = (*fresh.ruled_out,) if out else (fresh.cause,)
            return None if any(_says(one, event) for one in known) else event

        try:
            after = self.acts.recorder.record(incident_id, decide)
        except (IllegalMove, Conflict) as why:
            return Answer(str(why), ok=False, incident_id=incident_id)
        done = f"{words} is ruled out." if out else f"The cause of {after.number} is {words}."
        return Answer(done[:1].upper() + done[1:], incident_id=incident_id)

    def adopt(self, actor: Actor, incident_id: int, name: str = "") -> Answer:
        """Walk the runbook of a playbook: of the best match where none is named."""
        incident = self._open_to(actor, incident_id)
        if isinstance(incident, Answer):
            return incident
        known = {playbook.name: playbook for playbook in self.playbooks()}
        best = incident.assessment.matches[0].name if incident.assessment and incident.assessment.matches else ""
        wanted = name.strip() or best
        if wanted not in known:
            return Answer(_no_playbook(wanted, known), ok=False, incident_id=incident_id)
        return self._adopt(actor, incident, known[wanted])

    def _adopt(self, actor: Actor, incident: Incident, playbook: Playbook) -> Answer:
        fleet, agent = self.acts.fleet(), self.acts.views.agent_of(incident)
        facts = runbook_context(fleet, agent, incident.kind, incident.title, incident.rungs.rung, incident.breaches)
        plan = self.runbooks.plan(playbook.runbook, facts)
        event = RunbookAdopted(self.acts.now(), actor, playbook.name, plan)
        try:
            self.acts.recorder.record(incident.id, lambda _: event)
        except (IllegalMove, Conflict) as why:
            return Answer(str(why), ok=False, incident_id=incident.id)
        return Answer(f"{incident.number} walks {plan.title!r} from here on.", incident_id=incident.id)


def named(incident: Incident, what: str) -> tuple[CauseKind, str, str] | None:
    """(kind, subject, words) of what a person means; None where nothing fits."""
    text = what.strip().casefold()
    causes = incident.assessment.causes if incident.assessment else ()
    if text.isdigit():
        number = typed_number(text) or 0
        return _as_named(causes[number - 1]) if 0 < number <= len(causes) else None
    if ":" in text:
        wanted, _, subject = what.strip().partition(":")
        found = next((one for one in causes if one.key == (wanted, subject)), None)
        return _as_named(found) if found is not None else named(incident, wanted)
    same = next((one for one in causes if text and text == one.subject.casefold()), None)
    if same is not None:
        return _as_named(same)
    kind = next((kind for kind in KINDS if kind == text), None)
    if kind is None:
        return None
    of_kind = [one for one in causes if one.kind == kind]
    return _as_named(of_kind[0]) if of_kind else (kind, "", CAUSE_WORDS[kind])


def _as_named(suspect: Suspect) -> tuple[CauseKind, str, str]:
    return suspect.kind, suspect.subject, suspect.words


def _says(known: object, event: Attributed) -> bool:
    """Whether what is known says the same already: a second tap changes nothing."""
    return all(
        getattr(known, mine, None) == getattr(event, theirs)
        for mine, theirs in (("kind", "cause"), ("subject", "subject"), ("note", "note"))
    )


def _unclear(incident: Incident, what: str) -> str:
    close = get_close_matches(what.casefold(), KINDS, n=1, cutoff=0.5)
    guess = f" Did you mean {close[0]}?" if close else ""
    numbers = len(incident.assessment.causes) if incident.assessment else 0
    shown = f" or a number from 1 to {numbers} of the card" if numbers else ""
    return f"{what!r} is no cause.{guess} Say one of {', '.join(KINDS)}{shown}."


def _no_playbook(wanted: str, known: Mapping[str, Playbook]) -> str:
    names = ", ".join(sorted(known)) or "none"
    if not wanted:
        return f"No playbook stands out yet. Name one: {names}."
    close = get_close_matches(wanted.casefold(), known, n=1, cutoff=0.5)
    guess = f" Did you mean {close[0]}?" if close else ""
    return f"There is no playbook {wanted!r}.{guess} There are: {names}."


def _none(incident_id: int) -> Answer:
    return Answer(f"There is no incident INC-{incident_id:04d}.", ok=False)
