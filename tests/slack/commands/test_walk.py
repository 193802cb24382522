"""Every command and every button, found in the manifest and on the cards: each with a listener, help, and a rule."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from slack_bolt import BoltRequest

from bot.core.incident import permissions
from bot.core.model.fleet import Agent
from bot.core.model.people import Actor
from bot.slack import Slack, blocks, build_slack, ids
from bot.slack.blocks.home import home_view
from bot.slack.commands import help_text, parser
from bot.slack.commands.roots import ROOTS, VERBS
from bot.slack.commands.verbs import WHO_MAY, ParsedCommand, Verb
from bot.slack.inbound import modals
from bot.slack.inbound.actions import ACTIONS, clicked
from bot.slack.inbound.modals import FormPlace
from bot.slack.manifest import manifest
from tests.slack.recording_commands import RecordedCommands, commands
from tests.slack.setup import FLEET, realistic

PLACE = FormPlace("U0ANA", "T0LOCAL", "C0ROOM", trigger_id="t")
SUBJECTS = {"incident": "42", "agent": "refunds", "nothing": ""}
EXAMPLES = {
    "person": "<@U0BEN>",
    "rung": "read-only",
    "role": "lead",
    "severity": "1",
    "step": "1",
    "span": "2h",
    "until": "09:00",
    "date": "2026-12-01",
}
NOBODY = Actor("eve", "Eve", "U0EVE", responder=False)


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    made = build_slack(commands(RecordedCommands()), lambda: FLEET, bot_token="xoxb-local-x", app_token="xapp-local-x")
    yield made
    made.inbound.drain()


def listened(slack: Slack, body: Mapping[str, Any]) -> bool:
    """Whether a listener of the app takes this payload; it is not run."""
    app = slack.connection._app
    asked = BoltRequest(mode="socket_mode", body=dict(body))
    return any(
        all(matcher.matches(asked, None) for matcher in listener.matchers)  # type: ignore[arg-type]
        for listener in app._listeners
    )


def elements(part: object) -> Iterator[dict[str, Any]]:
    """Everything in the blocks that can be tapped or chosen."""
    if isinstance(part, dict):
        if "action_id" in part and part.get("type") in ("button", "overflow", "static_select", "users_select"):
            yield part
        for value in part.values():
            yield from elements(value)
    elif isinstance(part, list | tuple):
        for one in part:
            yield from elements(one)


def shown() -> dict[str, dict[str, Any]]:
    """Action id -> one element, from every card as a message and the home tab as a view; forms send no clicks."""
    found: dict[str, dict[str, Any]] = {}
    for card in realistic().values():
        for element in elements(list(blocks.draw(card).blocks)):
            found[element["action_id"]] = element
        if type(card).__name__ == "HomeCard":
            for element in elements(home_view(card)["blocks"]):  # type: ignore[arg-type]
                found[element["action_id"]] = element
    return found


BUTTONS = shown()


def values(element: Mapping[str, Any]) -> list[str]:
    return [element["value"]] if "value" in element else [one["value"] for one in element.get("options", [])]


def spoken(verb: Verb) -> str:
    """What help says to type, with an example in each place; what may be left out is."""
    line = help_text.typed(ROOTS[verb.root], verb).split(" ", 1)
    text = re.sub(r"\[[^\]]*\]", "", line[1] if len(line) > 1 else "").replace("AGENT", "refunds")
    for argument in verb.arguments:
        if argument.required and argument.typed:
            text = text.replace(argument.usage, EXAMPLES.get(argument.sort, "word"), 1)
    return " ".join(text.split())


def of(verb: Verb) -> str:
    return f"{verb.root} {verb.name}"


def test_the_walk_finds_what_there_is() -> None:
    assert set(BUTTONS) == set(ACTIONS)
    assert len(VERBS) > 40
    assert {f"/{root}" for root in ROOTS} == {one["command"] for one in manifest()["features"]["slash_commands"]}


def test_who_may_not_respond_is_offered_no_drill() -> None:
    homes = {name: list(elements(home_view(card)["blocks"])) for name, card in realistic().items() if "home" in name}  # type: ignore[arg-type]
    offered = {name: any(one["action_id"] == ids.tabletop("start") for one in found) for name, found in homes.items()}
    assert offered == {"home": True, "home-calm": False}


@pytest.mark.parametrize("command", [one["command"] for one in manifest()["features"]["slash_commands"]])
def test_a_command_of_the_manifest_has_a_listener_and_help(slack: Slack, command: str) -> None:
    assert listened(slack, {"command": command, "text": "", "user_id": "U0ANA"})
    root = command.strip("/")
    assert help_text.help_lines(root)


@pytest.mark.parametrize("shortcut", manifest()["features"]["shortcuts"], ids=lambda one: one["callback_id"])
def test_a_shortcut_of_the_manifest_has_a_listener(slack: Slack, shortcut: Mapping[str, str]) -> None:
    kind = "message_action" if shortcut["type"] == "message" else "shortcut"
    assert listened(slack, {"type": kind, "callback_id": shortcut["callback_id"], "user": {"id": "U0ANA"}})


@pytest.mark.parametrize("event", manifest()["settings"]["event_subscriptions"]["bot_events"])
def test_an_event_of_the_manifest_has_a_listener(slack: Slack, event: str) -> None:
    assert listened(slack, {"type": "event_callback", "event": {"type": event, "user": "U0ANA"}})


@pytest.mark.parametrize("action", BUTTONS)
def test_a_button_has_a_listener_a_meaning_help_and_a_rule(slack: Slack, action: str) -> None:
    element = BUTTONS[action]
    clicks = [{"type": "button", "action_id": action, "block_id": "b", "value": value} for value in values(element)]
    assert clicks
    for click in clicks:
        body = {"type": "block_actions", "user": {"id": "U0ANA"}, "actions": [click], "container": {}}
        assert listened(slack, body)
        verb = clicked(click).verb
        assert verb in VERBS
        assert verb.does
        assert verb.rule in WHO_MAY


@pytest.mark.parametrize("verb", VERBS, ids=of)
def test_a_verb_has_help_a_rule_and_a_form_with_a_listener(slack: Slack, verb: Verb) -> None:
    root = ROOTS[verb.root]
    assert (help_text.typed(root, verb), verb.does) in help_text.help_lines(root.name)
    assert verb.does
    assert verb.rule in WHO_MAY
    view = modals.form(ParsedCommand(verb, SUBJECTS[verb.about]), PLACE, FLEET)
    assert listened(slack, {"type": "view_submission", "view": view, "user": {"id": "U0ANA"}})
    names = [verb.name, *verb.aliases]
    others = [name for one in root.verbs if one is not verb for name in (one.name, *one.aliases)]
    assert not set(names) & set(others), "a word means one thing"


@pytest.mark.parametrize("verb", VERBS, ids=of)
def test_what_help_says_to_type_means_the_verb(verb: Verb) -> None:
    assert parser.parse(verb.root, spoken(verb)).verb is verb, spoken(verb)


@pytest.mark.parametrize("rule", [rule for rule in WHO_MAY if rule not in ("anybody", "may_restore")])
def test_a_rule_is_a_function_that_refuses_an_outsider_and_says_who_could(rule: str) -> None:
    refused = getattr(permissions, rule)(NOBODY, Agent("refunds", "ana", deputy="bo"))
    assert refused == "Eve is not among the responders of refunds. ana, bo could."
