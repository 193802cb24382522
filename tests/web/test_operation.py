import re
import socket
import threading

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from bot.core.formatting.redaction import Redactor
from bot.web import health
from bot.web.health import ReadinessProbe
from bot.web.server import HttpServer, ServerError
from tests.support.patience import PATIENCE
from tests.web.setup import House


def test_alive(house: House) -> None:
    assert house.client.get("/healthz").json() == {"status": "ok"}


def test_ready_or_why_not(house: House) -> None:
    assert house.client.get("/readyz").json() == {"status": "ready", "problems": [], "warnings": []}
    house.problems.append("the database does not answer")
    answer = house.client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["the database does not answer"])


def test_a_readiness_check_that_hangs_is_a_problem_and_holds_one_thread() -> None:
    go_on, begun, asked = threading.Event(), threading.Event(), []

    def stuck() -> list[str]:
        asked.append(1)
        begun.set()
        assert go_on.wait(PATIENCE)
        return []

    app = FastAPI()
    app.include_router(health.routes(ReadinessProbe(stuck, 0.05), CollectorRegistry(), Redactor()))
    server = HttpServer(app, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.start()}"
    with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as client:
        answers = [client.get("/readyz") for _ in range(3)]
        assert begun.wait(PATIENCE)
        at_once = len(asked)  # counted before it goes on: then a thread whose turn comes late may ask
        go_on.set()
    server.stop()
    assert {answer.status_code for answer in answers} == {503}
    assert "did not answer within 0.05 s" in answers[0].json()["problems"][0]
    assert at_once == 1


class Hanging(Collector):
    """Metrics that a database was asked for which does not answer."""

    def __init__(self) -> None:
        self.go_on, self.begun = threading.Event(), threading.Event()

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> list[Metric]:
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        return []


def test_metrics_that_hang_hold_up_nobody_else() -> None:
    app, registry, hanging = FastAPI(), CollectorRegistry(), Hanging()
    registry.register(hanging)
    app.include_router(health.routes(ReadinessProbe(list), registry, Redactor()))
    server = HttpServer(app, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.start()}"
    with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as client:
        scrape = threading.Thread(target=lambda: httpx.get(f"{url}/metrics", trust_env=False, timeout=PATIENCE))
        scrape.start()
        assert hanging.begun.wait(PATIENCE)
        assert client.get("/healthz").status_code == 200
        assert not hanging.go_on.is_set()
        hanging.go_on.set()
        scrape.join()
    server.stop()


def test_metrics_follow_the_conventions(house: House) -> None:
    house.autonomy()
    house.client.get("/no/such/place")
    house.client.request("BREW", "/healthz")
    text = house.client.get("/metrics").text
    families = {one.name: one for one in text_string_to_metric_families(text)}
    assert all(name.startswith("stepdown_") and one.documentation for name, one in families.items())
    assert (
        house.counted("stepdown_http_requests_total", route="/v1/agents/{agent}/autonomy", method="GET", status="200")
        == 1
    )
    assert house.counted("stepdown_http_requests_total", route="none", method="GET", status="404") == 1
    assert house.counted("stepdown_http_requests_total", route="/healthz", method="other", status="405") == 1
    assert families["stepdown_http_request_duration_seconds"].type == "histogram"
    assert "no/such" not in text


def test_the_document_is_complete(house: House) -> None:
    document = house.client.get("/openapi.json").json()
    assert (document["info"]["title"], document["info"]["version"]) == ("Stepdown", "1.2.3")
    named = set(re.findall(r'"#/components/schemas/(\w+)"', house.client.get("/openapi.json").text))
    assert named <= set(document["components"]["schemas"])
    for path, methods in document["paths"].items():
        for about in methods.values():
            if path.startswith(("/v1", "/ofrep")):
                assert about["security"] == [{"bearer": []}, {"apiKey": []}]
                assert {"200", "401", "403"} <= set(about["responses"])
                bodies = [about.get("requestBody"), *about["responses"].values()]
                assert all(
                    "example" in one["content"]["application/json"] for one in bodies if one and "content" in one
                )


def shape(value: object) -> object:
    """Names and types, without the values."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items() if key not in {"incident", "grants"}}
    return [shape(one) for one in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/ofrep/v1/evaluate/flags/{key}"),
        ("post", "/ofrep/v1/evaluate/flags"),
        ("get", "/v1/agents/{agent}/autonomy"),
        ("post", "/v1/samples"),
        ("post", "/v1/tasks"),
    ],
)
def test_the_examples_are_what_really_happens(house: House, method: str, path: str) -> None:
    about = house.client.get("/openapi.json").json()["paths"][path][method]
    query = {one["name"]: one["example"] for one in about["parameters"] if "example" in one} if method == "get" else {}
    sent = about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    real = path.format(key="autonomy-level", agent="refunds")
    answer = house.ask("agent:refunds", method.upper(), real, params=query, json=sent)
    assert answer.status_code == 200
    assert shape(answer.json()) == shape(about["responses"]["200"]["content"]["application/json"]["example"])


def test_the_page_shows_every_endpoint_and_asks_nobody_else(house: House) -> None:
    page = house.client.get("/docs")
    for path in house.client.get("/openapi.json").json()["paths"]:
        assert f"{path}</code></h2>" in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_is_not_there(house: House) -> None:
    assert house.client.get("/nix").json() == {"error": "GET '/nix': Not Found. GET /docs lists what there is"}
    assert house.client.put("/v1/tasks").status_code == 405


def test_a_server_starts_on_a_free_port_and_stops_clean() -> None:
    app = FastAPI()
    app.include_router(health.routes(ReadinessProbe(list), CollectorRegistry(), Redactor()))
    before = threading.active_count()
    server = HttpServer(app, "127.0.0.1", 0)
    port = server.start()
    assert port == server.port > 0
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    server.stop()
    server.stop()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            HttpServer(FastAPI(), "127.0.0.1", port).start()
