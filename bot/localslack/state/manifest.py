"""What an app's own manifest (schema v2) grants it: scopes, commands, shortcuts and events.

Source: Slack's app manifest reference. An app without one may use every method here.
"""

import json
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.localslack.state.refusal import Json

DEFAULT_SCOPES = (
    "commands",
    "chat:write",
    "channels:manage",
    "channels:read",
    "channels:history",
    "channels:join",
    "im:write",
    "im:history",
    "users:read",
    "users:read.email",
    "usergroups:read",
    "app_mentions:read",
    "files:write",
    "pins:read",
    "pins:write",
    "bookmarks:read",
    "bookmarks:write",
    "reactions:write",
    "canvases:write",
    "groups:read",
    "groups:write",
    "groups:history",
    "chat:write.public",
    "dnd:read",
    "reactions:read",
    "canvases:read",
    "channels:write.invites",
    "channels:write.topic",
    "chat:write.customize",
    "emoji:read",
    "files:read",
    "im:read",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "team:read",
)
"""Every scope that something here asks for."""
MOST_COMMANDS = 50
LONGEST_NAME = 35


class ManifestError(ValueError):
    """A manifest that Slack would not take; the text says where and what is allowed."""


@dataclass(frozen=True)
class Command:
    """A slash command. `should_escape` turns names into `<@U…|name>` in the text the app gets."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True)
class Shortcut:
    """A shortcut of kind `global` (the bolt menu) or `message` (a message's menu)."""

    name: str
    callback_id: str
    kind: str


@dataclass(frozen=True)
class Manifest:
    """What the app may do. `events` of None means: no manifest was given, so every event is sent."""

    name: str = "Local app"
    display_name: str | None = None
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    events: frozenset[str] | None = None
    given: bool = False
    raw: Json = field(default_factory=dict)

    def subscribes(self, event: str) -> bool:
        """Whether the app asked for this kind of event."""
        return self.events is None or event in self.events

    def command(self, name: str) -> Command | None:
        """The declared command; without a manifest any command exists, as the app may listen to it."""
        if not self.given:
            return Command(name)
        return next((command for command in self.commands if command.command == name), None)


def read_text(path: Path) -> Any:  # noqa: ANN401  whatever the document holds; the caller checks it
    """A JSON or YAML document; `ValueError` says in one line where it does not parse."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read: {error}") from error
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    try:
        return YAML(typ="safe").load(StringIO(text))
    except YAMLError as error:
        raise ValueError(f"{path}: not YAML: {' '.join(str(error).split())}") from error


def load(path: Path) -> Manifest:
    """The manifest in a JSON or YAML file, or `ManifestError`."""
    try:
        return parse(read_text(path))
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from error
    except ValueError as error:
        raise ManifestError(str(error)) from error


def parse(raw: object) -> Manifest:
    """A manifest from its mapping; every complaint names the key."""
    document = _mapping(raw, "the manifest")
    features = _mapping(document.get("features", {}), "features")
    settings = _mapping(document.get("settings", {}), "settings")
    oauth = _mapping(document.get("oauth_config", {}), "oauth_config")
    scopes = _mapping(oauth.get("scopes", {}), "oauth_config.scopes")
    subscriptions = _mapping(settings.get("event_subscriptions", {}), "settings.event_subscriptions")
    events = "settings.event_subscriptions.bot_events"
    bot_user = _mapping(features.get("bot_user", {}), "features.bot_user")
    return Manifest(
        name=_name(document),
        display_name=bot_user.get("display_name"),
        scopes=tuple(dict.fromkeys(_scopes(scopes))),
        commands=tuple(_commands(features)),
        shortcuts=tuple(_shortcuts(features)),
        events=frozenset(_strings(subscriptions.get("bot_events", []), events)),
        given=True,
        raw=document,
    )


def _name(document: Json) -> str:
    information = _mapping(document.get("display_information"), "display_information")
    name = information.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise ManifestError(f"display_information.name must be 1 to {LONGEST_NAME} characters, found {name!r}")
    return name


def _scopes(scopes: Json) -> list[str]:
    bot = _strings(scopes.get("bot", []), "oauth_config.scopes.bot")
    return bot + _strings(scopes.get("bot_optional", []), "oauth_config.scopes.bot_optional")


def _commands(features: Json) -> list[Command]:
    found = _list(features.get("slash_commands", []), "features.slash_commands")
    if len(found) > MOST_COMMANDS:
        raise ManifestError(f"features.slash_commands: {len(found)} commands, at most {MOST_COMMANDS}")
    return [_command(entry, f"features.slash_commands[{n}]") for n, entry in enumerate(found)]


def _command(raw: object, where: str) -> Command:
    entry = _mapping(raw, where)
    name = entry.get("command")
    if not isinstance(name, str) or not name.startswith("/") or " " in name:
        raise ManifestError(f"{where}.command must start with / and hold no space, found {name!r}")
    return Command(
        command=name,
        description=str(entry.get("description", "")),
        usage_hint=str(entry.get("usage_hint", "")),
        should_escape=bool(entry.get("should_escape", False)),
    )


def _shortcuts(features: Json) -> list[Shortcut]:
    found = _list(features.get("shortcuts", []), "features.shortcuts")
    return [_shortcut(entry, f"features.shortcuts[{n}]") for n, entry in enumerate(found)]


def _shortcut(raw: object, where: str) -> Shortcut:
    entry = _mapping(raw, where)
    for key in ("name", "callback_id"):
        if not isinstance(entry.get(key), str):
            raise ManifestError(f"{where}.{key} must be text, found {entry.get(key)!r}")
    if entry.get("type") not in {"global", "message"}:
        raise ManifestError(f"{where}.type must be global or message, found {entry.get('type')!r}")
    return Shortcut(entry["name"], entry["callback_id"], entry["type"])


def _mapping(raw: object, where: str) -> Json:
    if not isinstance(raw, dict):
        raise ManifestError(f"{where} must be a mapping, found {type(raw).__name__}")
    return raw


def _list(raw: object, where: str) -> list[object]:
    if not isinstance(raw, list):
        raise ManifestError(f"{where} must be a list, found {type(raw).__name__}")
    return raw


def _strings(raw: object, where: str) -> list[str]:
    found = _list(raw, where)
    for entry in found:
        if not isinstance(entry, str):
            raise ManifestError(f"{where} must hold text only, found {entry!r}")
    return [str(entry) for entry in found]
