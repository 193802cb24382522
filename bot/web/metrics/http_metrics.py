"""What the HTTP side counts, for Prometheus. Names and units follow its conventions; labels are few and bounded."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class WebMetrics:
    """The counters of one app, in the registry it was given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "stepdown_http_requests",
            "HTTP requests answered, by route as declared, method and status.",
            ["route", "method", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "stepdown_http_request_duration_seconds",
            "Time from a request's first byte to the end of its answer.",
            ["route"],
            buckets=_QUICK,
            registry=registry,
        )
        self.tokens_refused = Counter(
            "stepdown_tokens_refused", "Requests with a token that is not in the book.", registry=registry
        )
        self.refused = Counter(
            "stepdown_http_refused_requests", "Requests answered with no, by reason.", ["reason"], registry=registry
        )
        self.readbacks = Counter(
            "stepdown_readbacks",
            "Polls of a rung, by what became of the read-back: recorded, ignored (not usable), none (not sent).",
            ["outcome"],
            registry=registry,
        )
        self.records = Counter(
            "stepdown_intake_records",
            "Records pushed to us, by kind (sample, task, traces, logs, metrics) and outcome (stored, refused).",
            ["kind", "outcome"],
            registry=registry,
        )
