"""Every card as one type, and what a command answers."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class NoticeCard:
    """A line to one person that belongs to no incident."""

    text: str


Card = (
    PageCard
    | AnnouncementCard
    | IncidentCard
    | BreachesCard
    | PhaseCard
    | AutonomyCard
    | RestoreCard
    | RecoveryCard
    | ResolveCard
    | FleetCard
    | AgentCard
    | AgentChangesCard
    | ReadyCard
    | IncidentList
    | TimelineCard
    | CatchupCard
    | CausesCard
    | HandoffCard
    | NudgeCard
    | TrayCard
    | TaskList
    | FollowupList
    | HomeCard
    | NoticeCard
    | ApprovalCard
    | ApprovalList
    | ConsoleCard
    | HotWashCard
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says back. `ok` False: refused, and `text` says why and who could; nothing changed."""

    text: str
    ok: bool = True
    card: Card | None = None
    incident_id: int | None = None
    chart: tuple[str, str] | None = None
    """(agent, SLI) whose chart belongs to the answer; it is drawn after the words are out."""
