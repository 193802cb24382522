"""What the facilitator can do, and nobody else; a refusal says who could.

Send, skip, edit and delay injects, improvise, pause, change the speed, give a hint, reveal, rate an objective, note,
end.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import get_args

from bot.core.cards.answer import Answer
from bot.core.exercises.debrief import Rating
from bot.exercises import player_actions
from bot.exercises.exercise import FACILITATOR, Exercise, Planned

SPEEDS = (1, 2, 5, 10, 20, 30, 60)
FASTEST = 120.0
BY_PLAYERS = frozenset({"pause", "resume", "speed", "end"})
"""What players may do themselves where nobody facilitates."""


def act(exercise: Exercise, who: str, verb: str, words: Mapping[str, str]) -> Answer:
    """One act of the facilitator. `words`: what the verb takes, by name."""
    alone = not exercise.participants.facilitator and who in exercise.participants.players and verb in BY_PLAYERS
    if who != exercise.participants.facilitator and not alone:
        whom = "its facilitator" if exercise.participants.facilitator else "nobody: it runs by itself"
        return Answer(f"That is for {whom}.", ok=False)
    with exercise.lock:
        return ACTS[verb](exercise, words)


def upcoming(exercise: Exercise) -> list[Planned]:
    """What has not been sent, in the order in which it would come: by time, then by event, then by hand."""
    waiting = [one for one in exercise.planned if one.state == "waiting"]
    timed = sorted((one for one in waiting if one.due is not None), key=lambda one: one.due or exercise.clock.now())
    return [*timed, *(one for one in waiting if one.due is None)]


def _index(exercise: Exercise, word: str) -> int | None:
    """The inject that is meant: by id, or the next one."""
    ahead = upcoming(exercise)
    wanted = next((one for one in ahead if one.id == word), None) if word else next(iter(ahead), None)
    return exercise.planned.index(wanted) if wanted is not None else None


def _on_inject(
    done: Callable[[Exercise, int, Mapping[str, str]], str],
) -> Callable[[Exercise, Mapping[str, str]], Answer]:
    def act_on(exercise: Exercise, words: Mapping[str, str]) -> Answer:
        index = _index(exercise, words.get("inject", ""))
        if index is None:
            ahead = ", ".join(one.id for one in upcoming(exercise)) or "none"
            return Answer(f"There is no such inject to come. Still to come: {ahead}.", ok=False)
        if exercise.over:
            return Answer(f"{exercise.name} is over.", ok=False)
        return Answer(done(exercise, index, words))

    return act_on


def _send(exercise: Exercise, index: int, _: Mapping[str, str]) -> str:
    exercise.send(index)
    return f"Sent: {exercise.planned[index].id}."


def _skip(exercise: Exercise, index: int, _: Mapping[str, str]) -> str:
    one = exercise.planned[index]
    exercise.planned[index] = replace(one, state="skipped")
    exercise.did(FACILITATOR, "skipped", "an inject was skipped", one.id)
    return f"Skipped: {one.id}."


def _edit(exercise: Exercise, index: int, words: Mapping[str, str]) -> str:
    one = exercise.planned[index]
    text = words.get("text", "").strip()
    if not text:
        return f"{one.id} stays as it is: there was no text."
    exercise.planned[index] = replace(one, inject=replace(one.inject, text=text))
    return f"{one.id} will say: {text}"


def _delay(exercise: Exercise, index: int, words: Mapping[str, str]) -> str:
    minutes = _number(words.get("minutes", "")) or 5.0
    one = exercise.planned[index]
    due = max(one.due or exercise.clock.now(), exercise.clock.now()) + timedelta(minutes=minutes)
    exercise.planned[index] = replace(one, due=due)
    return f"{one.id} comes {minutes:g} min later, at {due:%H:%M} scenario time."


def _improvise(exercise: Exercise, words: Mapping[str, str]) -> Answer:
    text = words.get("text", "").strip()
    if not text or exercise.over:
        return Answer("There is no text to send." if not text else f"{exercise.name} is over.", ok=False)
    sender, colon, rest = text.partition(":")
    named = bool(colon) and len(sender) <= 40 and bool(rest.strip())  # noqa: PLR2004 - a name, not a sentence
    exercise.improvise(sender.strip() if named else "Facilitator", rest.strip() if named else text)
    return Answer("Sent.")


def _pause(exercise: Exercise, words: Mapping[str, str]) -> Answer:
    why = words.get("reason", "").strip() or "the facilitator asks for a moment"
    done = exercise.hold(why, FACILITATOR)
    return Answer("Paused: scenario time stands still." if done else "It does not run.", ok=done)


def _resume(exercise: Exercise, _: Mapping[str, str]) -> Answer:
    done = exercise.release(FACILITATOR)
    return Answer("It goes on." if done else "It is not paused.", ok=done)


def _speed(exercise: Exercise, words: Mapping[str, str]) -> Answer:
    wanted = _number(words.get("speed", "").rstrip("xX\u00d7"))
    if not wanted or not 0 < wanted <= FASTEST:
        return Answer(f"{words.get('speed', '')!r} is not a speed: 1x to {FASTEST:g}x.", ok=False)
    exercise.clock.run_at(wanted)
    exercise.did(FACILITATOR, "speed", f"{wanted:g}x")
    return Answer(f"Scenario time runs {wanted:g} times as fast as real time.")


def _reveal(exercise: Exercise, _: Mapping[str, str]) -> Answer:
    """Tell the players what is really wrong. It can be taken back by nobody."""
    exercise.did(FACILITATOR, "revealed", "the ground truth was told to the players")
    exercise.stage.tell("revealed", f"What is really wrong: {exercise.rehearsal.ground_truth.text}")
    return Answer("The players know now.")


def _rate(exercise: Exercise, words: Mapping[str, str]) -> Answer:
    known = {one.id for one in exercise.rehearsal.objectives}
    objective, wanted, reason = (words.get(name, "").strip() for name in ("objective", "rating", "reason"))
    if objective not in known:
        return Answer(f"There is no objective {objective!r}. There are: {', '.join(sorted(known))}.", ok=False)
    rating = next((one for one in get_args(Rating) if one == wanted.upper()), None)
    if rating is None:
        return Answer(f"{wanted!r} is no rating. There are P, S, M and U.", ok=False)
    if not reason:
        return Answer("A rating set by hand takes a reason.", ok=False)
    exercise.overrides[objective] = (rating, reason)
    exercise.did(FACILITATOR, "rated", f"{objective}: {rating}, {reason}", objective)
    return Answer(f"{objective} is {rating}.")


def _note(exercise: Exercise, words: Mapping[str, str]) -> Answer:
    text = words.get("text", "").strip()
    if not text:
        return Answer("There is no text to note.", ok=False)
    exercise.did(FACILITATOR, "note", text)
    return Answer("Noted for the report; the players do not see it.")


def _end(exercise: Exercise, words: Mapping[str, str]) -> Answer:
    if exercise.over:
        return Answer(f"{exercise.name} is over already.", ok=False)
    exercise.end(words.get("reason", "").strip() or "the facilitator ended it", FACILITATOR)
    return Answer("Ended. The hot wash is in the channel.")


def _number(text: str) -> float | None:
    try:
        return float(text.strip().removesuffix("min").removesuffix("m").strip())
    except ValueError:
        return None


ACTS: Mapping[str, Callable[[Exercise, Mapping[str, str]], Answer]] = {
    "send": _on_inject(_send),
    "skip": _on_inject(_skip),
    "edit": _on_inject(_edit),
    "delay": _on_inject(_delay),
    "improvise": _improvise,
    "pause": _pause,
    "resume": _resume,
    "speed": _speed,
    "give-hint": lambda exercise, _: player_actions.hint(exercise, FACILITATOR),
    "reveal": _reveal,
    "rate": _rate,
    "note": _note,
    "end": _end,
}
"""What the console's buttons and `/tabletop` verbs of the same name do."""
