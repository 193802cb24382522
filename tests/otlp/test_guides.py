"""The guides of `docs/otel`, played as they stand: their fleet file and commands, the framework's own spans, a page."""

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.util.re import parse_env_headers

from bench.harness.launch import BotProcess
from bot.config.loader import load_fleet
from bot.localslack.server import LocalSlack, Workspace
from bot.runtime.registry import REGISTRY
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest
from bot.sources import span_rules
from bot.sources.otlp.worker import SpanWorker
from tests.otlp.compare import read, replayed
from tests.otlp.house import open_otlp
from tests.support.patience import PATIENCE

HERE = Path(__file__).parent
GUIDES = sorted((HERE.parents[1] / "docs" / "otel").glob("*.md"))
COUNTED = [guide for guide in GUIDES if guide.stem in {"crewai", "llamaindex"}]
"""Pages that differ from those that are played in names and spans alone."""
PLAYED = [guide for guide in GUIDES if guide not in COUNTED]
RECORDED = HERE / "recorded"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TO_A_PERSON = 30
"""Times that the recorded runs which go to a person are sent again, each time as other runs."""
ADDRESS = "https://stepdown.example.com"
PAGED_WITHIN = 240.0


def blocks(guide: Path, language: str) -> list[str]:
    """The blocks of a page in one language."""
    return [text for found, text in BLOCK.findall(guide.read_text("utf-8")) if found == language]


def commands(guide: Path, start: str) -> list[str]:
    """The lines of its shell blocks that begin so."""
    return [line for text in blocks(guide, "sh") for line in text.splitlines() if line.startswith(start)]


def recording(guide: Path) -> str:
    """The first recorded export of the page's framework."""
    return min(file.name.removesuffix(".otlp.gz") for file in RECORDED.glob(f"{guide.stem}*.otlp.gz"))


def test_every_framework_that_is_recorded_has_a_guide() -> None:
    names = {file.name.removesuffix(".otlp.gz") for file in RECORDED.glob("*.otlp.gz")}
    assert {name for name in names if not any(name.startswith(guide.stem) for guide in GUIDES)} == set()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_instrumentation_is_what_was_run(guide: Path) -> None:
    """Each line of a guide's Python that sets something up stands in the script that was recorded, or in its frame."""
    scripts = "\n".join(file.read_text("utf-8") for file in (HERE / "frameworks").glob("*.py"))
    [code] = blocks(guide, "python")
    said = [line.strip() for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert said
    assert [line for line in said if line not in scripts] == []
    named = set(re.findall(r'"([\w.-]+)"', (HERE / "otel_check.py").read_text("utf-8")))
    [install] = commands(guide, "pip install")
    assert set(shlex.split(install)[2:]) <= named


class Reader:
    """Somebody who does what a page says, in a folder, with a Slack workspace."""

    def __init__(self, guide: Path, folder: Path, slack: LocalSlack) -> None:
        self.guide, self.slack = guide, slack
        [fleet] = blocks(guide, "yaml")
        self.bot = BotProcess(folder, slack, fleet, tokens=())

    def says(self, command: str) -> str:
        """Run a `stepdown` command of the page, which has to go well; returns what it printed."""
        assert command in commands(self.guide, "stepdown ")
        words = [sys.executable, "-m", "bot", *shlex.split(command)[1:]]
        environment = self.bot.environment()
        done = subprocess.run(words, cwd=self.bot.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def take_token(self) -> str:
        """Make the token of the page and put its line where the bot looks."""
        told = dict(line.split(":", 1) for line in self.says("stepdown token agent:refunds").splitlines() if line)
        (self.bot.folder / "tokens").write_text(told["line"].strip() + "\n")
        return told["token"].strip()

    def exports(self, token: str) -> Mapping[str, str]:
        """What the page's `export` lines set, as a shell reads them."""
        lines = "\n".join(commands(self.guide, "export ")).replace(ADDRESS, self.bot.url)
        script = f"{lines}\nenv -0"
        made = subprocess.run(
            ["bash", "-euc", script], env={"PATH": os.environ["PATH"], "TOKEN": token}, capture_output=True, check=True
        )
        return dict(one.split("=", 1) for one in made.stdout.decode().split("\0") if "=" in one)


def send(request: ExportTraceServiceRequest, environment: Mapping[str, str]) -> None:
    """Send spans where the exporter's variables say, with the headers that they say."""
    assert environment["OTEL_EXPORTER_OTLP_PROTOCOL"] == "http/protobuf"
    headers = {
        **parse_env_headers(environment["OTEL_EXPORTER_OTLP_HEADERS"], liberal=True),
        "content-type": "application/x-protobuf",
        "content-encoding": "gzip",
    }
    url = f"{environment['OTEL_EXPORTER_OTLP_ENDPOINT']}/v1/traces"
    answer = httpx.post(
        url, content=gzip.compress(request.SerializeToString()), headers=headers, trust_env=False, timeout=60
    )
    assert answer.status_code == 200, answer.text


def to_a_person(request: ExportTraceServiceRequest, copy: int) -> ExportTraceServiceRequest:
    """The runs in which a person was needed, as other traces."""
    wanted = {s.trace_id for r in request.resource_spans for c in r.scope_spans for s in c.spans if "human" in s.name}
    made = ExportTraceServiceRequest()
    made.CopyFrom(request)
    for of_scope in (scope for of_resource in made.resource_spans for scope in of_resource.scope_spans):
        kept = [span for span in of_scope.spans if span.trace_id in wanted]
        del of_scope.spans[:]
        of_scope.spans.extend(kept)
        for span in of_scope.spans:
            span.trace_id = bytes([span.trace_id[0] ^ copy, *span.trace_id[1:]])
    return made


def as_now(name: str, service: str) -> ExportTraceServiceRequest:
    """A recording as runs that ended just now, and the service's name as the page sets it."""
    request = read(RECORDED / f"{name}.otlp.gz")
    spans = [s for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
    newest = max(span.end_time_unix_nano for span in spans)
    late = time.time_ns() - newest
    for of_resource in request.resource_spans:
        for one in of_resource.resource.attributes:
            if one.key == "service.name":
                one.value.string_value = service
    for span in spans:
        span.start_time_unix_nano += late
        span.end_time_unix_nano += late
    return request


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(Workspace.load({**demo_fleet.workspace(), "app": {"manifest": manifest()}})) as running:
        yield running


def paged(slack: LocalSlack) -> str:
    """The direct message of the page, as Ana sees it."""
    deadline = time.monotonic() + PAGED_WITHIN
    while time.monotonic() < deadline:
        seen = httpx.get(
            f"{slack.url}/_control/messages", params={"channel": "@U0ANA", "user": "U0ANA"}, trust_env=False, timeout=30
        ).json()
        found = [str(message.get("text", "")) for message in seen.get("messages", [])]
        if page := next((text for text in found if "refunds" in text and "escalation" in text), ""):
            return page
        time.sleep(0.5)
    raise AssertionError(f"nobody was paged within {PAGED_WITHIN:g} s")


def read_as(reader: Reader, whose: str) -> str:
    """What `stepdown otel` tells once it says whose runs they were; the page may be out before that is written."""
    deadline = time.monotonic() + PATIENCE
    while whose not in (told := reader.says("stepdown otel --last 10m")):
        assert time.monotonic() < deadline, told
    return told


@pytest.mark.parametrize("guide", COUNTED, ids=lambda guide: guide.stem)
def test_the_fleet_file_counts_who_went_to_a_person(guide: Path, tmp_path: Path, worker: SpanWorker) -> None:
    """What differs from page to page, without a bot for each: the fleet file, the service's name, the spans."""
    [text] = blocks(guide, "yaml")
    (tmp_path / "fleet.yaml").write_text(text)
    watched = load_fleet(tmp_path / "fleet.yaml", {}, REGISTRY)
    rules = span_rules(watched.sources)
    assert rules is not None
    [service] = [line.partition("=")[2] for line in commands(guide, "export OTEL_SERVICE_NAME")]
    truth = json.loads((RECORDED / f"{recording(guide)}.json").read_text("utf-8"))["tasks"]
    with open_otlp(tmp_path, worker, rules, watched) as house:
        replayed(house, as_now(recording(guide), service), seed=1)
        found = house.tasks()
        assert len(found) == len(truth)
        assert sum(bool(one.required_escalation) for one in found) == sum(one["escalated"] for one in truth) > 0
        assert [row for row in house.told() if row[0] == "stranger"] == []


@pytest.mark.slow
@pytest.mark.parametrize("guide", PLAYED, ids=lambda guide: guide.stem)
def test_from_the_first_line_to_the_first_page(guide: Path, tmp_path: Path, slack: LocalSlack) -> None:
    reader = Reader(guide, tmp_path, slack)
    assert "no problems" in reader.says("stepdown check").lower()
    token = reader.take_token()
    assert "stepdown run" in commands(guide, "stepdown ")
    reader.bot.start()
    try:
        environment = reader.exports(token)
        everything = as_now(recording(guide), environment["OTEL_SERVICE_NAME"])
        send(everything, environment)
        for copy in range(1, TO_A_PERSON + 1):
            send(to_a_person(everything, copy), environment)
        assert "human escalation" in paged(slack)
        told = read_as(reader, "refunds: refunds-svc")
        assert "Runs of nobody" not in told
        assert "HER is UNKNOWN" not in told
    finally:
        reader.bot.stop()
