"""Exercises on a terminal: the facilitator's console and the hot wash."""

from bot.cli.cards.parts import listed
from bot.core.cards.exercise import ConsoleCard, HotWashCard


def console(card: ConsoleCard) -> list[str]:
    """What comes next, how the team does, and what is really wrong."""
    upcoming = f"Next: {card.next_id}, {card.next_when}, to {card.next_to}: {card.next_text}"
    return [
        f"{card.mark}Exercise {card.exercise}: {card.title}",
        f"{card.state}, minute {card.minute}, {card.speed:g}x, #{card.room.lstrip('#')}",
        f"It is over: {card.over}. Score {card.score} of 100." if card.over else upcoming if card.next_id else "",
        *listed("Objectives so far", card.objectives),
        f"What is really wrong ({card.cause}): {card.truth}",
    ]


def hot_wash(card: HotWashCard) -> list[str]:
    """How it went, and the questions with their answers."""
    answers = [
        f"{place}. {question} {' / '.join(text for number, text in card.answers if number == place)}".rstrip()
        for place, question in enumerate(card.questions, 1)
    ]
    return [
        f"{card.mark}Hot wash of exercise {card.exercise}: {card.title}",
        f"Score {card.score} of 100. {card.truth}",
        *listed("Objectives", card.objectives),
        *listed("Questions", answers),
        card.poll,
    ]
