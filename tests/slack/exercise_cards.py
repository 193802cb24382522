"""Cards of exercises, as the facilitator and the players meet them."""

from typing import Any

from bot.core.cards.answer import Card
from bot.core.cards.exercise import ConsoleCard, HotWashCard

MARK = "[EXERCISE] "
RATED = ("P  Acknowledge within 5 minutes: after 2 of 5 min", "U  Write down the right cause: it did not happen")


def drill() -> dict[str, Card]:
    console = ConsoleCard(
        mark=MARK,
        exercise=3,
        title="Retry loop",
        state="running",
        minute=12,
        speed=10,
        held=False,
        room="drill-0003-refunds",
        objectives=RATED,
        cause="schema",
        truth="The release made currency a required field.",
        hints=2,
        score=50,
        next_id="support-lead",
        next_when="in 6 min",
        next_to="players",
        next_text="Support lead: what do I tell people?",
        next_expects="the first update went out",
        ahead=("doubt on stepped-down", "auditor by hand"),
    )
    held = {**_fields(console), "held": True, "state": "paused: a real incident"}
    over = {**_fields(console), "over": "the facilitator ended it", "state": "over"}
    return {
        "console": console,
        "console-held": ConsoleCard(**held),
        "console-bare": ConsoleCard(**{**_fields(console), "next_id": "", "ahead": ()}),
        "console-over": ConsoleCard(**over),
        "hot-wash": HotWashCard(
            mark=MARK,
            exercise=3,
            title="Retry loop",
            score=50,
            truth="What was really wrong: the release made currency a required field.",
            objectives=RATED,
            questions=("What told you?", "What would have helped?", "Which test was missing?"),
            answers=((1, "The traces did."), (3, "A contract test.")),
            poll="2 tapped, 4.0 of 5 on average.",
        ),
    }


def _fields(card: ConsoleCard) -> dict[str, Any]:
    return {name: getattr(card, name) for name in card.__dataclass_fields__}
