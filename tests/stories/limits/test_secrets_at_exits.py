"""A secret in every setting, and others who repeat what they were sent: no surface shows one."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bot.core.formatting.redaction import HIDDEN
from bot.localslack.server import LocalSlack
from bot.simulation import demo_fleet
from tests.contracts.odd_server import Asked, OddServer, odd_server
from tests.support.patience import PATIENCE

CHANNEL = demo_fleet.CHANNELS["agents-refunds"]
SECRETS = {
    "SOURCE_BEARER": "b3arer/of+the-source=0123456789",
    "SOURCE_PASSWORD": "basic-pa55word-of-the-source",
    "SOURCE_HEADER": "x-api-k3y-of-a-header",
    "HOOK_PATH": "p4th-of-the-hook-000111222",
    "HOOK_SECRET": "whsec_" + base64.b64encode(b"h" * 32).decode(),
    "CONTROL_SECRET": "whsec_" + base64.b64encode(b"c" * 32).decode(),
    "ROUTING_KEY": "R0UT1NGKEY0123456789abcdefghijkl",
    "APPRISE_TOKEN": "appr1se-t0ken-99",
}
SETTINGS = {
    "STEPDOWN_PAGERDUTY_INBOUND_SECRET": "inb0und-secret-of-pagerduty",
    "STEPDOWN_GITHUB_TOKEN": "gh-t0ken-without-a-known-shape",
    "STEPDOWN_LANGFUSE_SECRET_KEY": "l4ngfuse-secret-key",
    "STEPDOWN_LANGSMITH_API_KEY": "l4ngsmith-api-key",
    "STEPDOWN_SLACK_SIGNING_SECRET": "s1gning-secret-of-slack",
}
HEARTBEAT = "0c1d2e3f-4a5b-6c7d-8e9f"


def fleet_of(server: OddServer) -> str:
    here = server.url
    text = pushed_fleet(["refunds"], CHANNEL)
    sources, slis = "", ""
    for name, sli, login in (
        ("json", "aqdd", "bearer: '${SOURCE_BEARER}'"),
        ("text", "her", "username: bob, password: '${SOURCE_PASSWORD}'"),
        ("moved", "dqr", "headers: {X-Api-Key: '${SOURCE_HEADER}'}"),
    ):
        query = f"slis: {{{sli}: {{value: up, by: {{agent: agent}}}}}}"
        sources += f"  {name}: {{kind: prometheus, url: '{here}/{name}', {login}, {query}}}\n"
        slis += f"  {sli}: {{source: {name}}}\n"
    text = text.replace(
        "slis:\n  her: {source: push}\n", f"{sources}slis:\n{slis}  tie: {{source: push, absolute_tolerance: 1}}\n", 1
    )
    ways = ", ".join(
        f"{{kind: {kind}, target: '{target}'}}"
        for kind, target in (
            ("webhook", f"{here}/hook/${{HOOK_PATH}} ${{HOOK_SECRET}}"),
            ("pagerduty", "${ROUTING_KEY}"),
            ("apprise", f"{here.replace('http', 'json')}/a/${{APPRISE_TOKEN}}"),
        )
    )
    text = text.replace("phone: '+44 20 7946 0001'}", f"phone: '+44 20 7946 0001', ways: [{ways}]}}", 1)
    control = f"control: {{kind: webhook, url: '{here}/rung', secret: '${{CONTROL_SECRET}}'}}"
    return text.replace("summary: a test agent", f"summary: a test agent, {control}", 1)


def echo(asked: Asked) -> None:
    """Refuse, and repeat everything that came, each time in another way."""
    told = " ".join(f"{name}={value}" for name, value in asked.headers.items())
    login = asked.headers.get("Authorization", "").removeprefix("Basic ")
    if login and "Bearer" not in login:
        told += " " + base64.b64decode(login).decode()
    everything = f"{asked.path} {told} {asked.body}"
    if asked.path.startswith("/moved"):
        asked.say("", 302, Location=f"http://{asked.headers.get('X-Api-Key', 'x')}.example.org/")
    elif asked.path.startswith("/text"):
        asked.say(everything[-400:], 403)
    else:
        asked.json({"error": everything, "message": everything, "errors": [everything], "status": "x"}, 401)


@pytest.fixture(scope="module")
def server() -> Iterator[OddServer]:
    with odd_server() as made:
        made.answer = echo
        yield made


@pytest.fixture
def bot(tmp_path: Path, slack: LocalSlack, server: OddServer) -> Iterator[BotProcess]:
    more = {
        **SECRETS,
        **SETTINGS,
        "STEPDOWN_HEARTBEAT_URL": f"{server.url}/ping/{HEARTBEAT}",
        "STEPDOWN_GITHUB_REPOSITORY": "acme/agents",
        "STEPDOWN_GITHUB_URL": f"{server.url}/",
        "STEPDOWN_LANGFUSE_URL": f"{server.url}/",
        "STEPDOWN_LANGFUSE_PUBLIC_KEY": "public",
        "STEPDOWN_PAGERDUTY_URL": f"{server.url}/",
        "STEPDOWN_LOG_LEVEL": "DEBUG",
        "STEPDOWN_SLACK_MODE": "socket",
    }
    made = BotProcess(tmp_path, slack, fleet_of(server), ("samples", "changes", "admin"), more)
    made.spawn()
    yield made
    made.stop()


def until(true: Callable[[], object], what: str, bot: BotProcess) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert bot.process is not None
        assert bot.process.poll() is None, (bot.folder / "log").read_text()[-2000:]
        assert time.monotonic() < deadline, f"{what}; {(bot.folder / 'log').read_text()[-2000:]}"
        time.sleep(0.2)


def get(bot: BotProcess, path: str) -> str:
    try:
        return httpx.get(f"{bot.url}{path}", timeout=PATIENCE, trust_env=False).text
    except httpx.HTTPError:
        return ""


def cli(bot: BotProcess, *words: str) -> str:
    command = [sys.executable, "-m", "bot", *words]
    done = subprocess.run(
        command, env=bot.environment(), cwd=bot.folder, capture_output=True, text=True, check=False, timeout=120
    )
    return done.stdout + done.stderr


def in_slack(slack: LocalSlack) -> str:
    """Everything the workspace holds: messages, files, topics, canvases, forms."""
    with slack.slack.lock:
        whole = (
            slack.slack.conversations,
            slack.slack.files,
            slack.slack.canvases,
            slack.slack.views,
            slack.slack.homes,
        )
        return repr(whole)


def surfaces(bot: BotProcess, slack: LocalSlack) -> dict[str, str]:
    commands = (
        ("check", "--online"),
        ("agents",),
        ("incident", "timeline", "1"),
        ("incident", "evidence", "1"),
        ("step-down", "refunds", "approval", "--reason", f"because {SECRETS['SOURCE_BEARER']}", "--as", "ana"),
        ("evals", "1", "--out", "cases", "--push", "langfuse"),
        ("export", "-"),
        ("export", "all.jsonl"),
    )
    shown = {" ".join(words): cli(bot, *words) for words in commands}
    for path in ("/readyz", "/healthz", "/metrics", "/openapi.json", f"/x?token={SECRETS['SOURCE_BEARER']}"):
        shown[path] = get(bot, path)
    shown["Slack"] = in_slack(slack)
    shown["the log"] = (bot.folder / "log").read_text()
    files = [*(bot.folder / "data").rglob("*"), *(bot.folder / "cases").rglob("*"), bot.folder / "all.jsonl"]
    return shown | {path.name: path.read_text(errors="replace") for path in files if path.is_file()}


@pytest.mark.slow
def test_no_surface_shows_a_secret(bot: BotProcess, slack: LocalSlack) -> None:
    until(lambda: get(bot, "/healthz"), "the bot never came up", bot)
    change = {
        "id": "d-1",
        "kind": "prompt",
        "time": int(time.time()) - 60,
        "summary": f"deployed with {SECRETS['SOURCE_BEARER']}",
        "agents": ["refunds"],
        "by": "pipeline",
    }
    headers = {"Authorization": f"Bearer {bot.token['changes']}"}
    posted = httpx.post(f"{bot.url}/v1/changes", json=change, headers=headers, timeout=PATIENCE, trust_env=False)
    assert posted.status_code < 300, posted.text
    assert bot.push(bad_minutes("refunds", time.time())).status_code < 300
    until(lambda: "INC-0001" in in_slack(slack), "no incident was opened", bot)
    until(lambda: HIDDEN in get(bot, "/readyz"), "no source was heard to repeat what it was sent", bot)
    shown = surfaces(bot, slack)
    planted = {**SECRETS, **SETTINGS, "the heartbeat": HEARTBEAT, "a token": bot.token["admin"]}
    planted |= {"Slack's token": slack.bot_token, "Slack's app token": slack.app_token}
    leaks = {
        f"{where} shows {name}: ...{text[max(0, text.index(secret) - 100) :][:160]}..."
        for name, secret in planted.items()
        for where, text in shown.items()
        if secret in text
    }
    assert not leaks
    halves = [(name, where) for name, secret in SECRETS.items() for where, text in shown.items() if secret[:14] in text]
    assert not halves, "cut short it is a secret too"
    assert HIDDEN in shown["check --online"]
    assert HIDDEN in shown["Slack"]
    json.loads(shown["/readyz"])
