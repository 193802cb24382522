"""The cards of the fleet and of one agent."""

from datetime import timedelta

from bot.core.cards.answer import Card
from bot.core.cards.fleet import AgentCard, AgentChange, AgentChangesCard, AgentRow, FleetCard
from bot.core.cards.parts import RungLine, SliLine
from bot.core.model.rungs import DEFAULT_LADDER
from tests.slack.team_cards import NOW

LADDER = tuple((rung.name, rung.may) for rung in DEFAULT_LADDER)
CHANGES = (
    AgentChange(NOW - timedelta(minutes=2), "autonomy to read-only: refunding twice", "Ana Silva"),
    AgentChange(NOW - timedelta(minutes=14), "prompt v7 first seen in task records; nobody posted it"),
    AgentChange(NOW - timedelta(hours=5), "tool-schema ledger-3: amounts in cents (workflow refund)", "pipeline"),
)


def agents(failing: AgentRow, full: RungLine, quality: SliLine) -> dict[str, Card]:
    """`failing` beside an agent that is well, on its rung `full`."""
    calm = AgentRow("kyc", "Bo Lind", full, (quality,))
    return {
        "fleet": FleetCard("Fleet", (failing, calm), NOW),
        "fleet-empty": FleetCard("Off their normal rung", (), NOW, empty="Every agent is on its normal rung."),
        "agent": AgentCard(
            failing, "Pays refunds up to 200 EUR.", "Only shop orders", "Bo Lind", "Cy Dow", LADDER, NOW, "U0ANA"
        ),
        "changes": AgentChangesCard("refunds", CHANGES, timedelta(hours=24), NOW),
        "changes-none": AgentChangesCard("refunds", (), timedelta(hours=24), NOW),
    }
