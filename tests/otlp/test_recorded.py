"""Exports of real frameworks, recorded by `make otel-check ARGS=--record`, counted right to the last call and token."""

import json
from pathlib import Path

import pytest

from tests.otlp.compare import RULES, differences, read, replayed
from tests.otlp.house import OtlpHouse

RECORDED = Path(__file__).with_name("recorded")
NAIVE = {
    ("gen_ai.operation.name", "invoke_agent"),
    ("openinference.span.kind", "AGENT"),
    ("openinference.span.kind", "CHAIN"),
}
NAMES = sorted(file.name.removesuffix(".otlp.gz") for file in RECORDED.glob("*.otlp.gz"))


def test_there_are_recordings() -> None:
    assert len(NAMES) >= 10


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_every_task_call_error_token_and_wait_is_counted_once(house: OtlpHouse, name: str, seed: int) -> None:
    house.rules[0] = RULES
    truth = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["tasks"]
    replayed(house, read(RECORDED / f"{name}.otlp.gz"), seed)
    assert differences(house.tasks(), truth) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_naive_sum_would_be_wrong(name: str) -> None:
    """What the join is for: spans that call themselves an agent's are two or three times the tasks."""
    truth = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["tasks"]
    spans = [
        s for r in read(RECORDED / f"{name}.otlp.gz").resource_spans for scope in r.scope_spans for s in scope.spans
    ]
    agents = [span for span in spans if NAIVE & {(one.key, one.value.string_value) for one in span.attributes}]
    assert len(agents) > len(truth)
