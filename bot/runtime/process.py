"""`stepdown run`: settings to a running bot, signals to a clean stop or a reload."""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import structlog
from pydantic import SecretStr

from bot.config import FleetErrors, Settings, describe_problems, environment, load_fleet, secrets_in
from bot.core.formatting.known_secrets import KnownSecrets, NotedLookups
from bot.core.model.fleet import Fleet
from bot.engine.health.maintenance import Retention
from bot.engine.reports.issue_sync import Tracker
from bot.ports.store import Replica
from bot.runtime.app import App
from bot.runtime.clock import RealClock
from bot.runtime.descriptors import raise_descriptor_limit
from bot.runtime.log_output import A_MINUTE, configure_logs
from bot.runtime.registry import REGISTRY
from bot.runtime.self_monitoring import MonitoringSettings
from bot.runtime.setup import AppParts, AppSetup, SlackAccess
from bot.store import SqlStore, StoreError
from bot.store.database.sqlite import holder_of
from bot.store.database.urls import sqlite_path
from bot.web.server import ServerError
from bot.web.tokens import TokenBook, TokenError

log = structlog.get_logger("stepdown")


class RunError(Exception):
    """The bot cannot start. `code` is the exit code: 2 used wrongly, 3 something needed was unreachable."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why)
        self.code = code


class FleetHolder:
    """The fleet in force. A reload that fails leaves the old one. `secrets` learns what the file takes from outside."""

    def __init__(self, path: Path, secrets: KnownSecrets) -> None:
        self._path = path
        self._secrets = secrets
        self._fleet = self._load()
        self._warn()

    def get(self) -> Fleet:
        """The fleet in force."""
        return self._fleet

    def reload(self, let_in: Callable[[Fleet], Sequence[str]]) -> tuple[str, Sequence[str]]:
        """Read the file again; returns what is wrong with it, and what it would raise: of a good file neither.

        `let_in` says the latter; raising takes two people, and a file that would do it is refused. A file that says
        what it said before is not put in force again: of two replicas with two files each would answer the other.
        """
        try:
            fleet = self._load()
        except FleetErrors as errors:
            return describe_problems(errors), ()
        if fleet == self._fleet:
            return "", ()
        if raised := let_in(fleet):
            return "", raised
        self._fleet = fleet
        self._warn()
        return "", ()

    def _load(self) -> Fleet:
        known = NotedLookups(environment())
        try:
            return load_fleet(self._path, known, REGISTRY)
        finally:
            self._secrets.learn(known.noted.items())

    def _warn(self) -> None:
        for warning in self._fleet.warnings:
            log.warning("the fleet file may not say what you mean", where=warning)


def setup_of(settings: Settings, holder: FleetHolder, secrets: KnownSecrets) -> AppSetup:
    """What the settings say, as the composition root wants it. Raises RunError for what is missing."""
    return AppSetup(
        fleet=holder.get,
        clock=RealClock(),
        slack=slack_access(settings),
        database_url=settings.database_url,
        data_dir=settings.data_dir,
        runbooks_dir=settings.runbooks_dir,
        playbooks_dir=settings.playbooks_dir,
        tokens=_tokens(settings.tokens_file),
        http_host=settings.http_host,
        http_port=settings.http_port,
        pagerduty_url=settings.pagerduty_url,
        pagerduty_inbound_secret=_plain(settings.pagerduty_inbound_secret),
        tracker=_tracker(settings),
        monitoring=_monitoring(settings),
        version=version("stepdown"),
        secrets=secrets,
    )


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def _tracker(settings: Settings) -> Tracker | None:
    """Where follow-ups are tracked as well: the first integration that can and is set up."""
    for kind in REGISTRY.integrations.values():
        own = kind.settings(settings)
        if own is not None and kind.tracker is not None:
            return kind.tracker(own)
    return None


def slack_access(settings: Settings) -> SlackAccess:
    """How Slack is reached, from the settings. Raises RunError for what is missing."""
    if settings.slack_bot_token is None:
        raise RunError("STEPDOWN_SLACK_BOT_TOKEN is needed: the bot lives in Slack.", 2)
    app_token, secret = settings.slack_app_token, settings.slack_signing_secret
    by_socket = settings.slack_mode == "socket" or (settings.slack_mode == "" and app_token is not None)
    if by_socket and app_token is None:
        raise RunError("STEPDOWN_SLACK_APP_TOKEN is needed for Socket Mode: an app-level token (xapp-).", 2)
    if not by_socket and (secret is None or not secret.get_secret_value().strip()):
        how = "HTTP mode believes nobody without it" if settings.slack_mode else "or STEPDOWN_SLACK_APP_TOKEN"
        raise RunError(f"STEPDOWN_SLACK_SIGNING_SECRET is needed: {how}.", 2)
    return SlackAccess(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=app_token.get_secret_value() if by_socket and app_token else "",
        signing_secret=secret.get_secret_value() if not by_socket and secret else "",
        base_url=settings.slack_base_url,
        team_id=settings.team_id,
        prefix=settings.command_prefix,
    )


def _monitoring(settings: Settings) -> MonitoringSettings:
    keep = Retention(
        settings.keep_minutes_hours, settings.keep_history_days, settings.keep_tasks_days, settings.keep_effects_days
    )
    url = settings.heartbeat_url.get_secret_value() if settings.heartbeat_url is not None else ""
    return MonitoringSettings(keep, settings.canary_person, url)


def _tokens(path: Path | None) -> TokenBook:
    try:
        return TokenBook.from_file(path)
    except TokenError as error:
        raise RunError(str(error), 2) from error


def run_until_stopped(settings: Settings, secrets: KnownSecrets, parts: AppParts | None = None) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reloads the fleet file. Raises RunError. `parts`: of whoever measures it."""
    secrets.learn(secrets_in(settings))
    tell_held_back = configure_logs(settings.log_level, secrets)
    raise_descriptor_limit()
    try:
        holder = FleetHolder(settings.fleet, secrets)
        app = App(replace(setup_of(settings, holder, secrets), on_fleet=lambda: _reload(holder, app)), parts)
    except FleetErrors as errors:
        raise RunError(describe_problems(errors), 2) from errors
    except StoreError as error:
        raise RunError(str(error), 3) from error
    _refuse_what_raises(holder, app)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, lambda *_: _reload(holder, app))
    try:
        app.start()
    except ServerError as error:
        app.stop()
        raise RunError(str(error), 3) from error
    log.info("the bot is running", url=app.url)
    while not stop.wait(A_MINUTE):
        tell_held_back()
    log.info("the bot is stopping")
    app.stop()


def _refuse_what_raises(holder: FleetHolder, app: App) -> None:
    """A start is no way around a reload: both are compared with the file that was last in force. Raises RunError."""
    if raised := app.let_in_fleet(holder.get()):
        app.stop()
        raise RunError(
            "\n".join(["The fleet file would raise what two people have to raise; nothing was started.", *raised]), 2
        )


_reloading = threading.RLock()
"""A signal and another replica's word may ask for it at once."""


def _reload(holder: FleetHolder, app: App) -> None:
    with _reloading:
        problems, raised = holder.reload(app.let_in_fleet)
        if problems or raised:
            problems = problems or "\n".join(raised)
            log.error("the fleet file is refused, the old one stays in force", problems=problems)
            return
        app.adopt_fleet()
    log.info("the fleet file is in force")


def ask_to_reload(settings: Settings) -> str:
    """Ask every process that runs on this database; returns what was done. Raises RunError where none does."""
    path = sqlite_path(settings.database_url)
    if path is None:
        return _ask_replicas(settings)
    holder = holder_of(path)
    if holder is None:
        raise RunError(NOBODY, 3)
    os.kill(holder, signal.SIGHUP)
    return f"{settings.fleet} is being read again by process {holder}."


NOBODY = "No Stepdown is running on this database."


def _ask_replicas(settings: Settings) -> str:
    """Each replica reads the fleet file of its own host."""
    try:
        store = SqlStore.open(settings.database_url, alone=False)
    except StoreError as error:
        raise RunError(str(error), 3) from error
    try:
        alive, _ = store.report(Replica("", "", 0), 0.0)
        if not alive:
            raise RunError(NOBODY, 3)
        store.announce("fleet")
    finally:
        store.close()
    return f"The fleet file is being read again by {', '.join(f'{one.host} ({one.pid})' for one in alive)}."
