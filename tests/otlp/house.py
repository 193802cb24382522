"""An engine on a real SQLite behind the real OTLP addresses; the sender is OpenTelemetry's own SDK and exporter."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import httpx
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Tracer
from prometheus_client import CollectorRegistry

from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.traces.trace_rules import AgentRules, Markers, TraceRules
from bot.engine.detection.span_receiver import SpanReceiver
from bot.sources.otlp.worker import SpanWorker
from bot.web.api import build_api
from bot.web.server import HttpServer
from bot.web.tokens import TokenBook, new_token
from tests.support.wired import DQR, HER, TIE, WiredEngine, fleet

RULES = TraceRules(
    {"refunds": AgentRules(service=("refunds-svc",), escalates=Markers(tools=("transfer_to_human*",)))},
    gather=10,
    parents_within=120,
    late=300,
)
NAMES = ("agent:refunds", "agent:kyc", "tasks", "samples")


def two_agents() -> Fleet:
    refunds = fleet().agents["refunds"]
    kyc = Agent("kyc", "bo", slis=(("", HER), ("", TIE), ("", DQR)))
    return fleet(agents={"refunds": refunds, "kyc": kyc})


@dataclass
class OtlpHouse:
    """`send` posts bytes; `tracer` is the real SDK; `settle` lets the join's time go by."""

    engine: WiredEngine
    receiver: SpanReceiver
    url: str
    tokens: Mapping[str, str]
    client: httpx.Client
    rules: list[TraceRules]
    providers: list[TracerProvider] = field(default_factory=list)

    def token(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    def send(
        self,
        body: bytes,
        signal: str = "traces",
        name: str = "tasks",
        form: str = "application/x-protobuf",
        **more: str,
    ) -> httpx.Response:
        headers = {**self.token(name), "content-type": form, **more}
        return self.client.post(f"{self.url}/v1/{signal}", content=body, headers=headers)

    def tracer(
        self,
        service: str = "refunds-svc",
        name: str = "tasks",
        scope: str = "test",
        exporter: SpanExporter | None = None,
    ) -> Tracer:
        """A tracer whose spans are sent when `settle` is called."""
        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        sender = exporter or OTLPSpanExporter(f"{self.url}/v1/traces", headers=self.token(name), timeout=20)
        provider.add_span_processor(BatchSpanProcessor(sender, schedule_delay_millis=600_000))
        self.providers.append(provider)
        return provider.get_tracer(scope, "1.0")

    def settle(self, seconds: float = 11) -> None:
        for provider in self.providers:
            assert provider.force_flush()
        self.engine.clock.advance(seconds)
        self.engine.engine.span_join.tick()
        self.receiver.look()

    def tasks(self, agent: str = "refunds") -> list[TaskRecord]:
        last = minute_of(self.engine.clock.now())
        return list(self.engine.store.tasks_between([agent], last - 100_000, last + 1, 10_000))

    def minute(self, sli: str, at: datetime, agent: str = "refunds") -> MinuteRow | None:
        found = self.engine.store.minutes(Series(agent, "", sli), minute_of(at), minute_of(at))
        return found[0] if found else None

    def told(self) -> Sequence[tuple[str, str, str, int]]:
        return [(one.kind, one.name, one.detail, one.times) for one in self.engine.store.span_counts(0)]


def ns(at: datetime, more: float = 0) -> int:
    return int((at.timestamp() + more) * 1e9)


@contextmanager
def open_otlp(
    path: Path, worker: SpanWorker, rules: TraceRules = RULES, watched: Fleet | None = None
) -> Iterator[OtlpHouse]:
    held = [rules]
    engine = WiredEngine(path, watched or two_agents(), span_rules=lambda: held[0])
    receiver = SpanReceiver(engine.store, worker, engine.clock, lambda: held[0], engine.engine.span_counts)
    made = {name: new_token(name) for name in NAMES}
    api = build_api(
        engine.rung_cache,
        engine.engine.intake,
        TokenBook.from_lines(one.line for one in made.values()),
        list,
        CollectorRegistry(),
        feed=engine.store,
        ledger=engine.store,
        fleet=engine.get_fleet,
        clock=engine.clock,
        spans=receiver,
    )
    server = HttpServer(api, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.start()}"
    with httpx.Client(timeout=60, trust_env=False) as client:
        tokens = {name: one.token for name, one in made.items()}
        house = OtlpHouse(engine, receiver, url, tokens, client, held)
        yield house
        for provider in house.providers:
            provider.shutdown()
    server.stop()
    engine.close()


def changed(rules: TraceRules, **agent: object) -> TraceRules:
    """The rules with something else said of refunds."""
    own = replace(rules.agents["refunds"], **agent)  # type: ignore[arg-type]
    return replace(rules, agents={**rules.agents, "refunds": own})
