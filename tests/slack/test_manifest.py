"""The manifest says what the code does: every command, shortcut, event and scope, and nothing besides."""

import json
import re
from pathlib import Path

import pytest

import bot.slack
from bot.localslack.methods import METHODS
from bot.localslack.state import manifest as local_manifest
from bot.slack import build_slack, manifest
from bot.slack.commands.roots import ROOTS
from bot.slack.inbound.actions import ACTIONS
from bot.slack.manifest import EVENTS, OPTIONAL_SCOPES, SCOPES
from tests.slack.recording_commands import RecordedCommands, commands
from tests.slack.setup import FLEET


def test_the_local_slack_takes_it() -> None:
    taken = local_manifest.parse(manifest("sd-"))
    assert [one.command for one in taken.commands] == ["/sd-incident", "/sd-autonomy", "/sd-agent", "/sd-tabletop"]
    assert set(taken.scopes) == set(SCOPES) | set(OPTIONAL_SCOPES)


@pytest.mark.parametrize("prefix", ["", "sd-"])
def test_every_command_it_declares_has_a_listener(prefix: str) -> None:
    made = build_slack(
        commands(RecordedCommands()), lambda: FLEET, bot_token="xoxb-local-x", app_token="xapp-local-x", prefix=prefix
    )
    matchers = [listener.matchers for listener in made.connection._app._listeners]
    declared = manifest(prefix)
    every_form, every_other_button = 1, 1
    expected = len(ROOTS) + len(ACTIONS) + len(declared["features"]["shortcuts"]) + len(EVENTS)
    expected += every_form + every_other_button
    assert len(matchers) == expected
    made.inbound.drain()


def test_it_is_inside_slacks_limits() -> None:
    made = manifest()
    information = made["display_information"]
    assert len(information["name"]) <= 35
    assert len(information["description"]) <= 140
    for command in made["features"]["slash_commands"]:
        assert len(command["command"]) <= 32
        assert command["should_escape"], "user ids are the only reliable reference to people"
    assert all(len(shortcut["name"]) <= 24 for shortcut in made["features"]["shortcuts"])
    assert made["_metadata"]["major_version"] == 2
    json.dumps(made)


def test_every_scope_has_a_reason_and_none_stands_twice() -> None:
    assert not set(SCOPES) & set(OPTIONAL_SCOPES)
    assert all(reason for reason in (*SCOPES.values(), *OPTIONAL_SCOPES.values()))
    assert set(EVENTS.values()) - {""} <= set(SCOPES) | set(OPTIONAL_SCOPES)


def test_in_http_mode_everything_comes_to_one_address() -> None:
    made, address = manifest("sd-", http_url="https://bot.example.com/"), "https://bot.example.com/slack/events"
    assert {command["url"] for command in made["features"]["slash_commands"]} == {address}
    settings = made["settings"]
    assert settings["socket_mode_enabled"] is False
    assert settings["event_subscriptions"]["request_url"] == settings["interactivity"]["request_url"] == address
    assert settings["event_subscriptions"]["bot_events"] == list(EVENTS)
    assert "request_url" not in json.dumps(manifest())
    local_manifest.parse(made)


def test_every_method_the_bot_calls_has_its_scope_in_the_manifest() -> None:
    """What each method needs is the local Slack's own table, taken from Slack's reference."""
    text = "\n".join(file.read_text() for file in Path(bot.slack.__file__).parent.rglob("*.py"))
    called = set(re.findall(r"client\.([a-z]+_[A-Za-z_]+)", text))
    methods = {name.replace(".", "_"): found for name, found in METHODS.items()}
    asked = {name: methods[name].scope for name in called if name in methods}
    assert {"chat_postMessage", "files_completeUploadExternal", "bookmarks_list"} <= set(asked)
    missing = {name: scope for name, scope in asked.items() if isinstance(scope, str) and not granted(scope)}
    assert not missing


def granted(scope: str) -> bool:
    return scope in SCOPES or scope in OPTIONAL_SCOPES


def test_the_local_slack_without_a_manifest_grants_what_stepdown_asks_for() -> None:
    """`docs/local-slack.md`, "The manifest". It shares no code with the bot, so its list is its own."""
    assert {*SCOPES, *OPTIONAL_SCOPES} <= set(local_manifest.DEFAULT_SCOPES)
