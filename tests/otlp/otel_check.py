"""Do spans of real frameworks still come out right to the last count? `make otel-check`, minutes, and opt-in.

Each framework runs 200 scripted runs on a fake model, in a throwaway environment below the folder that is given, with
its newest packages, and sends its spans to a server here; what came is counted by the whole bot and held against what
the script did. `--record` writes short exports (24 runs) to `tests/otlp/recorded`, for the suite.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.sources.otlp.worker import SpanWorker
from tests.otlp.compare import RULES, differences, replayed
from tests.otlp.house import open_otlp

HERE = Path(__file__).parent
SDK = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
RUNS, RECORDED = 200, 24
SENDS = {
    "OTEL_SERVICE_NAME": "refunds-svc",
    "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "64",
    "OTEL_BSP_SCHEDULE_DELAY": "200",
}
"""Small requests at short intervals, so that the spans of one run come in several."""


@dataclass(frozen=True)
class Framework:
    """One framework with one instrumentation. `shown`: the packages whose versions are told."""

    name: str
    environment: str
    packages: Sequence[str]
    script: str
    argument: str = ""


OPENAI = (
    "openai-agents",
    "opentelemetry-instrumentation-openai-agents-v2",
    "openinference-instrumentation-openai-agents",
)
LANGCHAIN = (
    *("langgraph", "langchain", "openinference-instrumentation-langchain"),
    "opentelemetry-instrumentation-langchain",
)
FRAMEWORKS = (
    Framework("openai-agents-contrib", "openai", OPENAI, "openai_agents.py", "contrib"),
    Framework("openai-agents-openinference", "openai", OPENAI, "openai_agents.py", "openinference"),
    Framework("pydantic-ai", "pydantic", ("pydantic-ai-slim",), "pydantic_ai_runs.py"),
    Framework("langgraph-openinference", "langgraph", LANGCHAIN, "langgraph_runs.py", "openinference"),
    Framework("langgraph-traceloop", "langgraph", LANGCHAIN, "langgraph_runs.py", "traceloop"),
    Framework("strands", "strands", ("strands-agents",), "strands_runs.py"),
    Framework(
        "agent-framework",
        "agent-framework",
        ("agent-framework-core", "agent-framework-orchestrations"),
        "agent_framework_runs.py",
    ),
    Framework("google-adk", "adk", ("google-adk",), "google_adk_runs.py"),
    Framework(
        "llamaindex",
        "llamaindex",
        ("llama-index-core", "openinference-instrumentation-llama-index"),
        "llamaindex_runs.py",
    ),
    Framework("crewai", "crewai", ("crewai", "openinference-instrumentation-crewai"), "crewai_runs.py"),
)


def python_of(folder: Path, framework: Framework) -> Path:
    """The Python of a framework's environment, made where it is not there."""
    home = folder / framework.environment
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
    quiet = ["-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([python, *quiet, *framework.packages, *SDK], check=True)
    return python


@contextmanager
def receiving() -> Iterator[tuple[str, ExportTraceServiceRequest]]:
    """A server that keeps every span that is sent to it: (its address, what came)."""
    kept, lock = ExportTraceServiceRequest(), threading.Lock()

    class Kept(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            with lock:
                kept.MergeFromString(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Kept)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", kept
    server.shutdown()
    thread.join()
    server.server_close()


def played(
    python: Path, framework: Framework, runs: int
) -> tuple[ExportTraceServiceRequest, list[Mapping[str, object]]]:
    """Run a script; returns what it sent and what it did."""
    with receiving() as (url, kept):
        names = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_CHECK_RUNS": str(runs), "OPENAI_API_KEY": "none"}
        done = subprocess.run(
            [python, framework.script, framework.argument],
            cwd=HERE / "frameworks",
            env={**os.environ, **SENDS, **names},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=600,
        )
    return kept, json.loads(done.stdout.splitlines()[-1])


def scrubbed(request: ExportTraceServiceRequest) -> ExportTraceServiceRequest:
    """Without stack traces, which tell of the machine, and without what models and tools said at length."""
    for of_resource in request.resource_spans:
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                span.status.message = span.status.message.partition("Traceback")[0][:80]
                for event in span.events:
                    kept = [one for one in event.attributes if one.key != "exception.stacktrace"]
                    del event.attributes[:]
                    event.attributes.extend(kept)
    return request


def count(request: ExportTraceServiceRequest, truth: Sequence[Mapping[str, object]]) -> list[str]:
    """The whole bot's count against the truth."""
    worker = SpanWorker()
    with tempfile.TemporaryDirectory() as folder, open_otlp(Path(folder), worker, RULES) as house:
        replayed(house, request, seed=1)
        found = differences(house.tasks(), truth)
    worker.close()
    return found


def main(folder: Path, only: Sequence[str], *, record: bool) -> int:
    """Every framework, or `only` these; returns the exit code."""
    wrong = 0
    for framework in (one for one in FRAMEWORKS if not only or one.name in only):
        python = python_of(folder, framework)
        listed = subprocess.run(
            [python, "-m", "pip", "list", "--format=json"], check=True, stdout=subprocess.PIPE, text=True
        )
        versions = {one["name"]: one["version"] for one in json.loads(listed.stdout)}
        request, truth = played(python, framework, RECORDED if record else RUNS)
        spans = sum(len(s.spans) for r in request.resource_spans for s in r.scope_spans)
        found = count(request, truth)
        wrong += bool(found)
        said = ", ".join(f"{name} {versions.get(name, '?')}" for name in framework.packages)
        print(f"{framework.name}: {len(truth)} tasks of {spans} spans, {len(found)} differences ({said})", flush=True)
        for line in found:
            print(f"  {line}")
        if record:
            out = HERE / "recorded"
            out.mkdir(exist_ok=True)
            (out / f"{framework.name}.otlp.gz").write_bytes(
                gzip.compress(scrubbed(request).SerializeToString(), 9, mtime=0)
            )
            made = {"versions": {name: versions.get(name, "") for name in framework.packages}, "tasks": truth}
            (out / f"{framework.name}.json").write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    return int(wrong > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--record", action="store_true")
    names = [one.name for one in FRAMEWORKS]
    parser.add_argument("--only", nargs="+", choices=names, default=[], metavar="NAME", help=", ".join(names))
    given = parser.parse_args()
    sys.exit(main(given.folder.resolve(), given.only, record=given.record))
