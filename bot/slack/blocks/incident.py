"""The pinned card of an incident's channel, and the list of open incidents."""

from slackblocks import Button, Confirm

from bot.core.cards.incident import BreachesCard, IncidentCard, IncidentList, PhaseProgress
from bot.core.cards.words import signs
from bot.core.formatting.plurals import plural
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, confirm, menu, titled
from bot.slack.blocks.words import (
    CLOSED,
    LONGEST_NAME,
    age_line,
    as_of,
    may_line,
    off_normal,
    opened_for,
    rung_words,
    scope_lines,
    since,
    title_line,
    title_or_lines,
)
from bot.slack.text import bold, channel_link, clock_time, inert

PAST = ("breach", "out-of-band")
MOST_INCIDENTS = 20
TRAY = (
    ("More…", "tray"),
    ("Write an update…", "update"),
    ("Add a note…", "note"),
    ("Page somebody…", "page"),
    ("False alarm: cancel it…", "cancel"),
)
"""What stands behind the three dots: (label, verb of `/incident`)."""


def incident(card: IncidentCard) -> Drawn:
    """What is wrong, who has it, what the agent may do, what is next."""
    header = card.header
    sheet = Sheet("incident")
    sheet.head(titled(header, title_line(header)))
    sheet.section(age_line(header), _roles(card))
    sheet.section(title_or_lines(header, card.lines))
    sheet.section(_rung(card), scope_lines(card.scopes), f"⏱\ufe0f {inert(card.clock, 300)}" if card.clock else "")
    if header.state not in CLOSED:
        sheet.section(_next(card), _advice(card), inert(card.cause, 300) if card.cause else "", _owed(card))
        _tray(sheet, card)
    residue = inert(card.residue, 300) if card.residue else ""
    sheet.small(_progress(card.phases), opened_for(header, card.lines), residue, as_of(header))
    return sheet.done(titled(header, f"{header.number} {header.agent}: {header.title} ({header.state})"))


def breaches(card: BreachesCard) -> Drawn:
    """All that is in breach, in one message however many join: the worst few in words, the others counted."""
    header = card.header
    sheet = Sheet("breaches")
    bad = sum(line.status in PAST for line in card.lines)
    title = f"{header.number}: {bad} of {plural(len(card.lines), 'SLI')} past the limit"
    sheet.head(titled(header, title))
    sheet.section(title_or_lines(header, card.lines))
    sheet.small(as_of(header))
    return sheet.done(titled(header, title))


def _roles(card: IncidentCard) -> str:
    named = [f"{inert(role, 20)} {inert(name, LONGEST_NAME)}" for role, name in card.roles[:5]]
    return " · ".join(named)


def _rung(card: IncidentCard) -> str:
    rung = card.rung
    normal = off_normal(rung)
    head = f"Rung {rung_words(rung)}" + (f" · {normal}" if normal else "")
    return "\n".join(line for line in (head, may_line(rung.rung, rung.may) if normal else "") if line)


def _next(card: IncidentCard) -> str:
    if not card.next_step:
        return ""
    return f"*Next:* {inert(card.next_step, 150)} ({inert(card.next_phase, 30)})"


def _owed(card: IncidentCard) -> str:
    """When the next update is due, and how many tasks wait."""
    due = f"Next update due {clock_time(card.update_due)}" if card.update_due else ""
    first = f": {inert(card.tasks[0].text, 80)}" if card.tasks else ""
    tasks = f"{plural(len(card.tasks), 'open task')}{first}" if card.tasks else ""
    return " · ".join(part for part in (due, tasks) if part)


def _advice(card: IncidentCard) -> str:
    if card.proposal is None:
        return ""
    return f"Suggested: {bold(card.proposal.rung, LONGEST_NAME)}. _{inert(signs(card.proposal.rule), 200)}_"


def _tray(sheet: Sheet, card: IncidentCard) -> None:
    header, number = card.header, str(card.header.incident_id)
    recovered = header.state == "recovered"
    sheet.buttons(
        None if header.acked_by else button("Acknowledge", ids.ACK, number, "primary"),
        _lower(card),
        button("Resolve", ids.RESOLVE, number, "primary", _sure(card)) if recovered else None,
        button("Steps", ids.STEPS, number),
        button("Catch me up", ids.CATCHUP, number),
        menu(ids.TRAY, [(label, f"{number}|{verb}") for label, verb in TRAY]),
    )


def _lower(card: IncidentCard) -> Button | None:
    if card.proposal is None:
        return None
    rung = card.proposal.rung
    return button(f"Step down to {rung}", ids.LOWER, ids.target_value(card.header.agent, rung), "danger")


def _sure(card: IncidentCard) -> Confirm:
    number = card.header.number
    return confirm(f"Resolve {number}?", "It closes the incident and drafts the postmortem.", "Resolve")


def _progress(phases: tuple[PhaseProgress, ...]) -> str:
    return " · ".join(
        f"✅ {one.phase.capitalize()} done" if one.done else f"{one.phase.capitalize()} {one.settled} of {one.total}"
        for one in phases
    )


def incident_list(card: IncidentList, verb: str = "") -> Drawn:
    """Open incidents, newest first, each with a button that opens it, or that does what somebody wanted to do."""
    sheet = Sheet("incidents")
    if not card.rows:
        sheet.section("🟢 No incident is open.")
        return sheet.done("No incident is open.")
    sheet.head(plural(len(card.rows), "open incident"))
    for row in card.rows[:MOST_INCIDENTS]:
        header = row.header
        link = channel_link(header.channel)
        sheet.section(
            f"*{inert(title_line(header), 150)}*",
            inert(row.headline, 200),
            f"{since(header)} {link}".strip(),
            accessory=button(verb.capitalize(), ids.TRAY, ids.about(header.incident_id, verb))
            if verb
            else button("Open", ids.STATUS, str(header.incident_id)),
        )
    left = len(card.rows) - MOST_INCIDENTS
    sheet.small(f"and {left} older ones" if left > 0 else "")
    return sheet.done(f"{len(card.rows)} open: {card.rows[0].headline}")
