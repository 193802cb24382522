"""Steps of the runbook that settle themselves: those whose evidence the bot has, with the evidence named.

A runbook says of a step what settles it (`docs/runbooks.md`). It is judged after each event, from the incident alone,
so that folding the events again gives the same marks. A person's mark stands, whatever it says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.formatting.plurals import plural
from bot.core.incident.effects import Effect
from bot.core.incident.incident import Incident, IncidentState
from bot.core.model.people import BOT
from bot.core.runbooks.runbook import PHASES, Phase, Settler, Step, StepMark, phase_done
from bot.core.transitions.transition import edits, lay_out


def _rung_lowered(incident: Incident) -> str:
    """The agent obeys a lower rung: nothing is settled because it was requested."""
    lowered = incident.contained_at is not None and incident.rungs.raised_at is None
    return _read_back(incident) if lowered and incident.rungs.rung != incident.rungs.normal else ""


def _restored(incident: Incident) -> str:
    back = incident.rungs.raised_at is not None and incident.rungs.rung == incident.rungs.normal
    return _read_back(incident) if back else ""


def _read_back(incident: Incident) -> str:
    rungs = incident.rungs
    if rungs.state != "confirmed" or rungs.seconds is None:
        return ""
    return f"{rungs.rung} read back by {rungs.seen} of {plural(rungs.instances, 'instance')} in {rungs.seconds:.0f} s"


def _recovery_held(incident: Incident) -> str:
    held = incident.state is IncidentState.RECOVERED and incident.recovered_at is not None and incident.by_clock
    return f"the recovery clock held at {incident.recovered_at:%H:%M} UTC" if held else ""


def _cause_named(incident: Incident) -> str:
    return f"cause named: {incident.cause.words}" if incident.cause is not None else ""


def _followup_noted(incident: Incident) -> str:
    return f"{plural(len(incident.followups), 'follow-up')} noted" if incident.followups else ""


EVIDENCE: Mapping[Settler, Callable[[Incident], str]] = {
    "rung-lowered": _rung_lowered,
    "restored": _restored,
    "recovery-held": _recovery_held,
    "cause-named": _cause_named,
    "followup-noted": _followup_noted,
}
"""What settles a step -> the evidence in words, "" where there is none."""
TAKEN_BACK: frozenset[Settler] = frozenset({"restored", "recovery-held"})
"""What may stop being so: a step that it settled is open again."""


@dataclass(frozen=True, slots=True)
class Settling:
    """What an event settled beside what it says: the incident, lines for the timeline, cards to bring up to date."""

    incident: Incident
    lines: tuple[tuple[str, str], ...] = ()
    effects: tuple[Effect, ...] = ()


def settle(incident: Incident, at: datetime) -> Settling:
    """Settle each step whose evidence is there, and take back what is so no more."""
    if not incident.open:
        return Settling(incident)
    marks = dict(incident.marks)
    lines: list[tuple[str, str]] = []
    touched: list[Phase] = []
    for step in incident.plan.steps:
        line = _judged(step, incident, marks, at)
        if line:
            lines.append(("step_settled", line))
            touched.append(step.phase)
    if not lines:
        return Settling(incident)
    settled = replace(incident, marks=marks)
    done = [p for p in dict.fromkeys(touched) if _finished(settled, p) and not _finished(incident, p)]
    lines += [phase_line(phase) for phase in done]
    shown = edits(incident, *(f"phase-{phase}" for phase in dict.fromkeys(touched)), "incident", "resolve")
    opened = tuple(effect for phase in done for effect in lay_out_next(incident, phase))
    return Settling(settled, tuple(lines), (*shown, *opened))


def _judged(step: Step, incident: Incident, marks: dict[str, StepMark], at: datetime) -> str:
    """Mark the step, or take its mark back; the line that says so, "" where nothing changed."""
    if step.settled_by is None:
        return ""
    mark, found = marks.get(step.id), EVIDENCE[step.settled_by](incident)
    if mark is None and found:
        marks[step.id] = StepMark(step.id, "done", found, BOT.key, at)
        return f"{step.phase}: {step.title}: done by the evidence ({found})"
    if mark is not None and mark.by == BOT.key and not found and step.settled_by in TAKEN_BACK:
        del marks[step.id]
        return f"{step.phase}: {step.title}: open again, for it is so no more ({mark.note})"
    return ""


def _finished(incident: Incident, phase: Phase) -> bool:
    return phase_done(incident.plan, phase, incident.marks)


def phase_line(phase: Phase) -> tuple[str, str]:
    """The line that says that a phase is over."""
    return ("phase_done", f"Every required step of {phase} is settled.")


def lay_out_next(incident: Incident, phase: Phase) -> tuple[Effect, ...]:
    """The phase after one that is over."""
    after = PHASES.index(phase) + 1
    if after == len(PHASES) or not incident.channel:
        return ()
    return lay_out(incident, PHASES[after])
