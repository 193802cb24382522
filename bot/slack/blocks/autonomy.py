"""A change of rung: how far the agent has obeyed, and who may take it back; a restore that waits for somebody."""

from collections.abc import Iterator

from slackblocks import Button

from bot.core.cards.autonomy import AutonomyCard, RestoreCard
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, confirm, titled
from bot.slack.blocks.words import LONGEST_NAME, confirmation, may_line
from bot.slack.text import bold, clock_time, inert, near_time

TOLD = {
    "none": "",
    "requested": "⏳ requested",
    "seen": "⏳ not all instances yet",
    "confirmed": "✅ confirmed",
    "not-confirmed": "🔴 NOT CONFIRMED",
}


def autonomy(card: AutonomyCard) -> Drawn:
    """From, to, obeyed or not, what it may now do, what it cannot recall, and the way back."""
    sheet = Sheet("autonomy")
    what = f"{card.agent} {card.from_rung} → {card.to_rung}"
    told = TOLD[card.rung.state]
    sheet.head(titled(card.header, f"{told}: {what}" if told else what))
    sheet.section(_obeyed(card), _may(card), _scope(card))
    sheet.section(_who(card))
    sheet.section("\n".join(inert(line, 300) for line in card.effects))
    sheet.buttons(_next_rung(card), _undo(card))
    sheet.small(inert(card.residue, 300) if card.residue else "")
    return sheet.done(titled(card.header, f"{what} {told}".strip()))


def _obeyed(card: AutonomyCard) -> str:
    """`Requested 02:15 → seen by 1 of 2 → confirmed in 4 s`, as far as it has come."""
    if card.rung.state == "none":
        return ""
    return f"Requested {clock_time(card.at)} → {confirmation(card.rung)}"


def _may(card: AutonomyCard) -> str:
    """Never in the present tense before the agent has confirmed it."""
    if not card.may:
        return ""
    when = "It may now" if card.rung.state in ("confirmed", "none") else "Once it obeys it may only"
    return f"{when}: {inert(card.may, 200).rstrip('.')}."


def _scope(card: AutonomyCard) -> str:
    parts = [f"Only workflow {bold(card.workflow, LONGEST_NAME)}" if card.workflow else ""]
    if card.until is not None:
        parts.append(f"Until {near_time(card.until, card.at)}, then Stepdown asks for the restore")
    return " · ".join(part for part in parts if part)


def _who(card: AutonomyCard) -> str:
    why = f": {inert(card.reason, 300)}" if card.reason else ""
    return f"By {inert(card.by, LONGEST_NAME)}, {clock_time(card.at)}{why}"


def _next_rung(card: AutonomyCard) -> Button | None:
    if card.lower is None:
        return None
    value = ids.target_value(card.agent, card.lower.rung, card.workflow)
    return button(f"Step down to {card.lower.rung}", ids.LOWER, value, "danger")


def _undo(card: AutonomyCard) -> Button | None:
    if not card.undo or card.lower is not None:
        return None
    return button("Undo: ask to restore", ids.RESTORE, ids.target_value(card.agent, workflow=card.workflow))


def restore(card: RestoreCard) -> Drawn:
    """Somebody asks for one rung up; a second person decides on the evidence."""
    header = card.header
    sheet = Sheet("restore")
    head = f"Restore {header.agent} to {card.to_rung}{', and on by a plan' if card.then else ''}?"
    sheet.head(titled(header, head if not card.settled else f"{header.agent}: restore to {card.to_rung}"))
    sheet.section(
        bold(card.settled, 250) if card.settled else "", _asked(card), f"Evidence: {inert(card.evidence, 400)}"
    )
    sheet.section(may_line(card.to_rung, card.may))
    sheet.section("\n".join(_then(card)))
    sheet.section(inert(card.plan, 300) if card.plan else "")
    if card.plan_walks:
        sheet.buttons(button("Stop the plan", ids.STOP_PLAN, ids.target_value(header.agent), "danger"))
    if not card.settled:
        number = str(header.incident_id)
        more = " It covers every restore of the plan; anybody may stop it." if card.then else ""
        sure = confirm(head, f"The agent may do more again as soon as it reads the new rung.{more}", "Approve")
        sheet.buttons(button("Approve", ids.APPROVE, number, "primary", sure), button("Decline", ids.DECLINE, number))
        other = inert(card.asked_by, LONGEST_NAME)
        sheet.small(f"Now on {bold(card.from_rung, LONGEST_NAME)}. Needs a second person, not {other}.")
    return sheet.done(titled(header, card.settled or head))


MOST_RUNGS = 8
"""Restores of a plan that a card names; a ladder is hardly longer."""


def _then(card: RestoreCard) -> Iterator[str]:
    """The restores that the same approval covers, and what stops them."""
    for rung, may, after in card.then[:MOST_RUNGS]:
        yield f"• After {after} good minutes {bold(rung, LONGEST_NAME)}: {inert(may, 200)}"
    if card.then:
        yield "Stepdown makes these by itself, only while the numbers hold. One bad minute stops it and pages."


def _asked(card: RestoreCard) -> str:
    if not card.asked_by:
        return inert(card.reason, 300) if card.reason else ""
    why = f": {inert(card.reason, 300)}" if card.reason else "."
    verb = "asked" if card.settled else "asks"
    return f"{bold(card.asked_by, LONGEST_NAME)} {verb}{why}"
