"""Cards of exercises: the facilitator's console, and the hot wash."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConsoleCard:
    """What the facilitator of an exercise sees, and nobody else: what comes next and what is really wrong."""

    mark: str
    exercise: int
    title: str
    state: str
    minute: int
    speed: float
    held: bool
    room: str
    """Name of the drill's channel."""
    objectives: tuple[str, ...]
    cause: str
    truth: str
    hints: int
    score: int
    over: str = ""
    """Why it ended; empty while it runs."""
    next_id: str = ""
    next_when: str = ""
    next_to: str = ""
    next_text: str = ""
    next_expects: str = ""
    ahead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HotWashCard:
    """What follows an exercise at once: how it went, three questions, one tap."""

    mark: str
    exercise: int
    title: str
    score: int
    truth: str
    objectives: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[tuple[int, str], ...]
    """(number of a question, from 1; what was answered), oldest first."""
    poll: str
    """How many tapped, in words."""
