"""Cards as plain text for a terminal: one pure function a card, as `bot.slack.blocks` has them for Slack.

Both take their words from `bot.core.cards.words`. mypy insists that no card is missing. Times are UTC: a terminal says
nothing about where its reader sits.
"""

from collections.abc import Sequence
from typing import assert_never

from bot.cli.cards import autonomy, causes, enforcement, exercise, fleet, incident, people
from bot.core.cards.answer import Answer, Card, NoticeCard
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
from bot.core.cards.page import AnnouncementCard, PageCard
from bot.core.cards.team import FollowupList, HandoffCard, HomeCard, NudgeCard, TaskList, TrayCard
from bot.core.formatting.terminal_text import visible

__all__ = ["answer_text", "card_lines"]


def answer_text(answer: Answer) -> str:
    """An answer for a terminal: its sentence, unless the card begins with it, then the card."""
    lines = [] if answer.card is None else [line.rstrip() for line in card_lines(answer.card) if line.strip()]
    if not lines or not lines[0].startswith(answer.text.rstrip(".")):
        lines.insert(0, answer.text)
    return visible("\n".join(lines))


def card_lines(card: Card) -> Sequence[str]:  # noqa: C901, PLR0911, PLR0912 - one row for each card, and nothing else
    """Lines of a card. Empty ones are left out by `answer_text`."""
    match card:
        case FleetCard() | AgentCard() | AgentChangesCard() | ReadyCard():
            return _of_agents(card)
        case BreachesCard():
            return incident.breaches(card)
        case IncidentList():
            return incident.incident_list(card)
        case IncidentCard():
            return incident.incident(card)
        case TimelineCard():
            return incident.timeline(card)
        case PhaseCard():
            return incident.phase(card)
        case RecoveryCard():
            return incident.recovery(card)
        case ResolveCard():
            return incident.resolve(card)
        case CatchupCard():
            return incident.catchup(card)
        case PageCard():
            return incident.page(card)
        case AnnouncementCard():
            return incident.announcement(card)
        case CausesCard():
            return causes.causes(card)
        case AutonomyCard():
            return autonomy.autonomy(card)
        case RestoreCard():
            return autonomy.restore(card)
        case HandoffCard():
            return people.handoff(card)
        case NudgeCard():
            return people.nudge(card)
        case TrayCard():
            return people.tray(card)
        case TaskList():
            return people.task_list(card)
        case FollowupList():
            return people.followup_list(card)
        case HomeCard():
            return people.home(card)
        case ConsoleCard() | HotWashCard():
            return exercise.console(card) if isinstance(card, ConsoleCard) else exercise.hot_wash(card)
        case ApprovalCard() | ApprovalList():
            return enforcement.approval(card) if isinstance(card, ApprovalCard) else enforcement.approval_list(card)
        case NoticeCard():
            return [card.text]
    assert_never(card)


def _of_agents(card: FleetCard | AgentCard | AgentChangesCard | ReadyCard) -> Sequence[str]:
    match card:
        case FleetCard():
            return fleet.fleet(card)
        case AgentCard():
            return fleet.agent(card)
        case AgentChangesCard():
            return fleet.agent_changes(card)
        case ReadyCard():
            return fleet.ready(card)
    assert_never(card)
