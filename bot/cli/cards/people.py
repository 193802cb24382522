"""What people owe, on a terminal: tasks, follow-ups, offered roles, reminders, one person's overview."""

from bot.cli.cards.parts import head, held, listed, proposal, rung_words, table
from bot.core.cards.team import (
    FollowupLine,
    FollowupList,
    HandoffCard,
    HomeCard,
    NudgeCard,
    TaskLine,
    TaskList,
    TrayCard,
)
from bot.core.formatting.plurals import plural


def handoff(card: HandoffCard) -> list[str]:
    """Who asks whom to take which role."""
    which = f"{card.header.number} {card.header.agent}"
    return [card.settled or f"{card.asked_by} asks {card.person} to be {card.role} of {which}."]


def nudge(card: NudgeCard) -> list[str]:
    """What is owed."""
    return [f"{card.header.number}: {card.settled or card.text}"]


def tray(card: TrayCard) -> list[str]:
    """Where the incident stands, and what is suggested."""
    return [head(card.header), held(card.header), f"Rung {rung_words(card.rung)}", proposal(card.proposal)]


def task_list(card: TaskList) -> list[str]:
    """Tasks in order, with who has them and who did them."""
    if not card.lines:
        return [f"{card.header.number}: no tasks."]
    left = sum(not line.done_by for line in card.lines)
    rows = [[f"{line.number}.", line.text, line.person, _done(line)] for line in card.lines]
    return [f"{card.header.number}: {left} open of {plural(len(rows), 'task')}.", *table(rows)]


def _done(line: TaskLine) -> str:
    return f"done by {line.done_by}" if line.done_by else "open"


def followup_list(card: FollowupList) -> list[str]:
    """Follow-ups, the ones due first, first."""
    if not card.lines:
        return ["No follow-up is open."]
    return [f"{card.title}:", *table([_followup(line) for line in card.lines])]


def _followup(line: FollowupLine) -> list[str]:
    due = "done" if line.done else f"due {line.due:%Y-%m-%d}"
    return [line.id, line.number, line.agent, line.text, line.owner, due, line.link]


def home(card: HomeCard) -> list[str]:
    """What waits for one person, the most urgent first."""
    return [
        f"{card.name}:",
        *listed("Waiting for you", map(head, card.pages)),
        *listed("Yours", map(head, card.mine)),
        *listed("Other open incidents", map(head, card.others)),
        *listed("Off their normal rung", (row.text for row in card.off_normal)),
        *listed("Your follow-ups", (f"{line.text} (due {line.due:%Y-%m-%d})" for line in card.followups)),
        card.cover,
        *listed("Your agents", (row.text for row in card.agents)),
        *(line for title, lines in card.extra for line in listed(title, lines)),
    ]
