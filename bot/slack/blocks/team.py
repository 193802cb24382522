"""Cards about people: an offered role, a reminder, the action tray, tasks, follow-ups."""

from slackblocks import Button, Element

from bot.core.cards.parts import Header
from bot.core.cards.team import (
    FollowupLine,
    FollowupList,
    HandoffCard,
    NudgeCard,
    TaskLine,
    TaskList,
    TrayCard,
)
from bot.core.formatting.plurals import plural
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, menu, titled
from bot.slack.blocks.words import LONGEST_NAME, NEUTRAL, age_line, off_normal, rung_words, title_line
from bot.slack.text import bold, day, inert

CLOSED = ("resolved", "cancelled")
MOST_LINES = 15


def handoff(card: HandoffCard) -> Drawn:
    """One question, two buttons."""
    header = card.header
    sheet = Sheet("handoff")
    which = f"{header.number} {header.agent}"
    if card.settled:
        settled = titled(header, f"{which}: {card.settled}")
        sheet.section(inert(settled, 300))
        return sheet.done(settled)
    words = f"{card.asked_by} asks {card.person} to be {card.role} of {which}."
    sheet.section(
        f"{_mark(header)}{bold(card.asked_by, LONGEST_NAME)} asks {bold(card.person, LONGEST_NAME)} "
        f"to be {bold(card.role, 20)} of {bold(which, 80)}.",
        inert(f"{header.severity}, {header.state}: {header.title}", 200),
    )
    sheet.buttons(
        button(f"I am {card.role}", ids.do("accept"), ids.about(header.incident_id, card.role), "primary"),
        button("Not me", ids.do("refuse"), ids.about(header.incident_id, card.role)),
    )
    return sheet.done(titled(header, words))


def _mark(header: Header) -> str:
    """What stands before everything of a drill, on cards that have no title."""
    return f"{inert(header.mark, 30)} " if header.mark else ""


def nudge(card: NudgeCard) -> Drawn:
    """What is owed, and the one tap that ends it."""
    header = card.header
    sheet = Sheet("nudge")
    if card.settled:
        sheet.small(f"{_mark(header)}{'✅' if card.done else NEUTRAL} {inert(card.settled, 260)}")
        return sheet.done(titled(header, card.settled))
    sheet.section(f"{_mark(header)}⏰ {inert(card.text, 300)}")
    sheet.buttons(*_ends(card), button("Snooze 1 h", ids.do("snooze"), ids.about(header.incident_id, card.nudge)))
    sheet.small(f"Reminder {card.count} of {card.most}" if card.count > 1 else "")
    return sheet.done(titled(header, card.text))


def _ends(card: NudgeCard) -> list[Button | None]:
    """The taps that end it, the likely one first."""
    header = card.header
    number = str(header.incident_id)
    step = ids.step_value(header.incident_id, card.step_id)
    blocked = ids.step_value(header.incident_id, card.step_id, "blocked")
    return {
        "lead": [
            button("I lead", ids.do("role"), ids.about(header.incident_id, "lead"), "primary"),
            button("Ask somebody…", ids.do("handoff"), ids.about(header.incident_id, "lead")),
        ],
        "update": [button("Write an update…", ids.do("update"), number, "primary")],
        "step": [
            button("Done", ids.STEP_DONE, step, "primary"),
            button("Blocked, need help…", ids.STEP_OTHER, blocked),
        ],
        "restore": [
            button("Ask to restore…", ids.RESTORE, ids.target_value(header.agent), "primary"),
            button("Leave it, resolve…", ids.RESOLVE_ANYWAY, number),
        ],
        "postmortem": [
            button("It is done", ids.do("postmortem-done"), number, "primary"),
            button("Draft it again", ids.do("postmortem"), number),
        ],
    }[card.nudge]


def tray(card: TrayCard) -> Drawn:
    """Everything that can be done now: first what contains, then what tells, then what shows, then people."""
    header = card.header
    number = str(header.incident_id)
    sheet = Sheet("tray")
    sheet.head(titled(header, title_line(header)))
    normal = off_normal(card.rung)
    sheet.section(age_line(header), f"Rung {rung_words(card.rung)}{f' · {normal}' if normal else ''}")
    if header.state in CLOSED:
        sheet.buttons(
            button("Postmortem draft", ids.do("postmortem"), number, "primary"),
            button("Follow-up…", ids.do("followup"), number),
            button("Timeline", ids.do("timeline"), number),
            button("Reopen…", ids.REOPEN, number),
        )
        return sheet.done(titled(header, title_line(header)))
    sheet.buttons(*_contains(card))
    sheet.buttons(*(button(label, ids.do(verb), number) for label, verb in TELL))
    sheet.buttons(*(button(label, ids.do(verb), number) for label, verb in SHOW))
    sheet.buttons(*_people(card))
    return sheet.done(titled(header, title_line(header)))


TELL = (("Update…", "update"), ("Note…", "note"), ("Task…", "task"))
SHOW = (("Steps", "steps"), ("Catch me up", "catchup"), ("Timeline", "timeline"))
REST = (
    ("Follow-up for afterwards…", "followup"),
    ("Severity…", "sev"),
    ("Contained by other means…", "contain"),
    ("False alarm: cancel it…", "cancel"),
    ("Draft the postmortem", "postmortem"),
)
"""Behind the three dots, so that the tray fits a phone's screen."""


def _contains(card: TrayCard) -> list[Button | None]:
    header, number = card.header, str(card.header.incident_id)
    rung = card.proposal.rung if card.proposal else ""
    lower = button(f"Step down to {rung}", ids.LOWER, ids.target_value(header.agent, rung), "danger") if rung else None
    restore = None
    if card.restore_to:
        restore = button(f"Ask for {card.restore_to}…", ids.RESTORE, ids.target_value(header.agent))
    resolve = button("Resolve", ids.RESOLVE, number, "primary") if header.state == "recovered" else None
    return [
        None if header.acked_by else button("Acknowledge", ids.ACK, number, "primary"),
        lower,
        restore,
        resolve,
        button("Can't take it", ids.CANNOT_TAKE, number) if header.state == "paging" else None,
        button("Other rung…", ids.AGENT, header.agent),
    ]


def _people(card: TrayCard) -> list[Element | None]:
    number = str(card.header.incident_id)
    lead = button("I lead", ids.do("role"), ids.about(card.header.incident_id, "lead"))
    handover = button("Hand off…", ids.do("handoff"), number)
    page = button("Page somebody…", ids.do("page"), number)
    rest = menu(ids.TRAY, [(label, f"{number}|{verb}") for label, verb in REST])
    return [handover if card.lead else lead, page, rest]


def task_list(card: TaskList) -> Drawn:
    """Open tasks with a button each, done ones in small print."""
    header = card.header
    sheet = Sheet("tasks")
    left = [line for line in card.lines if not line.done_by]
    sheet.head(titled(header, f"{header.number}: {len(left)} open of {plural(len(card.lines), 'task')}"))
    for line in left[:MOST_LINES]:
        done = button("Done", ids.do("task-done"), ids.about(header.incident_id, line.item))
        sheet.section(task_line(line), accessory=done)
    sheet.small(*(f"✅ {inert(line.text, 120)} · {inert(line.done_by, 40)}" for line in card.lines if line.done_by))
    if not card.lines:
        sheet.section("No tasks.")
    sheet.buttons(button("Add a task…", ids.do("task"), str(header.incident_id)))
    return sheet.done(titled(header, f"{header.number}: {plural(len(left), 'open task')}"))


def task_line(line: TaskLine) -> str:
    """`1. Ask Bo for the ledger · Ben Okafor`."""
    who = f" · {inert(line.person, 40)}" if line.person else ""
    return f"{line.number}. {inert(line.text, 200)}{who}"


def followup_list(card: FollowupList) -> Drawn:
    """One follow-up a section, with what ends it and what moves it."""
    sheet = Sheet("followups")
    sheet.head(card.title)
    for place, line in enumerate(card.lines[:MOST_LINES]):
        sheet.section(followup_line(line))
        if not line.done:
            sheet.buttons(*followup_buttons(line), _snooze(line) if card.reminder else None, of=f"{place}-{line.id}")
    if not card.lines:
        sheet.section("🟢 No follow-up is open.")
    left = len(card.lines) - MOST_LINES
    sheet.small(f"and {left} more" if left > 0 else "")
    first = card.lines[0] if card.lines else None
    return sheet.done(f"{card.title}: {first.text} ({first.number})" if first else card.title)


def followup_buttons(line: FollowupLine) -> tuple[Button | None, ...]:
    """What ends it and what moves it."""
    return (
        button("Done", ids.do("followup-done"), line.id, "primary"),
        button("Move it…", ids.do("followup-move"), line.id),
    )


def _snooze(line: FollowupLine) -> Button | None:
    incident_id = int(line.id.split("-")[0])
    return button("Snooze 1 day", ids.do("snooze"), ids.about(incident_id, line.id))


def followup_line(line: FollowupLine) -> str:
    """`*Write a case for double refunds* / INC-0042 refunds · Ana · due Fri 28 Nov`."""
    mark = "✅ " if line.done else ""
    parts = [f"{line.number} {inert(line.agent, 40)}", inert(line.owner, 40), f"due {day(line.due)}"]
    link = f"tracked: {inert(line.link, 120)}" if line.link else ""
    return "\n".join(part for part in (f"{mark}{bold(line.text, 200)}", " · ".join(parts), link) if part)
