"""One page as a person would get it, and what became of it later."""

from dataclasses import replace
from datetime import timedelta

from bot.core.cards.page import PageCard
from tests.slack.setup import FULL, HER, PROPOSAL, TIE, header

HEADLINE = "refunds: human escalation 18.0 % (limit 5.0 %), 3 min. You own it."
OPEN = PageCard(header(), HEADLINE, (HER, TIE), "You own refunds.", FULL, PROPOSAL, runbook="Tool misuse")
ACKED = replace(
    OPEN,
    header=header("responding", acked_by="Bo Chen", acked_at=header().now + timedelta(minutes=1)),
    acked="Acknowledged by Bo Chen, 02:15 UTC",
)
OVER = replace(ACKED, header=replace(ACKED.header, state="resolved"), acked="INC-0042 is resolved.")


def in_episode(card: PageCard, episode: int) -> PageCard:
    return replace(card, header=replace(card.header, episode=episode))
