"""The cards between people, as a responder meets them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.cards.answer import Card, NoticeCard
from bot.core.cards.autonomy import RestoreCard
from bot.core.cards.incident import RecoveryCard
from bot.core.cards.parts import Header, Proposal, RungLine, SliLine
from bot.core.cards.team import (
    FollowupLine,
    FollowupList,
    HandoffCard,
    HomeCard,
    HomeRow,
    NudgeCard,
    TaskLine,
    TaskList,
    TrayCard,
)
from bot.core.incident.events import NudgeKind

NOW = datetime(2026, 11, 20, 2, 14, tzinfo=UTC)
FOLLOWUP = FollowupLine(
    "42-1", "INC-0042", "refunds", "write an eval case for double refunds", "Ana Silva", NOW + timedelta(days=14)
)
TASKS = (
    TaskLine(1, "42-t1", "ask the ledger team for the list of refunds", "Bo Lind"),
    TaskLine(2, "42-t2", "stop the retry job", done_by="Cy Dow"),
)
OWED: dict[NudgeKind, str] = {
    "lead": "Nobody leads INC-0042 yet. Who does?",
    "update": "Nobody outside has heard how INC-0042 stands for 30 min.",
    "step": "This step was meant to take 5 min: Find how far it reaches",
    "restore": "refunds has recovered and is still on read-only.",
    "postmortem": "The postmortem of INC-0042 (refunds) is not done yet.",
}


def team(
    header: Callable[..., Header],
    working: Header,
    recovered: Header,
    full: RungLine,
    lowered: RungLine,
    proposal: Proposal,
) -> dict[str, Card]:
    """Handoffs, reminders, the tray, tasks, follow-ups, the home tab."""
    nudges: dict[str, Card] = {
        f"nudge-{kind}": NudgeCard(working, kind, text, 2, 5, step_id="reach" if kind == "step" else "")
        for kind, text in OWED.items()
    }
    return {
        **nudges,
        "nudge-settled": NudgeCard(working, "lead", "Nobody leads INC-0042 yet.", 1, 5, settled="Ana Duarte leads."),
        "notice": NoticeCard("Bo Lind has the pager of Ana Silva until 2026-03-02 09:00 UTC."),
        "handoff": HandoffCard(working, "lead", "Bo Lind", "Ana Silva"),
        "handoff-settled": HandoffCard(working, "lead", "", "", settled="Bo Lind is lead."),
        "tray": TrayCard(header(), full, proposal=proposal),
        "tray-recovered": TrayCard(recovered, lowered, lead="Ana Silva", restore_to="approval"),
        "tray-closed": TrayCard(header("resolved"), full, lead="Ana Silva"),
        "tasks": TaskList(working, TASKS),
        "followups": FollowupList("Your follow-ups", (FOLLOWUP, replace(FOLLOWUP, id="42-2", done=True)), NOW),
        "followups-none": FollowupList("Your follow-ups", (), NOW),
        "followup-due": FollowupList("Due now", (FOLLOWUP,), NOW, reminder=True),
        "home": home(header, working),
        "home-calm": HomeCard("Dev Onlooker", NOW, responder=False),
    }


def home(header: Callable[..., Header], working: Header) -> HomeCard:
    return HomeCard(
        "Ana Silva",
        NOW,
        responder=True,
        pages=(header(),),
        mine=(working,),
        others=(header("contained", agent="kyc"),),
        off_normal=(HomeRow("refunds on read-only (normally full)", "refunds"),),
        followups=(FOLLOWUP,),
        cover="Bo Lind has the pager of Ana Silva until Fri 09:00.",
        covered=True,
        agents=(HomeRow("refunds: production", "refunds"),),
        extra=(("Drills", ("retry-loop: never run",)),),
    )


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
