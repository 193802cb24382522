"""An agent watched by spans in a fleet whose other agents are asked for by one query for all of them."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import parse_fleet
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series
from bot.engine.detection.task_series import answered_by_tasks
from bot.runtime.registry import REGISTRY
from bot.sources import span_rules
from bot.sources.otlp.worker import SpanWorker
from tests.otlp.house import open_otlp
from tests.otlp.spans import agent, request, tool

MIXED = b"""
people: {ana: {name: Ana, slack: U0ANA}, bo: {name: Bo, slack: U0BO}}
sources:
  metrics:
    kind: prometheus
    url: http://127.0.0.1:9
    slis:
      tie: {value: calls, count: tasks, by: {agent: agent}}
      her: {bad: escalated, total: tasks, by: {agent: agent}}
  otel: {kind: otlp, agents: {refunds: {service: refunds-svc, escalates: {tools: transfer*}}}}
slis: {tie: {source: metrics}, her: {source: metrics}}
agents:
  kyc: {owner: bo, channel: C0KYC}
  refunds: {owner: ana, channel: C0REF, slis: {tie: {source: otel}, her: {source: otel}}}
"""


@pytest.fixture
def mixed() -> Fleet:
    return parse_fleet("fleet.yaml", MIXED, {}, REGISTRY)


def test_its_numbers_are_counted_from_its_spans(tmp_path: Path, worker: SpanWorker, mixed: Fleet) -> None:
    rules = span_rules(mixed.sources)
    assert rules is not None
    with open_otlp(tmp_path, worker, rules, mixed) as house:
        at = house.engine.clock.now() - timedelta(seconds=2)
        spans = [agent(1), tool(2, "lookup", 1), tool(3, "transfer_to_human", 1)]
        assert house.send(request(at, spans).SerializeToString()).status_code == 200
        house.settle()
        tie, her = house.minute("tie", at), house.minute("her", at)
        assert tie is not None
        assert tie.value == 2
        assert her is not None
        assert her.value == 100


def test_a_query_for_all_speaks_only_for_those_without_a_source_of_their_own(mixed: Fleet) -> None:
    counted = answered_by_tasks(mixed, ["kyc", "refunds"])
    assert set(counted) == {Series("refunds", "", "tie"), Series("refunds", "", "her")}
    watched = [series for each in mixed.agents.values() for series in each.series()]
    polled = {series for series in watched if any(query.answers(series) for query in mixed.queries)}
    assert polled == {Series("kyc", "", "tie"), Series("kyc", "", "her")}
