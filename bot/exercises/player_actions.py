"""What players can do beside the commands they know: look, do, take a hint, answer the hot wash, and stop it all.

Every answer is built from what was given out: nothing of the ground truth, of what a move really does, or of injects to
come is in any of them.
"""

from collections.abc import Sequence
from datetime import timedelta
from difflib import get_close_matches

from bot.core.cards.answer import Answer
from bot.core.formatting.typed_number import typed_number
from bot.core.runbooks.rehearsal import PlayerMove
from bot.exercises.exercise import Exercise, Pending

MOST_CONFIDENT = 5


def look(exercise: Exercise, who: str, what: str) -> Answer:
    """Evidence by its name; without one, what can be looked at."""
    with exercise.lock:
        known = exercise.rehearsal.evidence
        if not what:
            return Answer("You can look at:\n" + "\n".join(f"• {one.id}: {one.title}" for one in known))
        ids = [one.id for one in known]
        place = _nearest(what, ids)
        if place is None:
            return Answer(f"There is nothing called {what!r} to look at. There is: {', '.join(ids)}.", ok=False)
        found = known[place]
        first = not any(act.kind == "evidence" and act.ref == found.id for act in exercise.acts)
        if not exercise.over:
            exercise.did(who, "evidence", f"looked at: {found.title}", found.id)
        if first and not exercise.over:
            exercise.stage.tell(f"evidence-{found.id}", f"Looked at: {found.title}. {found.text}")
        return Answer(f"{found.title}: {found.text}")


def do(exercise: Exercise, who: str, what: str) -> Answer:
    """A move by its name; without one, what can be done outside the ladder."""
    with exercise.lock:
        known = exercise.rehearsal.world.moves
        if not what:
            return Answer("You can do:\n" + "\n".join(f"• {one.id}: {one.text}" for one in known))
        ids = [one.id for one in known]
        place = _nearest(what, ids)
        if place is None:
            return Answer(f"There is nothing called {what!r} to do. There is: {', '.join(ids)}.", ok=False)
        return _made(exercise, who, known[place])


def _made(exercise: Exercise, who: str, move: PlayerMove) -> Answer:
    if refusal := _closed(exercise):
        return refusal
    if any(one.move.id == move.id for one in exercise.pending):
        return Answer(f"That is under way already: {move.text}.", ok=False)
    due = exercise.clock.now() + timedelta(minutes=move.takes)
    exercise.pending.append(Pending(move, due, who))
    exercise.did(who, "move", f"began: {move.text}", move.id)
    takes = f", takes about {move.takes:g} min" if move.takes else ""
    exercise.stage.tell(f"move-{move.id}-{len(exercise.acts)}", f"Under way: {move.text}{takes}.")
    return Answer(f"Under way: {move.text}{takes}. The channel hears of it when it is done.")


def hint(exercise: Exercise, who: str) -> Answer:
    """The next hint. It costs points of the score, and everybody sees it."""
    with exercise.lock:
        if refusal := _closed(exercise):
            return refusal
        hints = exercise.rehearsal.hints
        if exercise.hints_given >= len(hints):
            return Answer("There are no more hints.", ok=False)
        found = hints[exercise.hints_given]
        exercise.hints_given += 1
        exercise.did(who, "hint", f"hint {exercise.hints_given}: {found.text}", value=found.cost)
        exercise.stage.tell(f"hint-{exercise.hints_given}", f"Hint (costs {found.cost} points): {found.text}")
        left = len(hints) - exercise.hints_given
        return Answer(f"Hint (costs {found.cost} points): {found.text} {left} more.")


def real(exercise: Exercise, who: str, name: str) -> Answer:
    """The safe word: over, now, whoever says it."""
    exercise.end(f"{name} said that something real has come up. Everything real is untouched", who)
    return Answer(f"{exercise.name} is over. Nothing of it goes on.")


def status(exercise: Exercise) -> Answer:
    """Where it stands, for anybody."""
    with exercise.lock:
        state = (
            "over" if exercise.over else "paused" if exercise.clock.held else f"running at {exercise.clock.speed:g}x"
        )
        began = exercise.started_at
        minutes = 0.0 if began is None else (exercise.clock.now() - began).total_seconds() / 60
        left = len(exercise.rehearsal.hints) - exercise.hints_given
        return Answer(f"{exercise.name} is {state}, {minutes:.0f} scenario minutes in. Hints left: {left}.")


def confident(exercise: Exercise, who: str, value: str) -> Answer:
    """One tap: how ready the person feels, 1 to 5."""
    ready = typed_number(value) or 0
    if not 1 <= ready <= MOST_CONFIDENT:
        return Answer(f"{value!r} is not on the scale. It goes from 1 (lost) to 5 (ready tonight).", ok=False)
    with exercise.lock:
        exercise.confidence[who] = ready
        return Answer(f"Noted: {ready} of 5. A new tap replaces it.")


def answer(exercise: Exercise, who: str, number: str, text: str) -> Answer:
    """An answer to a question of the hot wash."""
    questions = exercise.rehearsal.questions
    asked = typed_number(number) or 0
    if not 1 <= asked <= len(questions):
        return Answer(f"There are questions 1 to {len(questions)}.", ok=False)
    if not text.strip():
        return Answer("There is no text to note.", ok=False)
    with exercise.lock:
        exercise.did(who, "answer", text.strip(), str(asked))
        exercise.stage.tell(f"answer-{len(exercise.acts)}", f"Question {asked}: {text.strip()}")
        return Answer("Noted for the report.")


def _closed(exercise: Exercise) -> Answer | None:
    if exercise.over:
        return Answer(f"{exercise.name} is over.", ok=False)
    if exercise.clock.held:
        return Answer(f"{exercise.name} is paused: {exercise.held_why}", ok=False)
    return None


def _nearest(word: str, known: Sequence[str]) -> int | None:
    """Which one was meant: by its id, its number in the list, or a near match."""
    wanted = word.strip().casefold().replace(" ", "-")
    number = typed_number(wanted) or 0
    if 0 < number <= len(known):
        return number - 1
    close = get_close_matches(wanted, known, n=1, cutoff=0.6)
    return known.index(close[0]) if close else None
