"""The cards of the fleet and of one agent."""

from datetime import timedelta

from bot.core.cards.answer import Card
from bot.core.cards.fleet import AgentCard, AgentChange, AgentChangesCard, AgentRow, FleetCard, ReadyCard, ReadyLine
from bot.core.cards.parts import RungLine, SliLine
from bot.core.model.rungs import DEFAULT_LADDER
from tests.slack.team_cards import NOW

LADDER = tuple((rung.name, rung.may) for rung in DEFAULT_LADDER)
NOT_READY = "refunds is demo-ready: 4 of 12 lines have no evidence yet. The fleet file says production."
MISSING = (
    ReadyLine(
        "one owner, safely reachable",
        "ana can be paged by Slack alone: list another way (ways:) for when Slack is down or asleep",
        "Mend `people: ana:` in the fleet file",
        "beta",
    ),
    ReadyLine(
        "a deputy, safely reachable",
        "nobody has checked lately how bo is reached",
        "Run the bot: it looks at start and once a day",
        "beta",
        unknown=True,
    ),
    ReadyLine(
        "scope and stage are recorded decisions",
        "nobody has recorded one",
        "Record it: stepdown scope refunds --reason WHY",
        "production",
    ),
    ReadyLine(
        "a step down confirmed by the agent itself in the last 90 days",
        "none is recorded",
        'Drill it: stepdown step-down refunds --reason "drill"',
        "production",
    ),
)
LATER = (
    ReadyLine(
        "90 days live without a SEV1 or SEV2",
        "no go-live is recorded",
        "Record the go-live: `stage: production`, then stepdown scope refunds --reason WHY",
        "reliable production",
    ),
)
MET = (
    ReadyLine("SLIs with objectives, live and reporting", "3 SLIs reporting", stage="beta"),
    ReadyLine("a fallback for when it is off", "The refunds desk.", stage="beta"),
    ReadyLine("error budget left", "no budget is gone", stage="reliable production"),
)
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
        "ready": ReadyCard("refunds", NOT_READY, MISSING, LATER, MET),
        "ready-whole": ReadyCard("refunds", "refunds is production-ready: every line has evidence.", (), (), MET),
        "changes-none": AgentChangesCard("refunds", (), timedelta(hours=24), NOW),
    }
