"""May an agent go live: what is missing first, each with the one thing to do about it (`docs/readiness.md`)."""

from bot.core.cards.fleet import ReadyCard, ReadyLine
from bot.core.formatting.plurals import plural
from bot.slack.blocks.parts import Drawn, Sheet
from bot.slack.blocks.words import NEUTRAL
from bot.slack.text import bold, inert

LONGEST_TITLE = 90
MOST_MISSING, MOST_LATER, MOST_MET = 20, 3, 12
ENOUGH = 8_000
"""Characters after which nothing more is drawn, so that the message stays sendable."""


def ready(card: ReadyCard) -> Drawn:
    """The answer, what is missing with its next action, what only time brings, and in small print what is met."""
    sheet = Sheet("ready")
    sheet.head(f"{card.agent}: {plural(len(card.missing), 'line')} missing" if card.missing else f"{card.agent}: ready")
    sheet.section(inert(card.headline, 400))
    shown = 0
    for line in card.missing[:MOST_MISSING]:
        if sheet.size > ENOUGH:
            break
        sheet.section(*_missing(line))
        shown += 1
    left = len(card.missing) - shown
    sheet.small(f"and {left} more: stepdown ready {inert(card.agent, 60)} shows all" if left else "")
    if sheet.size < ENOUGH:
        sheet.small(*(part for line in card.later[:MOST_LATER] for part in _missing(line)))
        sheet.small(*(f"✅ {inert(line.title, LONGEST_TITLE)}: {inert(line.why, 120)}" for line in card.met[:MOST_MET]))
    return sheet.done(card.headline)


def _missing(line: ReadyLine) -> tuple[str, ...]:
    mark = f"{NEUTRAL} " if line.unknown else "🔴 "
    stage = f" · {inert(line.stage, 30)}" if line.stage else ""
    return (f"{mark}{bold(line.title, LONGEST_TITLE)}{stage}", inert(line.why, 300), f"→ {inert(line.next, 200)}")
