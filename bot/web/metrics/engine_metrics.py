"""What Prometheus is told of the engine: counted from committed events, and read from the store when it asks.

Names follow Prometheus' conventions: `stepdown_` first, base units (seconds, bytes, ratios), `_total` on counters.
Labels are few and bounded: no agent, person or incident is a label.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.core.incident import events as ev
from bot.core.incident.incident import Incident
from bot.ports.store import Waiting

_BREACH_TO_PAGE = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_MINUTES = (30, 60, 120, 180, 300, 600, 1200, 1800, 3600, 7200)


class EventCounts:
    """Counts what incidents went through. `note` is called after each commit."""

    def __init__(self, registry: CollectorRegistry, ways: Iterable[str] = ("slack",)) -> None:
        self._opened = Counter(
            "stepdown_incidents_opened",
            "Incidents opened, by kind and severity.",
            ["kind", "severity"],
            registry=registry,
        )
        self._closed = Counter(
            "stepdown_incidents_closed", "Incidents closed, by how: resolved, cancelled.", ["how"], registry=registry
        )
        self._pages = Counter(
            "stepdown_pages", "Pages, by way and outcome: sent, failed, unknown.", ["way", "outcome"], registry=registry
        )
        self._to_page = Histogram(
            "stepdown_breach_to_page_seconds",
            "From the arrival of the sample that completed a breach to the first page being sent.",
            buckets=_BREACH_TO_PAGE,
            registry=registry,
        )
        self._to_ack = Histogram(
            "stepdown_acknowledge_seconds",
            "From an incident's opening to its first acknowledgement, in scenario time.",
            buckets=_MINUTES,
            registry=registry,
        )
        self._to_contain = Histogram(
            "stepdown_contain_seconds",
            "From an incident's opening to its containment, in scenario time.",
            buckets=_MINUTES,
            registry=registry,
        )
        self._lapsed = Counter(
            "stepdown_acknowledgements_lapsed",
            "Acknowledgements that lapsed without a sign of work.",
            registry=registry,
        )
        self._exhausted = Counter(
            "stepdown_escalations_exhausted", "Escalations that ran out: nobody answered.", registry=registry
        )
        self._unconfirmed = Counter(
            "stepdown_step_downs_unconfirmed", "Changes of rung that no agent confirmed in time.", registry=registry
        )
        self._rungs = Counter(
            "stepdown_rung_changes", "Changes of rung, by direction: lowered, raised.", ["direction"], registry=registry
        )
        text = "Acts on incidents refused to people who may not, by surface."
        self._refused = Counter("stepdown_refused_acts", text, ["surface"], registry=registry)
        self._start_at_zero(ways)

    def _start_at_zero(self, ways: Iterable[str]) -> None:
        """A counter that is not there before its first failure hides that failure from `increase`."""
        for direction in ("lowered", "raised"):
            self._rungs.labels(direction)
        for way in ways:
            for outcome in ("sent", "failed", "unknown"):
                self._pages.labels(way, outcome)

    def note(self, incident: Incident, event: ev.Event) -> None:
        """One committed event, and the incident after it."""
        match event:
            case ev.Opened():
                self._opened.labels(event.incident_kind, event.severity).inc()
            case ev.Resolved() | ev.Cancelled():
                self._closed.labels(event.kind).inc()
            case ev.PageSettled():
                self._page(event)
            case ev.Acknowledged() if incident.escalation.episode <= 1:
                self._to_ack.observe(max(0.0, (event.at - incident.opened_at).total_seconds()))
            case ev.RungLowered():
                self._rungs.labels("lowered").inc()
            case ev.RungRaised():
                self._rungs.labels("raised").inc()
            case ev.RungConfirmed() | ev.ContainmentDeclared() if incident.contained_at == event.at:
                self._to_contain.observe(max(0.0, (event.at - incident.opened_at).total_seconds()))
            case ev.TimerDue():
                self._deadline(incident, event)
            case ev.Refused():
                self._refused.labels(event.who.surface).inc()
            case _:
                return

    def _page(self, event: ev.PageSettled) -> None:
        self._pages.labels(event.way.partition("-")[0], event.outcome).inc()
        if event.latency_ms is not None:
            self._to_page.observe(event.latency_ms / 1000)

    def _deadline(self, incident: Incident, event: ev.TimerDue) -> None:
        self._lapsed.inc(event.timer == "ack-lapse")
        self._unconfirmed.inc(event.timer == "confirm" and incident.rungs.state == "not-confirmed")
        self._exhausted.inc(event.timer == "escalate" and incident.escalation.exhausted)


@dataclass(frozen=True, slots=True)
class EngineReadings:
    """What is read when Prometheus asks. Each may raise: then its family is left out, and the scrape goes on."""

    version: str = ""
    signs: Callable[[], int] = lambda: 0
    tick_ages: Callable[[], Mapping[str, float]] = dict
    overruns: Callable[[], Mapping[str, int]] = dict
    waiting: Callable[[], Mapping[str, Waiting]] = dict
    sources: Callable[[], Mapping[str, bool]] = dict
    """Source -> whether its last answer was good."""
    incidents: Callable[[], Mapping[tuple[str, str], int]] = dict
    """(kind, severity) -> open ones."""
    slack: Callable[[], bool] = lambda: True
    dropped: Callable[[], Mapping[str, int]] = dict
    """Connections ended before their time, by whose: those of our listener (`http`), ours to Slack (`slack`)."""
    size: Callable[[], int] = lambda: 0
    disk: Callable[[], tuple[int, int]] = lambda: (0, 0)
    holes: Callable[[], int] = lambda: 0
    canary: Callable[[], tuple[float, bool] | None] = lambda: None
    """(when the last test page was due, whether it landed); None where there was none."""
    heartbeats: Callable[[], tuple[int, int]] = lambda: (0, 0)
    """(taken, missed)."""
    lanes: tuple[str, ...] = field(default=("controls", "pagers", "slack", "documents"))


class EngineMetricsCollector(Collector):
    """Asks the engine and the store at each scrape."""

    def __init__(self, readings: EngineReadings) -> None:
        self._readings = readings
        self._families = (
            self._build,
            self._well,
            self._of_ticks,
            self._of_outbox,
            self._of_sources,
            self._of_incidents,
            self._of_places,
            self._of_people,
        )

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family that can be read now."""
        failed = 0
        for family in self._families:
            try:
                yield from list(family())
            except Exception:  # noqa: BLE001 - a database that is away must not hide the metrics that say so
                failed += 1
        yield GaugeMetricFamily(
            "stepdown_unreadable_metrics", "Groups of metrics that could not be read at this scrape.", failed
        )

    def _build(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("stepdown_build_info", "Constant 1, with the version.", labels=["version"])
        info.add_metric([self._readings.version or "unversioned"], 1)
        yield info

    def _well(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "stepdown_signs", "Things that are wrong with Stepdown itself now.", self._readings.signs()
        )
        connected = float(self._readings.slack())
        yield GaugeMetricFamily("stepdown_slack_connected", "1 while Slack can reach this process.", connected)
        dropped = CounterMetricFamily(
            "stepdown_connections_dropped",
            "Connections ended before their time: slow or too many ones to us (http), dead ones to Slack (slack).",
            labels=["to"],
        )
        for to, count in sorted(self._readings.dropped().items()):
            dropped.add_metric([to], count)
        yield dropped
        taken, missed = self._readings.heartbeats()
        beats = CounterMetricFamily("stepdown_heartbeats", "Heartbeats, by outcome: taken, missed.", labels=["outcome"])
        beats.add_metric(["taken"], taken)
        beats.add_metric(["missed"], missed)
        yield beats

    def _of_ticks(self) -> Iterator[Metric]:
        ages = GaugeMetricFamily(
            "stepdown_tick_age_seconds", "Seconds since each tick last completed.", labels=["tick"]
        )
        over = CounterMetricFamily(
            "stepdown_tick_overruns", "Runs of a tick that took longer than its period.", labels=["tick"]
        )
        for name, age in sorted(self._readings.tick_ages().items()):
            ages.add_metric([name], age)
        for name, count in sorted(self._readings.overruns().items()):
            over.add_metric([name], count)
        yield from (ages, over)

    def _of_outbox(self) -> Iterator[Metric]:
        counts = GaugeMetricFamily("stepdown_outbox_effects", "Effects still to be done, by lane.", labels=["lane"])
        ages = GaugeMetricFamily(
            "stepdown_outbox_oldest_age_seconds", "Age of the oldest effect still to be done.", labels=["lane"]
        )
        waiting = self._readings.waiting()
        for lane in self._readings.lanes:
            found = waiting.get(lane, Waiting(0, 0.0))
            counts.add_metric([lane], found.count)
            ages.add_metric([lane], found.oldest)
        yield from (counts, ages)

    def _of_sources(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("stepdown_source_up", "1 while a source's last answer was good.", labels=["source"])
        for name, good in sorted(self._readings.sources().items()):
            up.add_metric([name], float(good))
        yield up

    def _of_incidents(self) -> Iterator[Metric]:
        open_ = GaugeMetricFamily("stepdown_incidents_open", "Open incidents.", labels=["kind", "severity"])
        for (kind, severity), count in sorted(self._readings.incidents().items()):
            open_.add_metric([kind, severity], count)
        yield open_

    def _of_places(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("stepdown_database_size_bytes", "Size of the database.", self._readings.size())
        free, whole = self._readings.disk()
        yield GaugeMetricFamily("stepdown_disk_free_bytes", "Free bytes where the data lie.", free)
        yield GaugeMetricFamily("stepdown_disk_size_bytes", "All bytes where the data lie.", whole)

    def _of_people(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "stepdown_reachability_holes",
            "What would lose a page, as found by the daily check.",
            self._readings.holes(),
        )
        if (canary := self._readings.canary()) is not None:
            at, landed = canary
            yield GaugeMetricFamily("stepdown_canary_timestamp_seconds", "When the last test page was sent.", at)
            yield GaugeMetricFamily(
                "stepdown_canary_landed", "1 where the last test page was sent by every way.", landed
            )
