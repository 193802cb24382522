"""A change of rung on a terminal, and a restore that waits for a second person."""

from bot.cli.cards.parts import clock_time, moment
from bot.core.cards import words
from bot.core.cards.autonomy import AutonomyCard, RestoreCard


def autonomy(card: AutonomyCard) -> list[str]:
    """From, to, obeyed or not, by whom and why."""
    told = words.confirmation(card.rung)
    until = f"Until {moment(card.until, card.at)}; then Stepdown asks for the restore." if card.until else ""
    scope = f", workflow {card.workflow} only" if card.workflow else ""
    return [
        f"{card.agent} {card.from_rung} → {card.to_rung}{scope}{f': {told}' if told else ''}",
        f"By {card.by}, {clock_time(card.at)}{f': {card.reason}' if card.reason else ''}",
        f"On {card.to_rung} it may: {card.may}" if card.may else "",
        until,
        *card.effects,
        card.residue,
    ]


def restore(card: RestoreCard) -> list[str]:
    """Who asks, on what evidence, and how it ended."""
    why = f": {card.reason}" if card.reason else ""
    return [
        f"Restore {card.header.agent} from {card.from_rung} to {card.to_rung}",
        card.settled or f"{card.asked_by} asks{why}. A second person approves it.",
        f"Evidence: {card.evidence}" if card.evidence else "",
        *(f"By the plan, after {after} good minutes: {rung}: {may}" for rung, may, after in card.then),
        card.plan,
    ]
