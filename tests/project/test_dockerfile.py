"""The Dockerfile's rules: hadolint's, and the ones it does not know."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.project.dockerfile_steps import Step, health_command, read_steps
from tests.support.patience import PATIENCE

SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|API_KEY|CREDENTIAL", re.IGNORECASE)
PORT = "8080"


@pytest.fixture(scope="module")
def steps(repository: Path) -> list[Step]:
    return read_steps((repository / "Dockerfile").read_text(encoding="utf-8"))


def of(steps: list[Step], keyword: str) -> list[Step]:
    return [step for step in steps if step.keyword == keyword]


def test_hadolint_has_nothing_to_say(repository: Path) -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint has no wheel for this platform (requirements-dev.lock: Linux on x86_64)")
    run = subprocess.run(
        [hadolint, "Dockerfile"], cwd=repository, capture_output=True, text=True, check=False, timeout=30
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_stage_stands_on_one_image_pinned_by_digest(steps: list[Step]) -> None:
    images = {step.rest.partition(" AS ")[0] for step in of(steps, "FROM")}
    assert len(of(steps, "FROM")) > 1
    assert len(images) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", images.pop())


def test_the_last_user_is_a_number_and_not_root(steps: list[Step]) -> None:
    users = of(steps, "USER")
    assert users[-1].line > of(steps, "FROM")[-1].line
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1].rest)
    assert not [step for step in of(steps, "RUN") if step.line > users[-1].line]


def test_nothing_is_fetched_but_by_hash(steps: list[Step]) -> None:
    assert not of(steps, "ADD")
    for step in of(steps, "RUN"):
        assert not re.search(r"curl|wget|apt-get|https?://", step.rest)
        for install in re.findall(r"pip install ([^&]+)", step.rest):
            assert "--require-hashes" in install or "--no-index" in install, install


def test_no_secret_stands_in_the_image(steps: list[Step]) -> None:
    named = [step for step in of(steps, "ENV") + of(steps, "ARG") if SECRET_NAME.search(step.rest)]
    assert not named, named


def test_data_lives_in_a_volume_of_that_user(steps: list[Step]) -> None:
    volume = of(steps, "VOLUME")[-1].rest
    user, _, group = of(steps, "USER")[-1].rest.partition(":")
    assert any(f"-o {user} -g {group} {volume}" in step.rest for step in of(steps, "RUN"))
    assert of(steps, "WORKDIR")[-1].rest == volume


def copied(steps: list[Step]) -> list[str]:
    return [name for step in of(steps, "COPY") if "from" not in step.flags for name in step.rest.split()[:-1]]


def test_everything_copied_is_there_and_sent_to_the_engine(repository: Path, steps: list[Step]) -> None:
    ignore = (repository / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    assert "*" in ignore
    assert set(copied(steps)) == allowed
    assert not [name for name in allowed if not (repository / name).exists()]


@pytest.mark.parametrize("folder", ["runbooks", "playbooks"])
def test_what_the_program_reads_goes_along(repository: Path, steps: list[Step], folder: str) -> None:
    assert (folder in copied(steps)) is (repository / folder).is_dir()


def test_it_starts_stepdown_without_a_shell(steps: list[Step]) -> None:
    assert of(steps, "ENTRYPOINT")[-1].argv == ["stepdown"]
    assert of(steps, "CMD")[-1].argv == ["run"]


def test_the_health_check_asks_the_exposed_port_for_healthz(steps: list[Step]) -> None:
    assert of(steps, "EXPOSE")[-1].rest == PORT
    command = health_command(of(steps, "HEALTHCHECK")[-1])
    assert command[0] == "python"
    assert f"http://127.0.0.1:{PORT}/healthz" in command[-1]


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server on loopback that gives /healthz one status; yields its port."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (404, False)])
def test_the_health_check_believes_only_a_good_answer(steps: list[Step], status: int, *, healthy: bool) -> None:
    _, *arguments = health_command(of(steps, "HEALTHCHECK")[-1])
    with answering(status) as port:
        command = [sys.executable, *(word.replace(PORT, str(port)) for word in arguments)]
        run = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)
    assert (run.returncode == 0) is healthy
