"""A write that waits for a person: what it does in plain words, whether it can be undone, and the two buttons."""

from collections.abc import Mapping

from bot.core.cards.enforcement import ApprovalCard, ApprovalList
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, confirm
from bot.slack.blocks.words import LONGEST_NAME
from bot.slack.text import bold, clock_time, inert

MARKS: Mapping[str, str] = {"pending": "✋", "approved": "✅", "denied": "⛔", "expired": "⌛"}
WITHDRAWN = "↩️"
SHOWN = 600
"""Characters of arguments on a card."""


def approval(card: ApprovalCard) -> Drawn:
    """What is asked, with what, until when; the buttons go when it has ended."""
    sheet = Sheet("approval")
    head = f"{MARKS.get(card.state, WITHDRAWN)} {card.title}: {card.summary}"
    sheet.head(head)
    sheet.section(inert(card.said, 400) if card.said else "", _about(card))
    sheet.section(f"With {inert(card.arguments, SHOWN)}" if card.arguments else "")
    sheet.section(f"Evidence: {inert(card.evidence, 300)}" if card.evidence else "")
    if card.open:
        value = ids.SEPARATOR.join((card.agent, card.id))
        sure = confirm("Approve this write?", f"{card.title} does it at once: {card.summary}.", "Approve")
        sheet.buttons(
            button("Approve", ids.ALLOW_WRITE, value, "primary", sure),
            button("Deny…", ids.DENY_WRITE, value, "danger"),
        )
        people = "Two people have to approve it. " if card.people > 1 else ""
        sheet.small(f"{people}Until {clock_time(card.due)}. If nobody answers it is not done, and told so.")
    return sheet.done(f"{card.title} asks: {card.summary}" if card.open else f"{head} {card.said}")


def _about(card: ApprovalCard) -> str:
    parts = [f"Tool {bold(card.tool, LONGEST_NAME)}"]
    parts += [f"workflow {inert(card.workflow, LONGEST_NAME)}"] if card.workflow else []
    parts += [f"task {inert(card.task, LONGEST_NAME)}"] if card.task else []
    return " · ".join(parts)


def approval_list(card: ApprovalList) -> Drawn:
    """All that waits, a line each."""
    sheet = Sheet("approvals")
    sheet.head("Writes that wait for a person" if card.lines else "No write waits for a person")
    for one in card.lines:
        what = f"{bold(one.agent, LONGEST_NAME)}: {inert(one.summary, 200)}"
        sheet.section(what, f"{inert(one.id, 64)}, until {clock_time(one.due)}")
    if card.more:
        sheet.small(f"{card.more} more wait; stepdown approvals lists them")
    return sheet.done(f"{len(card.lines) + card.more} writes wait for a person")
