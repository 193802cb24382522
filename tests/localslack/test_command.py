"""`python -m bot.localslack`, which is what `stepdown local-slack` runs."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.localslack.server import LocalSlack, Workspace
from bot.localslack.state.workspace import WorkspaceError
from tests.localslack.setup import HTTP, MANIFEST, WORKSPACE
from tests.support.patience import PATIENCE

COMMAND = [sys.executable, "-m", "bot.localslack"]

SHORTCUT = {"name": "x", "callback_id": "y", "type": "z"}


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_when_told(tmp_path: Path, told: signal.Signals) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(MANIFEST))
    workspace = tmp_path / "workspace.yaml"
    workspace.write_text("users:\n  - {name: zoe, id: U0ZED}\nchannels:\n  - {name: ops, members: [zoe, '@app']}\n")
    arguments = [*COMMAND, "--manifest", str(manifest), "--workspace", str(workspace)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = json.loads(process.stdout.readline())
        assert line.keys() == {"url", "api_url", "bot_token", "app_token", "signing_secret"}
        client = WebClient(line["bot_token"], base_url=line["api_url"])
        assert client.users_info(user="U0ZED")["user"]["name"] == "zoe"
        assert client.auth_test()["user"] == "probe"
        process.send_signal(told)
        out, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, errors) == (0, "", "")


def failed(*arguments: str) -> str:
    run = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    return run.stderr


def test_a_taken_port_is_one_clear_line(slack: LocalSlack) -> None:
    port = slack.url.rpartition(":")[2]
    assert f"port {port} on 127.0.0.1 cannot be used" in failed("--port", port)
    assert "the port must be 0" in failed("--port", "70000")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("users: [", "not YAML"),
        ("- 1", "must be a mapping with `users`"),
        ("channels: []", "users: Field required"),
        ("users: [{name: Ana}]", "users.0.name: String should match pattern"),
        ("users: [{name: ana, colour: red}]", "users.0.colour: Extra inputs are not permitted"),
        ("users: [{name: ana}, {name: ana, id: U02}]", "user name stands there twice: ana"),
        ("users: [{name: ana}]\nchannels: [{name: x, members: [bob]}]", "channel x: no user 'bob'; known: "),
        ("users: [{name: ana}]\napp: {bot_token: xoxb-12345-67890}", "app.bot_token: String should match"),
        ("users: [{name: ana}]\napp: {manifest: {}}", "display_information must be a mapping"),
    ],
)
def test_a_wrong_workspace_file_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "workspace.yaml"
    path.write_text(text)
    with pytest.raises(WorkspaceError) as refused:
        Workspace.load(path)
    assert str(refused.value).startswith(str(path))
    assert words in str(refused.value)


def test_the_command_says_so_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "workspace.json"
    path.write_text('{"users": [}')
    assert "workspace.json:1:12: not JSON" in failed("--workspace", str(path))
    assert "cannot be read" in failed("--workspace", str(tmp_path / "none.json"))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "display_information must be a mapping"),
        ({"display_information": {"name": "x" * 36}}, "1 to 35 characters"),
        (MANIFEST | {"features": {"slash_commands": [{"command": "probe"}]}}, "[0].command must start with /"),
        (MANIFEST | {"features": {"shortcuts": [SHORTCUT]}}, "must be global or message"),
        (MANIFEST | {"oauth_config": {"scopes": {"bot": "chat:write"}}}, "scopes.bot must be a list"),
    ],
)  # fmt: skip
def test_a_malformed_manifest_is_one_clear_line(tmp_path: Path, document: object, words: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(document))
    if words.startswith("display_information must"):
        assert words in failed("--manifest", str(path))
    with pytest.raises(WorkspaceError, match=r"app\.manifest"):
        Workspace.load({"users": [{"name": "ana"}], "app": {"manifest": document}})


def test_state_in_a_file_outlives_the_server(tmp_path: Path) -> None:
    workspace = Workspace.load({**WORKSPACE, "database": str(tmp_path / "slack.db")})
    with LocalSlack(workspace) as one:
        client = WebClient(one.bot_token, base_url=one.api_url)
        posted = client.chat_postMessage(channel="C0GEN", text="kept")["ts"]
        client.chat_postEphemeral(channel="C0GEN", user="U0ANA", text="psst")
        client.pins_add(channel="C0GEN", timestamp=posted)
        made = client.conversations_create(name="inc-1")["channel"]["id"]
        client.files_upload_v2(channel="C0GEN", content=b"\x89PNG", filename="a.png")
        client.chat_delete(channel="C0GEN", ts=client.chat_postMessage(channel="C0GEN", text="gone")["ts"])
        client.views_publish(user_id="U0ANA", view={"type": "home", "blocks": [{"type": "divider"}]})
    with LocalSlack(workspace) as two:
        client = WebClient(two.bot_token, base_url=two.api_url)
        texts = [message["text"] for message in client.conversations_history(channel="C0GEN")["messages"]]
        assert texts == ["", "kept"]
        assert client.pins_list(channel="C0GEN")["items"][0]["message"]["ts"] == posted
        assert client.conversations_info(channel=made)["channel"]["name"] == "inc-1"
        assert client.conversations_create(name="inc-2")["channel"]["id"] != made
        assert client.chat_postMessage(channel="C0GEN", text="next")["ts"] > posted
        file = client.files_info(file="F00000001")["file"]
        assert HTTP.get(file["url_private"].replace(one.url, two.url)).content == b"\x89PNG"
