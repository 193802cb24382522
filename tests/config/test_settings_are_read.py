"""Each setting has an effect: another value makes another bot, and what the bot is made of is read by the bot.

A setting that is accepted and read by nobody is a promise that nobody keeps. One that is new fails here until it has a
value in OTHERS and something that comes out differently for it.
"""

import ast
import logging
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.cli.cases import shelf_of
from bot.config.settings import Settings
from bot.core.formatting.known_secrets import KnownSecrets
from bot.core.formatting.redaction import Redactor
from bot.engine.health.maintenance import Retention
from bot.runtime.log_output import configure_logs
from bot.runtime.offline import personal_token_of
from bot.runtime.process import FleetHolder, setup_of
from bot.runtime.self_monitoring import MonitoringSettings
from bot.runtime.setup import AppSetup, SlackAccess
from bot.web.tokens import new_token
from tests.config.fleet_text import GOOD, changed

WHOLE: dict[str, object] = {
    "fleet": "fleet.yaml",
    "slack_bot_token": "xoxb-1",
    "slack_app_token": "xapp-1",
    "slack_signing_secret": "s1",
    "github_repository": "acme/agents",
    "github_token": "g1",
    "langfuse_public_key": "p1",
    "langfuse_secret_key": "s1",
    "langsmith_api_key": "l1",
}
OTHERS: dict[str, object] = {
    "fleet": "other.yaml",
    "database_url": "sqlite:///other.db",
    "data_dir": "other",
    "runbooks_dir": "other/runbooks",
    "playbooks_dir": "other/playbooks",
    "slack_bot_token": "xoxb-2",
    "slack_app_token": "xapp-2",
    "slack_signing_secret": "s2",
    "slack_mode": "http",
    "slack_base_url": "http://127.0.0.1:9/api/",
    "team_id": "T2",
    "command_prefix": "dev-",
    "pagerduty_url": "https://events.eu.pagerduty.com/",
    "pagerduty_inbound_secret": "s2",
    "http_host": "127.0.0.2",
    "http_port": 8081,
    "tokens_file": "tokens",
    "personal_token": "sdt_2",
    "keep_minutes_hours": 24,
    "keep_history_days": 36,
    "keep_tasks_days": 15,
    "keep_effects_days": 31,
    "heartbeat_url": "https://example.com/beat",
    "canary_person": "bo",
    "github_repository": "acme/others",
    "github_token": "g2",
    "github_url": "https://github.example.com/api/",
    "langfuse_url": "https://langfuse.example.com/",
    "langfuse_public_key": "p2",
    "langfuse_secret_key": "s2",
    "langsmith_url": "https://langsmith.example.com/",
    "langsmith_api_key": "l2",
    "log_level": "ERROR",
}
BESIDE: dict[str, dict[str, object]] = {"slack_signing_secret": {"slack_mode": "http"}}
"""What a setting needs beside it to be asked for."""


def the_bot(settings: Settings) -> object:
    """What it is made of."""
    secrets = KnownSecrets()
    setup = setup_of(settings, FleetHolder(settings.fleet, secrets), secrets)
    return {**plain(setup), "fleet": sorted(setup.fleet().agents)}


def the_log(settings: Settings) -> object:
    """What it leaves out."""
    kept = structlog.get_config()
    try:
        configure_logs(settings.log_level, Redactor())
        return [level for level in (logging.DEBUG, logging.INFO) if structlog.get_logger().is_enabled_for(level)]
    finally:
        structlog.configure(**kept)


READERS: dict[str, Callable[[Settings], object]] = {
    "langfuse": lambda settings: plain(shelf_of(settings, "langfuse")),
    "langsmith": lambda settings: plain(shelf_of(settings, "langsmith")),
    "log": the_log,
    "personal": personal_token_of,
}
"""Who reads a setting, by the first word of its name; all others are read where the bot is made."""


def plain(value: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the bot is made of
    """What is inside, and inside of that, without addresses in memory."""
    names = [one.name for one in fields(value)] if hasattr(value, "__dataclass_fields__") else list(vars(value))
    return {name: _inside(getattr(value, name)) for name in names}


def _inside(value: Any) -> Any:  # noqa: ANN401 - see plain
    made_by_us = type(value).__module__.startswith("bot.") and hasattr(value, "__dict__")
    if made_by_us or hasattr(value, "__dataclass_fields__"):
        return plain(value)
    return None if callable(value) or " at 0x" in repr(value) else repr(value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two fleet files and a book of tokens, in the working directory."""
    (tmp_path / "fleet.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "other.yaml").write_text(changed("  refunds:", "  kyc:"), encoding="utf-8")
    (tmp_path / "tokens").write_text(f"{new_token('admin').line}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_has_another_value_here() -> None:
    assert set(OTHERS) == set(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_another_value_makes_a_difference(folder: Path, name: str) -> None:
    made = READERS.get(name.partition("_")[0], the_bot)
    values = WHOLE | BESIDE.get(name, {})
    assert made(Settings(**values)) == made(Settings(**values)), "the same settings make the same"  # type: ignore[arg-type]  # read from text
    assert made(Settings(**values)) != made(Settings(**values | {name: OTHERS[name]}))  # type: ignore[arg-type]  # see above


@cache
def attributes_read(repository: Path) -> frozenset[str]:
    """Names of attributes that the bot reads outside the file that fills them."""
    files = [path for path in (repository / "bot").rglob("*.py") if path.name != "process.py"]
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load))


@pytest.mark.parametrize("kind", [AppSetup, SlackAccess, MonitoringSettings, Retention])
def test_what_the_settings_become_is_read(repository: Path, kind: type) -> None:
    unread = {one.name for one in fields(kind)} - attributes_read(repository)
    assert not unread, unread
