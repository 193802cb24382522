"""The two examples of docs/local-slack.md, run as a reader would run them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.localslack.npm import packages
from tests.localslack.setup import Control, Json
from tests.support.patience import PATIENCE


@pytest.fixture
def alone() -> Iterator[Json]:
    """What `stepdown local-slack` prints, while it runs."""
    command = [sys.executable, "-m", "bot.localslack"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.terminate()


def surroundings(line: Json) -> dict[str, str]:
    tokens = {"SLACK_BOT_TOKEN": line["bot_token"], "SLACK_APP_TOKEN": line["app_token"]}
    return {**os.environ, **tokens, "SLACK_API_URL": line["api_url"]}


def connected(control: Control) -> bool:
    return any(call["method"] == "apps.connections.open" for call in control.get("calls")["calls"])


def test_the_bolt_app(alone: Json, repository: Path) -> None:
    source = repository / "examples/local-slack/app.py"
    lines = source.read_text(encoding="utf-8").splitlines()
    code = [line for line in lines if line.strip() and not line.startswith(('"', "#", "import", "from"))]
    assert len(code) <= 20
    control = Control(alone["url"])
    with subprocess.Popen([sys.executable, source], env=surroundings(alone), stderr=subprocess.PIPE) as app:
        while not connected(control):
            assert app.poll() is None, app.stderr.read() if app.stderr else ""
        while not control.post("slash", user="ana", channel="general", command="/hello")["acked"]:
            pass  # the socket opens a moment after its ticket was given out
        while not (views := control.get("views", user="ana")["views"]):
            pass
        told = control.post("submit", user="ana", view_id=views[-1]["id"], values={"who": {"name": "Ana"}})
        assert told["acked"]
        assert control.wait("general", "Hello, Ana!")["bot_id"] == "B0APP"
        app.terminate()


@pytest.mark.xdist_group("localslack-npm")
def test_the_javascript_client(alone: Json, repository: Path) -> None:
    folder = packages("the example with @slack/web-api", "@slack/web-api@7")
    script = folder / "client.mjs"  # beside node_modules, where `import` looks for the package
    script.write_text((repository / "examples/local-slack/client.mjs").read_text(encoding="utf-8"), encoding="utf-8")
    run = subprocess.run(
        ["node", script], env=surroundings(alone), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert run.stdout.splitlines() == [
        "Hello, changed wave",
        "invalid_blocks unsupported type: banner [json-pointer:/blocks/0/type]",
    ], run.stderr
