"""The engine, put together once: for the running bot, the command line, exercises, benches and tests alike.

What differs between them is what they hand in: a store, a clock, who is woken when work is wanted, and, where effects
are carried out, what they reach the world through. That comes second (`build_adapters`, `build_delivery`), because a
chat is built from the commands.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.core.formatting.redaction import SHAPES_ONLY, Redact
from bot.core.incident.effects import Lane
from bot.core.model.fleet import Fleet
from bot.core.telemetry.traces.trace_rules import TraceRules
from bot.engine.adapters import Adapters
from bot.engine.alerts.intake import AlertIntake
from bot.engine.autonomy.file_gate import FileGate
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.engine.baselines import Baselines
from bot.engine.charts import Charts
from bot.engine.commands.commands import CommandDependencies, Commands, build_commands
from bot.engine.delivery.delivery import Delivery
from bot.engine.detection.detector import Detector
from bot.engine.detection.findings import Findings
from bot.engine.detection.push_intake import PushIntake
from bot.engine.detection.silent_failures import SilentFailures
from bot.engine.detection.span_counts import SpanCounts
from bot.engine.detection.span_join import SpanJoin
from bot.engine.diagnosis.attribution import AttributionRunner, Playbooks
from bot.engine.diagnosis.evidence_collector import EvidenceCollector
from bot.engine.enforcement.approval_queue import ApprovalQueue
from bot.engine.health.followup_reminders import Reminders
from bot.engine.health.replicas import ReplicaSync
from bot.engine.incidents.monitor import IncidentMonitor
from bot.engine.incidents.opener import IncidentOpener, RunbookPlans
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.engine.reports.postmortems import PostmortemWriter
from bot.engine.views.sli_lines import SliLines
from bot.engine.views.views import Views
from bot.ports.chat import Chat
from bot.ports.clock import Clock
from bot.ports.controls import Control
from bot.ports.documents import Documents
from bot.ports.pagers import Pager
from bot.ports.store import Replica, Store

ONLY_ONE = Replica("alone", "", 0)
"""A process that is no replica: it never says that it is alive, and hears of no other."""


def _nobody(_lanes: Iterable[Lane]) -> None:
    """Wakes nobody: where no lane runs in this process."""


def _no_rules() -> TraceRules | None:
    """No source takes spans."""
    return None


def _not_asked(source: str, query: str, _agent: str) -> str:
    return f"{query}: nobody asks {source}"


@dataclass(frozen=True, slots=True)
class EngineDependencies:
    """What an engine is built from. `wall`: the real time in epoch seconds."""

    store: Store
    fleet: Callable[[], Fleet]
    clock: Clock
    wall: Callable[[], float]
    runbooks: RunbookPlans
    playbooks: Playbooks = tuple
    ways: frozenset[str] = frozenset()
    """Kinds of pagers that are there, by which people may be paged."""
    wake: Callable[[Iterable[Lane]], None] = _nobody
    readiness_check: ReadinessCheck | None = None
    """None where no real fleet is watched."""
    replica: Replica = ONLY_ONE
    span_rules: Callable[[], TraceRules | None] = _no_rules
    """How spans are read; None where no source takes any."""
    exercise: bool = False
    """Incidents are marked as those of an exercise."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that decides, wired."""

    dependencies: EngineDependencies
    rung_cache: MemoryRungCache
    approvals: ApprovalQueue
    replicas: ReplicaSync
    recorder: IncidentRecorder
    baselines: Baselines
    opener: IncidentOpener
    detector: Detector
    findings: Findings
    intake: PushIntake
    span_counts: SpanCounts
    span_join: SpanJoin
    monitor: IncidentMonitor
    views: Views
    attribution: AttributionRunner
    commands: Commands
    reminders: Reminders
    file_gate: FileGate
    alerts: AlertIntake


def build_engine(of: EngineDependencies) -> Engine:
    """The engine over one store. Reads the committed rungs; starts nothing."""
    store, fleet, clock = of.store, of.fleet, of.clock
    rung_cache = MemoryRungCache(fleet, clock, store.rungs())
    replicas = ReplicaSync(store, rung_cache, of.replica)
    recorder = IncidentRecorder(store, rung_cache, of.wall, of.wake)
    baselines = Baselines(store, fleet)
    opener = IncidentOpener(store, recorder, fleet, of.runbooks, of.ways, exercise=of.exercise)
    findings = Findings(store, fleet, clock, of.wall)
    silent_failures = SilentFailures(baselines, findings)
    detector = Detector(store, recorder, baselines, opener, fleet, clock, silent_failures)
    approvals = ApprovalQueue(store, fleet, clock, of.wall, of.wake)
    monitor = IncidentMonitor(store, recorder, baselines, rung_cache, fleet, clock, replicas.known_everywhere)
    lines = SliLines(store, baselines, rung_cache, fleet)
    views = Views(store, lines, fleet, monitor.clock_of, lambda: (of.span_rules() or TraceRules()).trace_url)
    intake, span_counts = PushIntake(store, detector, fleet, clock, findings), SpanCounts(store, clock)
    evidence_collector = EvidenceCollector(store, baselines, fleet)
    attribution = AttributionRunner(store, recorder, evidence_collector, of.playbooks, clock)
    return Engine(
        of,
        rung_cache,
        approvals,
        replicas,
        recorder,
        baselines,
        opener,
        detector,
        findings,
        intake,
        span_counts,
        SpanJoin(store, intake, fleet, clock, of.span_rules, span_counts, findings),
        monitor,
        views,
        attribution,
        _commands(of, recorder, opener, views, attribution, approvals),
        Reminders(store, recorder, fleet, clock),
        FileGate(store, clock),
        AlertIntake(store, recorder, opener, findings, fleet, clock),
    )


def _commands(
    of: EngineDependencies,
    recorder: IncidentRecorder,
    opener: IncidentOpener,
    views: Views,
    attribution: AttributionRunner,
    approvals: ApprovalQueue,
) -> Commands:
    return build_commands(
        CommandDependencies(
            of.store,
            recorder,
            opener,
            views,
            of.fleet,
            of.clock,
            attribution,
            of.playbooks,
            of.runbooks,
            approvals,
            of.readiness_check,
        )
    )


def build_adapters(
    engine: Engine,
    chat: Chat,
    documents: Documents,
    pagers: Mapping[str, Pager],
    controls: Mapping[str, Control],
    ask: Callable[[str, str, str], str] = _not_asked,
) -> Adapters:
    """What effects reach the world through. `pagers` and `controls` by kind; `ask` as in `Adapters`."""
    of = engine.dependencies
    postmortems = PostmortemWriter(of.store, documents, of.fleet)
    charts = Charts(of.store, engine.baselines, documents, chat, of.fleet, of.clock)
    return Adapters(chat, pagers, controls, postmortems, charts, ask)


def build_delivery(
    engine: Engine,
    adapters: Adapters,
    jitter: Callable[[], float],
    installation: str = "",
    redact: Redact = SHAPES_ONLY,
) -> Delivery:
    """The lanes of effects. `jitter` in [0, 1) spreads retries; `installation`: what the world knows effects by.

    `redact`: takes secrets out of what adapters say went wrong.
    """
    of = engine.dependencies
    return Delivery(
        of.store, engine.recorder, engine.views, adapters, of.fleet, of.clock, of.wall, jitter, installation, redact
    )
