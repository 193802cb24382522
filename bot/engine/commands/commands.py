"""What people can do, by subject; called by Slack, the command line and HTTP alike (`docs/design/slack.md`).

Each act checks who asks, records the event, and answers in words. A refusal says why and who could, and changes
nothing. Acting twice is harmless: the second time the answer says what is so already.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.model.fleet import Fleet
from bot.engine.commands.act_recorder import ActRecorder
from bot.engine.commands.approvals import ApprovalCommands
from bot.engine.commands.autonomy import AutonomyCommands
from bot.engine.commands.causes import CauseCommands
from bot.engine.commands.lifecycle import LifecycleCommands
from bot.engine.commands.on_call_override import OverrideCommands
from bot.engine.commands.paging import PagingCommands
from bot.engine.commands.queries import Queries
from bot.engine.commands.refusals import Refusals
from bot.engine.commands.teamwork import TeamworkCommands
from bot.engine.diagnosis.attribution import AttributionRunner, Playbooks
from bot.engine.enforcement.approval_queue import ApprovalQueue
from bot.engine.incidents.opener import IncidentOpener, RunbookPlans
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.reliability.queries import ReliabilityQueries
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.engine.views.views import Views
from bot.ports.clock import Clock
from bot.ports.store import Store


@dataclass(frozen=True, slots=True)
class CommandDependencies:
    """What commands work with."""

    store: Store
    recorder: IncidentRecorder
    opener: IncidentOpener
    views: Views
    fleet: Callable[[], Fleet]
    clock: Clock
    attribution: AttributionRunner
    playbooks: Playbooks
    runbooks: RunbookPlans
    approvals: ApprovalQueue
    readiness_check: ReadinessCheck | None = None
    """None where no real fleet is watched."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Acts and questions of people. Every method returns an Answer; none raises for what a person got wrong."""

    acts: ActRecorder
    """Also what a surface refuses through, before any command is called."""
    paging: PagingCommands
    lifecycle: LifecycleCommands
    teamwork: TeamworkCommands
    autonomy: AutonomyCommands
    causes: CauseCommands
    overrides: OverrideCommands
    queries: Queries
    approvals: ApprovalCommands
    reliability: ReliabilityQueries


def build_commands(of: CommandDependencies) -> Commands:
    """The commands over one store: they share one recorder of acts."""
    acts = ActRecorder(of.store, of.recorder, of.views, of.fleet, of.clock, Refusals(of.recorder, of.clock.now))
    reliability = ReliabilityQueries(of.store, of.fleet, of.clock, of.readiness_check)
    return Commands(
        acts,
        PagingCommands(acts),
        LifecycleCommands(acts, of.opener),
        TeamworkCommands(acts),
        AutonomyCommands(acts, of.opener),
        CauseCommands(acts, of.attribution, of.playbooks, of.runbooks),
        OverrideCommands(acts),
        Queries(of.store, of.views, of.fleet, of.clock, reliability),
        ApprovalCommands(acts, of.approvals),
        reliability,
    )
