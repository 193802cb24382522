"""The built-in queries on a real Prometheus that scrapes a small exporter twice a second."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from bot.config import parse_fleet
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Sample, minute_of
from bot.core.model.slis import PollQuery
from bot.ports.sources import Fetch, Source
from bot.runtime.clock import RealClock
from bot.runtime.registry import REGISTRY
from bot.sources import build
from tests.contracts.odd_server import Asked, OddServer, odd_server
from tests.support.patience import PATIENCE

FLEET = """
people: {ana: {name: Ana Lima, slack: U0ANA}}
sources: {prom: {kind: prometheus, url: "URL"}}
slis:
  {dqr: {}, tie: {}, her: {}, aqdd: {}, absent: {better: lower, objective: 1, value: none, absolute_tolerance: 1}}
agents: {refunds: {owner: ana}, idle: {owner: ana}}
"""
CONFIG = """
global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs: [{job_name: agents, static_configs: [{targets: ["TARGET"]}]}]
"""

pytestmark = [pytest.mark.prometheus, pytest.mark.xdist_group("prometheus")]


def exposition(scrapes: int) -> str:
    """Each scrape finds 50 tasks more: 45 good decisions, 9 escalations, 200 tool calls. `idle` stands still."""
    grown = {"tasks": 50, "decisions_good": 45, "escalations": 9, "tool_calls": 200}
    lines = [f'agent_{name}_total{{agent="refunds"}} {count * scrapes}' for name, count in grown.items()]
    return "\n".join([*lines, 'agent_tasks_total{agent="idle"} 7', 'agent_approvals_pending{agent="refunds"} 847', ""])


@pytest.fixture(scope="module")
def exporter() -> Iterator[OddServer]:
    with odd_server() as server:

        def scrape(asked: Asked) -> None:
            asked.say(exposition(len(server.asked)), Content_Type="text/plain; version=0.0.4")

        server.answer = scrape
        yield server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


T = TypeVar("T")


def until(answer: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """The first answer that is one, polled for."""
    end = time.monotonic() + seconds
    while True:
        found = answer()
        if found:
            return found
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=PATIENCE, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def prometheus(exporter: OddServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("prometheus")
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.replace("TARGET", exporter.url.removeprefix("http://")))
    address = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        flags = (f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}")
        process = subprocess.Popen(["prometheus", *flags], stdout=log, stderr=log)
    try:
        until(lambda: is_ready(f"http://{address}"))
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def fleet(prometheus: str) -> Fleet:
    return parse_fleet("fleet.yaml", FLEET.replace("URL", prometheus).encode(), {}, REGISTRY)


@pytest.fixture(scope="module")
def source(fleet: Fleet) -> Iterator[Source]:
    made = build(fleet.sources["prom"], RealClock())
    assert made is not None
    yield made
    made.close()


def asked(source: Source, query: PollQuery) -> Fetch:
    """The minute that runs now; its end lies ahead, which Prometheus does not mind."""
    minute = minute_of(datetime.now(UTC))
    return source.fetch(query, minute, minute)


def sample_of(agent: str, source: Source, query: PollQuery) -> tuple[Sample, Fetch] | None:
    found = asked(source, query)
    return next(((sample, found) for sample in found.samples if sample.series.agent == agent), None)


@pytest.mark.parametrize(("sli", "value"), [("her", 18.0), ("dqr", 90.0), ("tie", 4.0), ("aqdd", 847.0)])
def test_the_built_in_queries_bring_the_number(fleet: Fleet, source: Source, sli: str, value: float) -> None:
    query = next(query for query in fleet.queries if query.sli == sli)

    def with_a_value() -> tuple[Sample, Fetch] | None:
        found = sample_of("refunds", source, query)
        return found if found and found[0].value is not None else None

    sample, found = until(with_a_value)
    assert sample.value == pytest.approx(value)
    assert sample.n is None if sli == "aqdd" else sample.n is not None
    assert found.warnings == ()
    assert found.skew is not None
    assert abs(found.skew) < 5


def test_no_tasks_is_idle_and_what_is_not_there_is_nothing(fleet: Fleet, source: Source) -> None:
    queries = {query.sli: query for query in fleet.queries}
    idle, _ = until(lambda: sample_of("idle", source, queries["her"]))
    assert (idle.value, idle.n) == (None, 0.0)
    assert sample_of("idle", source, queries["aqdd"]) is None
    assert asked(source, queries["absent"]).samples == ()


def test_a_range_tells_the_same(fleet: Fleet, source: Source) -> None:
    query = next(query for query in fleet.queries if query.sli == "her")
    minute = minute_of(datetime.now(UTC))

    def of_refunds() -> list[Sample]:
        answered = source.fetch(query, minute - 10, minute).samples
        return [sample for sample in answered if sample.series.agent == "refunds" and sample.n]

    found = until(of_refunds)
    assert {round(sample.value or 0, 6) for sample in found} == {18.0}
    assert {minute_of(sample.at) for sample in found} <= {minute - 1, minute}
