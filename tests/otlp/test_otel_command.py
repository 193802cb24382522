"""`stepdown otel`, `import traces`, `check`: what came, how it was read, and what is not known of whom."""

import base64
import gzip
import json
from pathlib import Path

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from typer.testing import CliRunner

from bot.cli import app
from bot.config import FleetErrors, describe_problems, load_fleet
from bot.core.model.samples import minute_of
from bot.core.telemetry.traces.blind_spots import blind_spots
from bot.core.telemetry.traces.trace_rules import Markers
from bot.runtime.registry import REGISTRY
from bot.simulation.clock import MovableClock
from bot.sources.online_check import inspect
from tests.otlp.house import RULES, OtlpHouse, changed
from tests.otlp.spans import agent, chat, request, tool
from tests.support.wired import START

RECORDED = Path(__file__).with_name("recorded")
FLEET = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
sources:
  otel:
    kind: otlp
    agents:
      refunds: {service: refunds-svc}
slis: {her: {}, tie: {}, dqr: {}, aqdd: {}}
agents:
  refunds: {owner: ana}
"""


def test_an_sli_that_nobody_can_know_says_so_on_the_agents_card(house: OtlpHouse) -> None:
    house.rules[0] = changed(RULES, escalates=None)
    at = house.engine.clock.now()
    spans = request(at, [agent(1, start=-20, end=-10), chat(2, 1, start=-19, end=-18)])
    assert house.send(spans.SerializeToString()).status_code == 200
    house.settle()
    (answer,) = [house.engine.commands.queries.agent("refunds")]
    text = json.dumps(answer, default=str)
    assert "HER is UNKNOWN: no span says what an escalation is" in text
    assert "DQR is UNKNOWN: nobody said which evaluation judges a run" in text
    house.rules[0] = RULES
    refunds = house.engine.get_fleet().agents["refunds"]
    assert [spot.sli for spot in blind_spots(refunds, RULES)] == ["dqr"]
    full = changed(RULES, waits=Markers(tools=("x",)))
    assert [spot.sli for spot in blind_spots(refunds, full)] == ["dqr"]


def test_check_online_says_what_spans_will_not_tell(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET)
    found = list(inspect(load_fleet(file, {}, REGISTRY), MovableClock(START)))
    assert [one.level for one in found] == ["fine", "warning", "warning", "warning"]
    assert "HER is UNKNOWN" in found[1].text


def test_otel_prints_what_came_and_how_it_was_read(
    tmp_path: Path, house: OtlpHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = house.engine.clock.now()
    spans = [agent(1, start=-20, end=-10), tool(2, "lookup", 1, start=-19, end=-18)]
    house.send(request(at, spans).SerializeToString())
    house.settle()
    (tmp_path / "fleet.yaml").write_text(FLEET)
    monkeypatch.setenv("STEPDOWN_FLEET", str(tmp_path / "fleet.yaml"))
    monkeypatch.setenv("STEPDOWN_DATABASE_URL", f"sqlite:///{tmp_path / 'stepdown.db'}")
    monkeypatch.setenv("STEPDOWN_SLACK_BOT_TOKEN", "xoxb-none")
    monkeypatch.setenv("STEPDOWN_SLACK_APP_TOKEN", "xapp-none")
    said = CliRunner().invoke(app, ["otel", "--last", "100000h"], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    assert "test 1: OpenTelemetry GenAI: tool" in said.output
    assert "refunds: refunds-svc / triage, test 1" in said.output
    assert "refunds: HER is UNKNOWN" in said.output
    wrong = CliRunner().invoke(app, ["otel", "--last", "soon"])
    assert wrong.exit_code == 2
    told = CliRunner().invoke(app, ["otel", "--last", "100000h", "--json"], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    read = json.loads(told.output)
    assert read["kept"] == 2
    came = {(one["kind"], one["name"], one["detail"]): one["times"] for one in read["counts"]}
    assert came["span", "test 1", "OpenTelemetry GenAI: tool"] == 1
    assert came["span", "test 1", "OpenTelemetry GenAI: agent"] == 1
    assert came["run", "refunds", "refunds-svc / triage, test 1"] == 1
    assert {one["minute"] for one in read["counts"]} <= {minute_of(at), minute_of(house.engine.clock.now())}
    assert ("refunds", "her") in {(one["agent"], one["sli"]) for one in read["unknown"]}
    assert all(one["text"] for one in read["unknown"])


def test_otel_in_json_when_nothing_came(tmp_path: Path, house: OtlpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET)
    monkeypatch.setenv("STEPDOWN_FLEET", str(tmp_path / "fleet.yaml"))
    monkeypatch.setenv("STEPDOWN_DATABASE_URL", f"sqlite:///{house.engine.path / 'stepdown.db'}")
    monkeypatch.setenv("STEPDOWN_SLACK_BOT_TOKEN", "xoxb-none")
    monkeypatch.setenv("STEPDOWN_SLACK_APP_TOKEN", "xapp-none")
    told = CliRunner().invoke(app, ["otel", "--json"], catch_exceptions=False)
    read = json.loads(told.output)
    assert (read["kept"], read["counts"]) == (0, [])
    assert {one["sli"] for one in read["unknown"]} == {"her", "dqr", "aqdd"}


@pytest.mark.parametrize("form", ["gzip", "protobuf", "json", "json lines"])
def test_import_traces_prints_tasks_and_a_fleet_file_that_check_accepts(tmp_path: Path, form: str) -> None:
    body = gzip.decompress((RECORDED / "pydantic-ai.otlp.gz").read_bytes())
    file = tmp_path / "spans"
    if form == "gzip":
        file.write_bytes((RECORDED / "pydantic-ai.otlp.gz").read_bytes())
    elif form == "protobuf":
        file.write_bytes(body)
    else:
        file.write_text("\n".join(as_otlp_json(body, pretty=form == "json")))
    said = CliRunner().invoke(app, ["import", "traces", str(file)], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    tasks = json.loads((RECORDED / "pydantic-ai.json").read_text("utf-8"))["tasks"]
    assert f"{len(tasks)} tasks" in said.output.splitlines()[0]
    assert "her                  UNKNOWN" in said.output
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(said.output)
    loaded = load_fleet(fleet, {}, REGISTRY)
    assert "triage" in loaded.agents


def as_otlp_json(body: bytes, *, pretty: bool) -> list[str]:
    """As OTLP has JSON: ids in hexadecimal."""
    made = ExportTraceServiceRequest()
    made.ParseFromString(body)
    plain = json_format.MessageToDict(made)
    for of_resource in plain["resourceSpans"]:
        for of_scope in of_resource["scopeSpans"]:
            for span in of_scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        span[key] = base64.b64decode(span[key]).hex()
    if pretty:
        return [json.dumps(plain, indent=1)]
    return [json.dumps({"resourceSpans": [one]}) for one in plain["resourceSpans"]]


def test_a_file_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "spans"
    for content in (b"", b"{", b"{}", b"\x00\x01\x02", b"[1]"):
        file.write_bytes(content)
        said = CliRunner().invoke(app, ["import", "traces", str(file)])
        assert said.exit_code == 2, content
        assert "Traceback" not in said.output


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("agents: {refnds: {}}", "refunds"),
        ("agents: {refunds: {escalates: {}}}", "names nothing"),
        ("agents: {refunds: {good: {evaluation: x}}}", "at_least"),
        ("agents: {refunds: {escalats: {}}}", "escalates"),
        ("gather: 0s", "at least 1"),
        ("sampling: 200 %", "not a share"),
        ("prices: {gpt-5: {input: 1}}", "output"),
    ],
)
def test_what_is_wrong_in_the_fleet_file_is_said_at_its_place(tmp_path: Path, lines: str, said: str) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET.replace("agents:\n      refunds: {service: refunds-svc}", lines, 1))
    with pytest.raises(FleetErrors) as wrong:
        load_fleet(file, {}, REGISTRY)
    text = describe_problems(wrong.value)
    assert said in text
    assert "fleet.yaml:6:" in text


def test_spans_have_one_address_so_one_source_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET.replace("sources:\n", "sources:\n  more: {kind: otlp}\n"))
    with pytest.raises(FleetErrors) as wrong:
        load_fleet(file, {}, REGISTRY)
    assert "spans go to more already" in describe_problems(wrong.value)
