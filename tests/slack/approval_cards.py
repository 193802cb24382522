"""The cards of writes that wait for people."""

from dataclasses import replace
from datetime import timedelta

from bot.core.cards.answer import Card
from bot.core.cards.enforcement import ApprovalCard, ApprovalLine, ApprovalList
from tests.slack.team_cards import NOW

DUE = NOW + timedelta(minutes=15)
ASKED = ApprovalCard(
    "5e7f0c3a9b6d4c1e",
    "refunds",
    "Refunds",
    "refund order A-17 to the card it was paid with, 240, can be undone by hand",
    "pending",
    "",
    "payments.refund",
    "refund",
    "t-0042",
    '{"order": "A-17", "amount": 240}',
    "https://traces.example/t/17",
    2,
    DUE,
)


def approvals() -> dict[str, Card]:
    once = "Ana Silva approved it, and a second person has to, until 02:29 UTC."
    nobody = "Nobody answered by 02:29 UTC, so it was not done. Nobody denied it."
    line = ApprovalLine(ASKED.id, "refunds", ASKED.summary, DUE)
    return {
        "approval": ASKED,
        "approval-half": replace(ASKED, said=once),
        "approval-denied": replace(ASKED, state="denied", said="Ana Silva denied it: A-17 was paid back on Monday."),
        "approval-expired": replace(ASKED, state="expired", said=nobody),
        "approvals": ApprovalList((line,), 3),
    }
