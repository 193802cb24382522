"""An agent on the real OpenFeature SDK obeys: its own read of the rung is what confirms the step down."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext, EvaluationContextAttribute
from prometheus_client import CollectorRegistry

from bot.core.incident.incident import IncidentState
from bot.engine.detection.push_intake import PushIntake
from bot.web.api import build_api
from bot.web.server import HttpServer
from bot.web.tokens import TokenBook, new_token
from tests.support.wired import ANA, WiredEngine


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path)
    made.settle_in()
    yield made
    made.close()


@pytest.fixture
def flags(house: WiredEngine) -> Iterator[OpenFeatureClient]:
    token = new_token("agent:refunds")
    intake = PushIntake(house.store, house.detector, house.get_fleet, house.clock)
    app = build_api(
        house.rung_cache,
        intake,
        TokenBook.from_lines([token.line]),
        list,
        CollectorRegistry(),
        feed=house.store,
        ledger=house.store,
        fleet=house.get_fleet,
        clock=house.clock,
    )
    server = HttpServer(app, "127.0.0.1", 0)
    port = server.start()
    provider = OFREPProvider(
        f"http://127.0.0.1:{port}", headers_factory=lambda: {"Authorization": f"Bearer {token.token}"}
    )
    api.set_provider(provider)
    yield api.get_client()
    api.shutdown()
    provider.session.close()
    server.stop()


def _says(level: str, epoch: int, workflow: str) -> EvaluationContext:
    applied: dict[str, EvaluationContextAttribute] = {"instance": "r-1", "appliedLevel": level, "appliedEpoch": epoch}
    return EvaluationContext("refunds", applied | ({"taskClass": workflow} if workflow else {}))


@pytest.mark.parametrize("workflow", ["", "refund"])
def test_requested_read_and_confirmed(house: WiredEngine, flags: OpenFeatureClient, workflow: str) -> None:
    assert flags.get_string_value("autonomy-level", "read-only", _says("full", 0, workflow)) == "full"
    house.live(2, read=False, tie=13.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "retry loop")
    told = flags.get_object_value("autonomy", {}, _says("full", 0, workflow))
    house.monitor.read_back()
    assert isinstance(told, Mapping)
    assert told["level"] == "approval"
    assert house.incident().rungs.state == "requested", "told is not yet applied"
    assert house.incident().state is IncidentState.RESPONDING
    flags.get_object_value("autonomy", {}, _says(str(told["level"]), int(str(told["epoch"])), workflow))
    house.monitor.read_back()
    assert house.incident().rungs.state == "confirmed"
    assert (house.incident().rungs.seen, house.incident().rungs.instances) == (1, 1)
    assert house.incident().state is IncidentState.CONTAINED
