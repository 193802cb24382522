"""The page: read on a lock screen, answered with one thumb (`slack.md`, cards 1)."""

from slackblocks import Button

from bot.core.cards.page import AnnouncementCard, PageCard
from bot.core.cards.words import signs
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, titled
from bot.slack.blocks.words import (
    CLOSED,
    LONGEST_NAME,
    NEUTRAL,
    STATE_MARKS,
    age_line,
    as_of,
    off_normal,
    opened_for,
    room_line,
    rung_words,
    scope_lines,
    since,
    sli_lines,
    title_line,
    title_or_lines,
)
from bot.slack.text import bold, clock_time, inert

HEADLINE = 100
LONGEST_REASON = 300
"""Characters of the sentence that says why it paged and how sure that is."""


def page(card: PageCard) -> Drawn:
    """Headline, numbers, what to do. The two main buttons ask nothing back: three taps to contained."""
    header = card.header
    sheet = Sheet("page")
    headline = titled(header, card.headline)[:HEADLINE]
    # Answered is not solved: the mark is the incident's own, never a tick while it is open.
    mark = STATE_MARKS.get(header.state, NEUTRAL) if card.acked else STATE_MARKS["paging"]
    sheet.head(f"{mark} {headline}")
    if card.acked:
        sheet.section(_taken(card), room_line(header), _stepped_down(card))
    sheet.section(sli_lines(card.lines), inert(signs(card.reason), LONGEST_REASON))
    if not card.acked:
        sheet.section(_advice(card))
        _answers(sheet, card)
    elif card.proposal is not None and header.acked_at is not None and card.rung.rung == card.rung.normal:
        sheet.section(_advice(card))
        sheet.buttons(_lower(card))
    for chart in card.charts[:1]:
        sheet.chart_image(chart)
    sheet.small(_place(card), "" if card.why.startswith("You own") else inert(card.why, 200))
    return sheet.done(headline)


def _taken(card: PageCard) -> str:
    """Who has it and since when, in the reader's own time; how it ended where it is over."""
    header = card.header
    if header.state in CLOSED or header.acked_at is None:
        return bold(card.acked)
    return f"{bold(f'Acknowledged by {header.acked_by}')}, {clock_time(header.acked_at)}"


def _advice(card: PageCard) -> str:
    proposal = card.proposal
    if proposal is None:
        return ""
    head = f"Suggested: step down to {bold(proposal.rung, LONGEST_NAME)}: {inert(proposal.may, 200)}"
    return f"{head}\n_{inert(signs(proposal.rule), 200)}_"


def _stepped_down(card: PageCard) -> str:
    """Whether the agent has obeyed: what the person who tapped is waiting to see."""
    return "" if card.rung.rung == card.rung.normal else f"Rung {rung_words(card.rung)}"


def _answers(sheet: Sheet, card: PageCard) -> None:
    header = card.header
    sheet.buttons(
        button("Acknowledge", ids.ACK, str(header.incident_id), "primary"),
        _lower(card),
        button("Can't take it", ids.CANNOT_TAKE, str(header.incident_id)),
    )


def _lower(card: PageCard) -> Button | None:
    """The button names its rung: a second tap on it must not lower it twice."""
    rung = card.proposal.rung if card.proposal else card.below
    if not rung:
        return None
    return button(f"Step down to {rung}", ids.LOWER, ids.target_value(card.header.agent, rung), "danger")


def _told(card: AnnouncementCard) -> tuple[str, ...]:
    """What people were last told, and when the next word is due."""
    said = f"*Update* {clock_time(card.updated_at)}: {inert(card.update, 500)}" if card.updated_at else ""
    due = f"Next update due {clock_time(card.update_due)}" if card.update_due else ""
    return (said, due)


def _place(card: PageCard) -> str:
    header = card.header
    told = f"on {bold(card.rung.rung, LONGEST_NAME)}" if _stepped_down(card) else f"on {rung_words(card.rung)}"
    rung = " ".join(part for part in (told, f"({off_normal(card.rung)})") if part != "()")
    parts = [header.number, header.severity, since(header), rung]
    if card.runbook:
        parts.append(f"runbook: {inert(card.runbook, 80)}")
    return " · ".join(part for part in (*parts, as_of(header)) if part)


def announcement(card: AnnouncementCard) -> Drawn:
    """One per incident in the agent's channel, edited in place."""
    header = card.header
    sheet = Sheet("announcement")
    sheet.head(titled(header, title_line(header)))
    led = f"lead {inert(card.lead, LONGEST_NAME)}" if card.lead and card.lead != header.acked_by else ""
    sheet.section(title_or_lines(header, card.lines[:3]), age_line(header), led)
    normal = off_normal(card.rung)
    sheet.section(
        f"Rung {rung_words(card.rung)}{f' · {normal}' if normal else ''}", scope_lines(card.scopes), room_line(header)
    )
    sheet.section(*_told(card))
    sheet.small(opened_for(header, card.lines), as_of(header))
    return sheet.done(titled(header, f"{header.number} {header.agent}: {header.title} ({header.state})"))
