"""Writes that wait for people, for a terminal."""

from collections.abc import Sequence

from bot.core.cards.enforcement import ApprovalCard, ApprovalList


def approval(card: ApprovalCard) -> Sequence[str]:
    """One of them."""
    with_ = f"With {card.arguments}" if card.arguments else ""
    return [f"{card.title}: {card.summary}", card.said, with_, f"stepdown approve {card.id}" if card.open else ""]


def approval_list(card: ApprovalList) -> Sequence[str]:
    """All of them, a line each."""
    lines = [f"{one.id}  until {one.due:%H:%M} UTC  {one.agent}: {one.summary}" for one in card.lines]
    return [*lines, f"{card.more} more wait." if card.more else ""]
