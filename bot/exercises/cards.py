"""What an exercise shows as cards: the facilitator's console, and the hot wash."""

from bot.core.cards.exercise import ConsoleCard, HotWashCard
from bot.core.exercises.debrief import Debrief
from bot.core.runbooks.rehearsal import MEASURES
from bot.exercises.exercise import Exercise, Planned
from bot.exercises.facilitation import upcoming
from bot.exercises.marking import MARK


def console_card(exercise: Exercise, room: str) -> ConsoleCard:
    """The console as it stands. Only ever shown to the facilitator."""
    found, ahead = exercise.debrief(), upcoming(exercise)
    began = exercise.started_at or exercise.clock.now()
    state = "over" if exercise.over else f"paused: {exercise.held_why}" if exercise.clock.held else "running"
    first = ahead[0] if ahead else None
    expects = first.inject.expects if first else None
    return ConsoleCard(
        mark=MARK,
        exercise=exercise.number,
        title=exercise.rehearsal.title,
        state=state,
        minute=int((exercise.clock.now() - began).total_seconds() // 60),
        speed=exercise.clock.speed,
        held=exercise.clock.held,
        room=room,
        objectives=objective_lines(found, still_open=not exercise.over),
        cause=exercise.rehearsal.ground_truth.cause,
        truth=exercise.rehearsal.ground_truth.text,
        hints=len(exercise.rehearsal.hints) - exercise.hints_given,
        score=found.score,
        over=exercise.ended_why,
        next_id=first.id if first else "",
        next_when=_when(exercise, first) if first else "",
        next_to=first.inject.to if first else "",
        next_text=f"{first.inject.sender}: {first.inject.text}" if first else "",
        next_expects=f"{MEASURES[expects.measure]} {expects.subject}".strip() if expects else "",
        ahead=tuple(f"{one.id} {_when(exercise, one)}" for one in ahead[1:]),
    )


def _when(exercise: Exercise, one: Planned) -> str:
    if one.due is None:
        return one.inject.when
    left = (one.due - exercise.clock.now()).total_seconds() / 60
    return f"in {max(0.0, left):.0f} min"


def hot_wash_card(exercise: Exercise) -> HotWashCard:
    """The hot wash as it stands, for everybody: it is over, so everything may be known."""
    found = exercise.debrief()
    answers = tuple((int(act.ref), act.text) for act in exercise.acts if act.kind == "answer")
    votes = list(exercise.confidence.values())
    poll = f"{len(votes)} tapped, {sum(votes) / len(votes):.1f} of 5 on average." if votes else "Nobody has tapped yet."
    return HotWashCard(
        mark=MARK,
        exercise=exercise.number,
        title=exercise.rehearsal.title,
        score=found.score,
        truth=f"What was really wrong: {exercise.rehearsal.ground_truth.text}",
        objectives=objective_lines(found),
        questions=exercise.rehearsal.questions,
        answers=answers,
        poll=poll,
    )


def objective_lines(found: Debrief, *, still_open: bool = False) -> tuple[str, ...]:
    """`P Acknowledge within 5 minutes: after 2 of 5 min`. While it runs, what has not happened is open, not U."""
    return tuple(
        f"…  {one.objective.text}"
        if still_open and one.rating == "U"
        else f"{one.rating}  {one.objective.text}: {one.why}"
        for one in found.rated
    )
