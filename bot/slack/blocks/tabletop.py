"""The facilitator's console and the hot wash. Buttons carry the exercise's number and an inject's id, nothing else."""

from slackblocks import Button

from bot.core.cards.exercise import ConsoleCard, HotWashCard
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, confirm
from bot.slack.text import bold, inert

MOST_OBJECTIVES = 14
MOST_AHEAD = 6
MOST_QUESTIONS = 5


def console(card: ConsoleCard) -> Drawn:
    """What comes next with its buttons, how the team does, and what is really wrong."""
    sheet = Sheet("console")
    sheet.head(f"{card.mark}Console of exercise {card.exercise}: {card.title}")
    sheet.section(f"{bold(card.state, 80)} · minute {card.minute} · {card.speed:g}x · {inert(card.room, 60)}")
    if card.over:
        sheet.section(f"It is over: {inert(card.over, 200)}. Score {card.score} of 100.")
    else:
        _next(sheet, card)
    sheet.section("*Objectives so far*", *(inert(line, 160) for line in card.objectives[:MOST_OBJECTIVES]))
    if not card.over:
        _controls(sheet, card)
    sheet.section(f"*What is really wrong* ({inert(card.cause, 40)}): {inert(card.truth, 900)}")
    sheet.small(f"Hints left: {card.hints}. Only you see this console.")
    return sheet.done(f"{card.mark}Console of exercise {card.exercise}: {card.state}, next {card.next_id or 'nothing'}")


def _next(sheet: Sheet, card: ConsoleCard) -> None:
    if not card.next_id:
        sheet.section("*Next inject:* none is left.")
        return
    expects = f"\n_Expected: {inert(card.next_expects, 150)}_" if card.next_expects else ""
    sheet.section(
        f"*Next inject:* {bold(card.next_id, 40)}, {inert(card.next_when, 60)}, to {inert(card.next_to, 40)}\n"
        f"{inert(card.next_text, 500)}{expects}"
    )
    sheet.buttons(
        _act(card, "Send now", "send", card.next_id, style="primary"),
        _act(card, "Skip", "skip", card.next_id),
        _act(card, "Delay 5 min", "delay", card.next_id),
        _act(card, "Edit…", "edit", card.next_id),
        of="inject",
    )
    if card.ahead:
        sheet.small("Then: " + " · ".join(inert(line, 80) for line in card.ahead[:MOST_AHEAD]))


def _controls(sheet: Sheet, card: ConsoleCard) -> None:
    pause = ("Resume", "resume") if card.held else ("Pause", "pause")
    sheet.buttons(
        _act(card, *pause),
        _act(card, "Speed…", "speed"),
        _act(card, "Improvise…", "improvise"),
        _act(card, "Give a hint", "give-hint"),
        of="run",
    )
    sheet.buttons(
        _act(card, "Rate…", "rate"),
        _act(card, "Note…", "note"),
        button(
            "Reveal",
            ids.tabletop("reveal"),
            ids.tabletop_value(card.exercise),
            None,
            confirm("Reveal it?", "The players are told what is really wrong.", "Reveal", dangerous=True),
        ),
        button(
            "End",
            ids.tabletop("end"),
            ids.tabletop_value(card.exercise),
            "danger",
            confirm("End the exercise?", "The hot wash follows at once.", "End it", dangerous=True),
        ),
        of="judge",
    )


def _act(card: ConsoleCard, label: str, verb: str, inject: str = "", style: str = "") -> Button | None:
    return button(
        label,
        ids.tabletop(verb),
        ids.tabletop_value(card.exercise, inject),
        "primary" if style == "primary" else None,
    )


def hot_wash(card: HotWashCard) -> Drawn:
    """Three questions, one tap, and how it went."""
    sheet = Sheet("hotwash")
    sheet.head(f"{card.mark}Hot wash of exercise {card.exercise}: {card.title}")
    sheet.section(f"Score {bold(str(card.score), 5)} of 100.", inert(card.truth, 900))
    sheet.section("*Objectives*", *(inert(line, 160) for line in card.objectives[:MOST_OBJECTIVES]))
    for place, question in enumerate(card.questions[:MOST_QUESTIONS], 1):
        sheet.section(f"*{place}.* {inert(question, 300)}")
        given = [text for number, text in card.answers if number == place]
        sheet.small(*(f"“{inert(text, 200)}”" for text in given[-3:]))
        sheet.buttons(
            button("Answer…", ids.tabletop("answer"), ids.tabletop_value(card.exercise, str(place))), of=f"q{place}"
        )
    sheet.section("How ready would you be tonight? One tap, 1 (lost) to 5 (ready).")
    sheet.buttons(
        *(
            button(str(n), ids.tabletop("confidence", str(n)), ids.tabletop_value(card.exercise, str(n)))
            for n in range(1, 6)
        ),
        of="poll",
    )
    sheet.small(inert(card.poll, 200))
    sheet.buttons(
        button("Write the report", ids.tabletop("report"), ids.tabletop_value(card.exercise), "primary"), of="report"
    )
    return sheet.done(f"{card.mark}Hot wash of exercise {card.exercise}: score {card.score} of 100")
