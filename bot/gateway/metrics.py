"""What a gateway counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)


class GatewayMetrics:
    """The metrics of one gateway. Tools that the fleet file does not name are counted as `other`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.calls = Counter(
            "stepdown_gateway_calls",
            "Calls of tools, by how they ended",
            ("tool", "kind", "outcome"),
            registry=registry,
        )
        self.seconds = Histogram(
            "stepdown_gateway_tool_seconds", "How long tools took to answer", buckets=BUCKETS, registry=registry
        )
        self.running = Gauge("stepdown_gateway_running", "Calls that are passed on and not answered", registry=registry)
        self.held = Gauge("stepdown_gateway_held", "Writes that wait for a person", registry=registry)
        self.refused = Counter(
            "stepdown_gateway_messages_refused", "Messages that are no calls and were not passed on", registry=registry
        )
        self.unsent = Gauge(
            "stepdown_gateway_ledger_unsent_bytes", "Bytes of the ledger that Stepdown does not have", registry=registry
        )
        self.ledger_errors = Counter(
            "stepdown_gateway_ledger_errors", "Lines of the ledger that could not be written or sent", registry=registry
        )
        self.contact = Gauge(
            "stepdown_gateway_contact_seconds", "Seconds since Stepdown last answered; -1 if never", registry=registry
        )
        self.rung = Gauge(
            "stepdown_gateway_rung", "1 for the rung in force, by workflow", ("workflow", "level"), registry=registry
        )
