"""A past incident as a rehearsal, from its own entries: the same numbers, the same notes, your own moves.

The world is drawn from what was measured: each breached SLI is pulled from its baseline to the value it broke with, and
is let go on the rung from which recovery began. What nobody recorded is not made up: without a recorded cause the cause
is `unknown`, and no objective asks for it.
"""

from collections.abc import Callable, Iterator, Sequence

from bot.core.incident import events as ev
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.model.cause import CauseKind
from bot.core.model.rungs import Ladder
from bot.core.runbooks.rehearsal import (
    Breakage,
    ExerciseObjective,
    GroundTruth,
    Hint,
    Inject,
    InjectEvidence,
    PlayerMove,
    Pull,
    Rehearsal,
    Shape,
    WorldSpec,
)

USUAL = Shape(tasks=104, good=95.5, calls=4.2, escalated=0.8, pending=14)
LEAST, ROOM = 5.0, 1.25
"""A time to beat is at least so many minutes, and a quarter more than the first time took."""
MOST_NOTES = 6
QUESTIONS = (
    "What did you do sooner than the first time, and what made it possible?",
    "What went as badly as the first time?",
    "What was promised after the incident, and would it have helped today?",
)


def rehearsal_of(incident: Incident, entries: Sequence[SealedEntry], ladder: Ladder) -> Rehearsal:
    """The rehearsal. Raises ValueError for an incident that broke no SLI: there is nothing to simulate."""
    pulls = tuple(_pulls(incident))
    if not pulls:
        raise ValueError(f"{incident.number} broke no SLI that can be simulated")
    events = [sealed.entry.event for sealed in entries if sealed.entry.event is not None]
    enough = _enough(events)
    cause = _cause(events)
    return Rehearsal(
        playbook=incident.number.lower(),
        title=f"{incident.number} again: {incident.title}",
        objectives=tuple(_objectives(incident, events, enough, cause)),
        briefing=f"You are on call for {incident.agent}. This has happened before; you do not know when.",
        ground_truth=GroundTruth(cause, _truth(incident, events, cause)),
        world=WorldSpec(
            workflows={"work": _shape(incident)},
            breakage=Breakage(LEAST, pulls, _left(enough, ladder)),
            enough=enough,
            moves=_moves(enough),
        ),
        injects=tuple(_notes(incident, events)),
        evidence=_evidence(incident, events),
        hints=(Hint(_hint(incident, enough), 10),),
        questions=QUESTIONS,
    )


def _shape(incident: Incident) -> Shape:
    """Normal as it was, where the breach froze a baseline."""
    normal = {breach.series.sli: breach.baseline.value for breach in incident.breaches if breach.baseline is not None}
    return Shape(
        USUAL.tasks,
        normal.get("dqr", USUAL.good),
        normal.get("tie", USUAL.calls),
        normal.get("her", USUAL.escalated),
        normal.get("aqdd", USUAL.pending),
    )


def _pulls(incident: Incident) -> Iterator[Pull]:
    shape = _shape(incident)
    for breach in incident.breaches:
        value = breach.value
        match breach.series.sli:
            case "dqr":
                yield Pull("good", plus=min(value, 84.0) - shape.good, ramp=2, fade=3)
            case "tie":
                yield Pull("calls", times=max(1.7, value / shape.calls), ramp=2, fade=3)
            case "her":
                yield Pull("escalated", plus=max(value, 9.0) - shape.escalated, ramp=2, fade=3)
            case "aqdd":
                yield Pull("pending", times=max(2.5, value / max(1.0, shape.pending)), ramp=10, fade=10)
            case _:
                pass


def _enough(events: Sequence[ev.Event]) -> str:
    """The rung that was in force when recovery began; "" where it recovered without one."""
    rung = ""
    for event in events:
        if isinstance(event, ev.RungLowered):
            rung = event.to_rung
        elif isinstance(event, ev.RecoveryBegan):
            return rung
    return rung


def _left(enough: str, ladder: Ladder) -> dict[str, float]:
    names = ladder.names()
    if enough not in names:
        return {}
    return {name: float(ladder.depth(name) < ladder.depth(enough)) for name in names}


def _cause(events: Sequence[ev.Event]) -> CauseKind:
    named = [event.cause for event in events if isinstance(event, ev.Attributed) and event.verdict != "ruled-out"]
    return named[-1] if named else "unknown"


def _truth(incident: Incident, events: Sequence[ev.Event], cause: CauseKind) -> str:
    said = [event for event in events if isinstance(event, ev.Attributed) and event.verdict != "ruled-out"]
    words = said[-1].words or said[-1].note if said else "nobody wrote the cause down"
    return f"{incident.number} of {incident.opened_at:%Y-%m-%d}: {incident.title}. Cause: {cause}, {words}."


def _objectives(
    incident: Incident, events: Sequence[ev.Event], enough: str, cause: CauseKind
) -> Iterator[ExerciseObjective]:
    took = _minutes(incident, events)
    yield ExerciseObjective(
        "acknowledge", "Acknowledge no later than the first time", "acknowledged", took(ev.Acknowledged)
    )
    yield ExerciseObjective("contain", "Contain it no later than the first time", "contained", took(ev.RungConfirmed))
    if enough:
        yield ExerciseObjective("least-drastic", "Go no lower than was enough", "least-drastic")
    if cause != "unknown":
        yield ExerciseObjective(
            "cause", "Name the cause no later than the first time", "attributed", took(ev.Attributed)
        )
        yield ExerciseObjective("no-wrong-cause", "Blame nothing that is innocent", "no-wrong-cause")
    yield ExerciseObjective("patience", "Restore nothing before the cause is mended", "no-relapse")
    yield ExerciseObjective("follow-up", "Write down a follow-up with an owner", "followed-up")


def _minutes(incident: Incident, events: Sequence[ev.Event]) -> Callable[[type], float]:
    """How long the first event of a kind took, with some room; half an hour where it never came."""

    def took(kind: type) -> float:
        first = next((event.at for event in events if isinstance(event, kind)), None)
        passed = (first - incident.opened_at).total_seconds() / 60 if first is not None else 30.0
        return max(LEAST, round(passed * ROOM))

    return took


def _moves(enough: str) -> tuple[PlayerMove, ...]:
    mend = PlayerMove("mend", "Do what mended it the first time", "fixes", "It is mended; give it some minutes.", 6)
    restart = PlayerMove(
        "restart", "Restart the agent's instances", "nothing", "They are back. The numbers are as before.", 3
    )
    ease = PlayerMove("workaround", "Work around it without the ladder", "contains", "It is out of the way for now.", 4)
    return (mend, restart) if enough else (ease, mend, restart)


def _notes(incident: Incident, events: Sequence[ev.Event]) -> Iterator[Inject]:
    """What people wrote down as it went on, at the same minute; causes are left out, they would give it away."""
    notes = [event for event in events if isinstance(event, ev.Noted) and event.sort in ("note", "update")]
    for number, note in enumerate(notes[:MOST_NOTES], 1):
        after = max(1.0, (note.at - incident.opened_at).total_seconds() / 60)
        yield Inject(f"note-{number}", "From the record", "players", note.text, at=after + 3)


def _evidence(incident: Incident, events: Sequence[ev.Event]) -> tuple[InjectEvidence, ...]:
    found = [
        InjectEvidence(f"breach-{number}", f"Breach of {breach.series.sli.upper()}", breach.why)
        for number, breach in enumerate(incident.breaches, 1)
    ]
    steps = [event for event in events if isinstance(event, ev.StepMarked) and event.note.strip()]
    found += [
        InjectEvidence(f"step-{n}", f"What was found at {one.step_id}", one.note) for n, one in enumerate(steps[:6], 1)
    ]
    return tuple(found)


def _hint(incident: Incident, enough: str) -> str:
    return f"The first time, {enough} was enough." if enough else f"No rung helped {incident.agent} the first time."
