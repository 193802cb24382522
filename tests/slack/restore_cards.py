"""Restores and restore plans, as they are asked for, walk and are stopped."""

from dataclasses import replace

from bot.core.cards.answer import Card
from bot.core.cards.autonomy import RestoreCard
from bot.core.cards.incident import RecoveryCard
from bot.core.cards.parts import Header, RungLine, SliLine

PLANNED = (
    ("bounded", "use an allow-listed toolset with capped steps, cost and amounts", 10),
    ("full", "act within its registered blast radius", 20),
)
PLAN_WORDS = "bounded after 10 good minutes, then full after 20 more"


def _restore(recovered: Header, settled: str) -> RestoreCard:
    evidence = "30 of 30 good minutes; human escalation 3.2 % within 3.4 %."
    may = "act, but every write waits for a person"
    return RestoreCard(
        recovered, "read-only", "approval", may, "Ana Silva", "U0ANA", "prompt rolled back", evidence, settled
    )


def restores(recovered: Header) -> dict[str, Card]:
    """With and without a plan, open and settled."""
    return {
        "restore": _restore(recovered, ""),
        "restore-settled": _restore(recovered, "Approved by Bo"),
        "restore-plan": replace(_restore(recovered, ""), then=PLANNED),
        "restore-plan-walking": replace(
            _restore(recovered, "Restored read-only -> approval: asked by Ana Silva, approved by Bo Chen."),
            plan=f"Restore plan of Ana Silva and Bo Chen: next {PLAN_WORDS}, while the numbers hold.",
            plan_walks=True,
        ),
    }


def plans(recovering: Header, lowered: RungLine, bands: tuple[SliLine, ...]) -> dict[str, Card]:
    return {
        "recovery-plan": RecoveryCard(
            recovering,
            bands,
            4,
            30,
            "running",
            "4 of 30 min in band",
            rung=lowered,
            plan=f"Restore plan of Ana Silva and Bo Chen: next {PLAN_WORDS}, while the numbers hold.",
            plan_walks=True,
        ),
        "recovery-plan-stopped": RecoveryCard(
            recovering,
            bands,
            2,
            30,
            "running",
            "2 of 30 min in band",
            "02:40 UTC: human escalation 6.1 % is past 3.4 %",
            lowered,
            restore_wait="2 of 10 good minutes since the last restore.",
            plan="The restore plan of Ana Silva and Bo Chen was stopped: human escalation 6.1 % is past 3.4 %.",
        ),
    }
