"""What happened: the timeline, and a late joiner's catch-up that fits one phone screen."""

from bot.core.cards.incident import CatchupCard, TimelineCard, TimelineLine
from bot.core.formatting.plurals import plural
from bot.slack.blocks.parts import MOST_SECTION, Drawn, Sheet, titled
from bot.slack.blocks.words import title_line
from bot.slack.text import bold, clock_time, inert, near_time

LONGEST_ENTRY = 240
MOST_ENTRIES = 30


def timeline(card: TimelineCard) -> Drawn:
    """Entries oldest first, the time in the reader's own zone."""
    header = card.header
    sheet = Sheet("timeline")
    sheet.head(titled(header, f"{header.number}: timeline"))
    shown = card.lines[-MOST_ENTRIES:]
    earlier = card.earlier + len(card.lines) - len(shown)
    sheet.small(f"{earlier} earlier entries are not shown" if earlier else "")
    for chunk in _chunks([_entry(line) for line in shown]):
        sheet.section(chunk)
    if not shown:
        sheet.section("Nothing has happened yet.")
    return sheet.done(titled(header, f"{header.number}: {plural(len(shown), 'entry', 'entries')}"))


def _entry(line: TimelineLine) -> str:
    return f"{clock_time(line.at)} {bold(line.actor, 40)} {inert(line.text, LONGEST_ENTRY)}"


def _chunks(lines: list[str]) -> list[str]:
    """Lines joined into texts that each fit a section."""
    chunks: list[str] = []
    for line in lines:
        if chunks and len(chunks[-1]) + 1 + len(line) <= MOST_SECTION:
            chunks[-1] += f"\n{line}"
        else:
            chunks.append(line)
    return chunks


def catchup(card: CatchupCard) -> Drawn:
    """What, since when, tried, now, next, who: six lines."""
    header = card.header
    sheet = Sheet("catchup")
    sheet.head(titled(header, title_line(header)))
    tried = "; ".join(f"{clock_time(at)} {inert(what, 100)}" for at, what in card.tried[:4]) or "nothing yet"
    sheet.section(
        f"*What:* {inert(card.what, 200)}, since {near_time(card.since, header.now)}",
        f"*Impact:* {inert(card.impact, 200)}" if card.impact else "",
        f"*Tried:* {tried}",
        f"*Now:* {inert(card.now_line, 300)}",
        f"*Next:* {inert(card.next_line, 200)}",
        f"*Who:* {inert(card.who, 150)}",
    )
    return sheet.done(titled(header, f"{header.number}: {card.what}. Next: {card.next_line}"))
