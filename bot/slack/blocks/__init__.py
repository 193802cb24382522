"""Cards as Slack's blocks: one pure function a card, one module a family. mypy insists that none is missing."""

from collections.abc import Sequence
from typing import assert_never

from bot.core.cards.answer import Card, NoticeCard
from bot.core.cards.autonomy import AutonomyCard, RestoreCard
from bot.core.cards.causes import CausesCard
from bot.core.cards.enforcement import ApprovalCard, ApprovalList
from bot.core.cards.exercise import ConsoleCard, HotWashCard
from bot.core.cards.fleet import AgentCard, AgentChangesCard, FleetCard, ReadyCard
from bot.core.cards.incident import (
    BreachesCard,
    CatchupCard,
    IncidentCard,
    IncidentList,
    PhaseCard,
    RecoveryCard,
    ResolveCard,
    TimelineCard,
)
from bot.core.cards.page import AnnouncementCard, ChartImage, PageCard
from bot.core.cards.team import FollowupList, HandoffCard, HomeCard, NudgeCard, TaskList, TrayCard
from bot.slack.blocks.autonomy import autonomy, restore
from bot.slack.blocks.causes import causes
from bot.slack.blocks.enforcement import approval, approval_list
from bot.slack.blocks.fleet import agent, agent_changes, fleet
from bot.slack.blocks.home import home
from bot.slack.blocks.incident import breaches, incident, incident_list
from bot.slack.blocks.page import announcement, page
from bot.slack.blocks.parts import Drawn, Sheet
from bot.slack.blocks.phase import phase
from bot.slack.blocks.ready import ready
from bot.slack.blocks.recovery import recovery, resolve
from bot.slack.blocks.story import catchup, timeline
from bot.slack.blocks.tabletop import console, hot_wash
from bot.slack.blocks.team import followup_list, handoff, nudge, task_list, tray

__all__ = ["Drawn", "chart_images", "draw", "line"]


def draw(card: Card) -> Drawn:  # noqa: C901, PLR0911, PLR0912 - one row for each card, and nothing else
    """Draw a card. What it holds is untrusted; what comes out is inert and inside Slack's limits."""
    match card:
        case PageCard():
            return page(card)
        case AnnouncementCard():
            return announcement(card)
        case IncidentCard():
            return incident(card)
        case BreachesCard():
            return breaches(card)
        case PhaseCard():
            return phase(card)
        case AutonomyCard():
            return autonomy(card)
        case RestoreCard():
            return restore(card)
        case RecoveryCard():
            return recovery(card)
        case ResolveCard():
            return resolve(card)
        case FleetCard() | AgentCard() | AgentChangesCard() | ReadyCard():
            return _of_agents(card)
        case IncidentList():
            return incident_list(card)
        case TimelineCard():
            return timeline(card)
        case CatchupCard():
            return catchup(card)
        case CausesCard():
            return causes(card)
        case ConsoleCard() | HotWashCard():
            return console(card) if isinstance(card, ConsoleCard) else hot_wash(card)
        case HandoffCard():
            return handoff(card)
        case NudgeCard():
            return nudge(card)
        case TrayCard():
            return tray(card)
        case TaskList():
            return task_list(card)
        case FollowupList():
            return followup_list(card)
        case HomeCard():
            return home(card)
        case ApprovalCard() | ApprovalList():
            return approval(card) if isinstance(card, ApprovalCard) else approval_list(card)
        case NoticeCard():
            return line(card.text)
    assert_never(card)


def _of_agents(card: FleetCard | AgentCard | AgentChangesCard | ReadyCard) -> Drawn:
    match card:
        case FleetCard():
            return fleet(card)
        case AgentCard():
            return agent(card)
        case AgentChangesCard():
            return agent_changes(card)
        case ReadyCard():
            return ready(card)
    assert_never(card)


def chart_images(shown: Sequence[ChartImage]) -> Drawn:
    """Pictures alone."""
    sheet = Sheet("pictures")
    for one in shown:
        sheet.chart_image(one)
    return sheet.done("; ".join(one.alt for one in shown))


def line(text: str, mention: str = "") -> Drawn:
    """One plain line, after a mention of a user id where there is one."""
    sheet = Sheet("line")
    sheet.said(text, mention)
    return sheet.done(text)
