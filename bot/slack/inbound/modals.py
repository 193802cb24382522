"""The form for what a command or click left out: one modal, built from the verb's own arguments, the rest prefilled.

It holds ids and addresses only; who submits it is looked up again, and the present state is read again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from slackblocks import (
    Block,
    DatePicker,
    Element,
    InputBlock,
    ModalView,
    Option,
    PlainTextInput,
    SectionBlock,
    StaticSelectMenu,
    Text,
    TextType,
    TimePicker,
    UserMultiSelectMenu,
    UserSelectMenu,
)

from bot.core.model.fleet import Fleet
from bot.slack.commands.roots import verb
from bot.slack.commands.verbs import SEVERITIES, Argument, ParsedCommand
from bot.slack.text import clip, plain, whole

CALLBACK: Final = "form"
MOST_INPUT: Final = 3_000
MOST_OPTIONS: Final = 100
MOST_TITLE: Final = 24
AGENT: Final = Argument("SUBJECT", "agent", "Which agent?")
"""Asked for where neither words nor channel say it."""
HIDDEN: Final = frozenset({"ID"})
"""Arguments that a button gave and that mean nothing to a person."""
LONGEST_URL: Final = 500
LONGEST_NAME: Final = 200
SPANS: Final = ("30m", "1h", "2h", "4h", "8h", "1d")
"""What a form offers where a time is asked for; the typed command takes any."""

Json = dict[str, Any]
Choice = tuple[str, str]
"""What is sent, and what is shown for it."""


@dataclass(frozen=True, slots=True)
class FormPlace:
    """Where something was said or tapped on a card (`tapped`; `home`: on the home tab), and by whom.

    `response_url` and `channel` may be empty.
    """

    user: str
    team: str
    channel: str
    response_url: str = ""
    trigger_id: str = ""
    tapped: bool = False
    home: bool = False


def form(said: ParsedCommand, place: FormPlace, fleet: Fleet, steps: Sequence[Choice] = ()) -> Json:
    """The modal that asks for what is missing. Raises slackblocks' error where a limit is passed.

    `steps`: (id, title) of what a step may be chosen from.
    """
    blocks: list[Block] = [SectionBlock(_text(_about(said, dict(steps))), block_id="about")]
    hidden = {}
    if said.verb.about == "agent" and not said.subject and not place.channel:
        blocks.append(_input(AGENT, "", fleet, ()))
    for argument in said.verb.arguments:
        given = said.value(argument.name)
        if given and (argument.sort == "step" or argument.name in HIDDEN):
            hidden[argument.name] = given
        else:
            blocks.append(_input(argument, given, fleet, steps))
    view = ModalView(
        title=_text(clip(said.verb.name.capitalize(), MOST_TITLE)),
        blocks=blocks,
        submit=_text("Send"),
        close=_text("Not now"),
        callback_id=CALLBACK,
        private_metadata=_metadata(said, place, hidden),
    )
    return view.to_dict()


def _about(said: ParsedCommand, steps: Mapping[str, str]) -> str:
    """What is about to be done, and to which step where a button named it."""
    subject = said.subject if said.verb.root != "incident" else f"INC-{int(said.subject):04d}" if said.subject else ""
    aim = f"{subject}: " if subject else ""
    step = next((said.value(one.name) for one in said.verb.arguments if one.sort == "step"), "")
    title = f"\n{steps[step]}" if step in steps else ""
    return plain(f"{aim}{said.verb.does}{title}", 500, lines=True)


def _metadata(said: ParsedCommand, place: FormPlace, hidden: Mapping[str, str]) -> str:
    kept = {
        "verb": [said.verb.root, said.verb.name],
        "subject": said.subject[:LONGEST_NAME],
        "hidden": dict(hidden),
        "channel": place.channel,
        "url": place.response_url if len(place.response_url) <= LONGEST_URL else "",
    }
    return json.dumps(kept)


def _input(argument: Argument, given: str, fleet: Fleet, steps: Sequence[Choice]) -> InputBlock:
    return InputBlock(
        _text(argument.label),
        _element(argument, given, fleet, steps),
        block_id=argument.name,
        hint=_text(argument.hint) if argument.hint else None,
        optional=not argument.required,
    )


def _element(argument: Argument, given: str, fleet: Fleet, steps: Sequence[Choice]) -> Element:
    choices: Mapping[str, Sequence[str]] = {
        "severity": SEVERITIES,
        "span": SPANS,
        "agent": tuple(fleet.agents),
        "rung": fleet.ladder.names(),
    }
    if argument.sort == "person":
        return UserSelectMenu(placeholder=_text("Choose a person"), action_id="value", initial_user=given or None)
    if argument.sort == "date":
        return DatePicker(action_id="value", placeholder=_text("Choose a day"))
    if argument.sort == "until":
        return TimePicker(action_id="value", placeholder=_text("Choose a time"))
    if argument.sort == "people":
        return UserMultiSelectMenu(placeholder=_text("Choose people"), action_id="value")
    options = argument.choices or choices.get(argument.sort, ())
    if given and given not in options and argument.sort == "span":
        options = (*options, given)
    pairs = steps[:MOST_OPTIONS] if argument.sort == "step" else [(name, name) for name in options]
    if 0 < len(pairs) <= MOST_OPTIONS:
        return _select(pairs, given)
    long = argument.sort == "long"
    return PlainTextInput(
        action_id="value", multiline=long, max_length=MOST_INPUT, initial_value=given[:MOST_INPUT] or None
    )


def _select(options: Sequence[Choice], given: str) -> StaticSelectMenu:
    listed = [Option(_text(plain(title, 75)), value[:150]) for value, title in options]
    chosen = next(
        (one for one, (value, _) in zip(listed, options, strict=True) if value.casefold() == given.casefold()), None
    )
    return StaticSelectMenu(placeholder=_text("Choose one"), action_id="value", options=listed, initial_option=chosen)


def _text(text: str) -> Text:
    return Text(text, type_=TextType.PLAINTEXT, emoji=False)


def submitted(view: Json, user: str, team: str) -> tuple[ParsedCommand, FormPlace]:
    """What a submitted form says. Raises ValueError or KeyError for a form that is not ours."""
    kept = json.loads(view["private_metadata"])
    root, name = kept["verb"]
    values: dict[str, str] = {
        **kept["hidden"],
        **{block: _value(state) for block, state in view["state"]["values"].items()},
    }
    said = ParsedCommand(
        verb(root, name),
        values.pop(AGENT.name, "") or str(kept["subject"]),
        tuple((name, value) for name, value in values.items() if value),
    )
    return said, FormPlace(user, team, str(kept["channel"]), str(kept["url"]))


def _picked(element: Mapping[str, Any]) -> str:
    return str(element.get("selected_date") or element.get("selected_time") or "")


def _value(state: Mapping[str, Any]) -> str:
    """The value of the one element of an input block."""
    element = next(iter(state.values()))
    option = element.get("selected_option") or {}
    if element.get("selected_users"):
        return " ".join(f"<@{user}>" for user in element["selected_users"])
    return whole(
        str(element.get("value") or option.get("value") or element.get("selected_user") or _picked(element))
    ).strip()
