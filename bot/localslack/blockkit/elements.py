"""Composition objects and the elements that stand inside blocks, as one table from type to rule."""

from bot.localslack.blockkit.rules import (
    Report,
    Rule,
    address,
    anything,
    array,
    at_least_one,
    boolean,
    both,
    exactly_one,
    number,
    one_of,
    pattern,
    shape,
    string,
    tagged,
)

ACTION_ID = string(255)
DAY = pattern(r"\d{4}-\d{2}-\d{2}", "a date as YYYY-MM-DD")
MINUTE = pattern(r"([01]\d|2[0-3]):[0-5]\d", "a time as HH:mm")


def plain(most: int) -> Rule:
    """A plain_text object."""
    return tagged({"plain_text": shape({"text": string(most)}, {"emoji": boolean})})


def text(most: int) -> Rule:
    """A plain_text or mrkdwn object."""
    return tagged(
        {
            "plain_text": shape({"text": string(most)}, {"emoji": boolean}),
            "mrkdwn": shape({"text": string(most)}, {"verbatim": boolean}),
        }
    )


CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
_OPTION_EXTRAS = {"description": text(75), "url": address()}
OPTION = shape({"text": text(75), "value": string(150)}, _OPTION_EXTRAS)
PLAIN_OPTION = shape({"text": plain(75), "value": string(150)}, _OPTION_EXTRAS)
GROUP = shape({"label": plain(75), "options": array(PLAIN_OPTION, 100)})
DISPATCH = shape({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)})
FILTER = both(
    shape(
        {},
        {
            "include": array(one_of("im", "mpim", "private", "public"), 4),
            "exclude_external_shared_channels": boolean,
            "exclude_bot_users": boolean,
        },
    ),
    at_least_one("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
SLACK_FILE = both(shape({}, {"id": string(), "url": address()}), exactly_one("id", "url"))
IMAGE_FIELDS = {"image_url": address(3000), "slack_file": SLACK_FILE}

_PICK = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
_PLACEHOLDER = {"placeholder": plain(150)}
_SELECT = _PICK | _PLACEHOLDER
_MULTI = _SELECT | {"max_selected_items": number(1)}
_TYPED = {
    "action_id": ACTION_ID,
    "focus_on_load": boolean,
    "dispatch_action_config": DISPATCH,
    **_PLACEHOLDER,
}
_STATIC = {"options": array(PLAIN_OPTION, 100), "option_groups": array(GROUP, 100)}


def _choices(rule: Rule, most: int) -> Rule:
    fields = _PICK | {"initial_options": array(rule, most)}
    return shape({"options": array(rule, most)}, fields)


def _static(multi: bool) -> Rule:
    initial = {"initial_options": array(PLAIN_OPTION, 100)} if multi else {"initial_option": PLAIN_OPTION}
    fields = shape({}, (_MULTI if multi else _SELECT) | _STATIC | initial)
    return both(fields, exactly_one("options", "option_groups"), _initial_is_an_option)


def _initial_is_an_option(value: object, at: str, report: Report) -> None:
    """What is preselected must be among the options."""
    if not isinstance(value, dict):
        return
    groups = value.get("option_groups") or [{"options": value.get("options") or []}]
    offered = [option for group in groups if isinstance(group, dict) for option in group.get("options") or []]
    preset = value.get("initial_options") or [value.get("initial_option")]
    known = {option.get("value") for option in offered if isinstance(option, dict)}
    for option in preset if isinstance(preset, list) else []:
        if isinstance(option, dict) and option.get("value") not in known:
            report.say("initial_option must be one of the options", at)


def _ids(field: str, multi: bool, **extra: Rule) -> Rule:
    initial = {f"initial_{field}s": array(string(), 100)} if multi else {f"initial_{field}": string()}
    return shape({}, (_MULTI if multi else _SELECT) | initial | extra)


def _external(multi: bool) -> Rule:
    initial = {"initial_options": array(PLAIN_OPTION, 100)} if multi else {"initial_option": PLAIN_OPTION}
    return shape({}, (_MULTI if multi else _SELECT) | initial | {"min_query_length": number(0)})


_WHICH = {"default_to_current_conversation": boolean, "filter": FILTER}
RICH_VALUE = shape({"elements": array(anything, 100)})
_FEEDBACK = shape({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})

ELEMENTS: dict[str, Rule] = {
    "button": shape(
        {"text": plain(75)},
        {
            "action_id": ACTION_ID,
            "url": address(3000),
            "value": string(2000, 0),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": array(string(), 10),
            "agent_prompt": string(4000),
        },
    ),
    "icon_button": shape(
        {"icon": one_of("trash"), "text": plain(75)},
        {
            "action_id": ACTION_ID,
            "value": string(2000, 0),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": array(string(), 10),
        },
    ),
    "workflow_button": shape(
        {
            "text": plain(75),
            "workflow": shape(
                {
                    "trigger": shape(
                        {"url": address()},
                        {"customizable_input_parameters": array(shape({"name": string(), "value": string()}), 100)},
                    )
                }
            ),
        },
        {"action_id": ACTION_ID, "style": one_of("primary", "danger"), "accessibility_label": string(75)},
    ),
    "feedback_buttons": shape({"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": ACTION_ID}),
    "checkboxes": _choices(OPTION, 10),
    "radio_buttons": shape({"options": array(OPTION, 10)}, _PICK | {"initial_option": OPTION}),
    "overflow": shape({"options": array(PLAIN_OPTION, 5)}, {"action_id": ACTION_ID, "confirm": CONFIRM}),
    "datepicker": shape({}, _SELECT | {"initial_date": DAY}),
    "timepicker": shape({}, _SELECT | {"initial_time": MINUTE, "timezone": string()}),
    "datetimepicker": shape({}, _PICK | {"initial_date_time": number(1_000_000_000, 9_999_999_999)}),
    "plain_text_input": shape(
        {},
        _TYPED
        | {
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
        },
    ),
    "email_text_input": shape({}, _TYPED | {"initial_value": string(3000, 0)}),
    "url_text_input": shape({}, _TYPED | {"initial_value": string(3000, 0)}),
    "number_input": shape(
        {"is_decimal_allowed": boolean},
        _TYPED | {"initial_value": string(), "min_value": string(), "max_value": string()},
    ),
    "rich_text_input": shape(
        {},
        _TYPED
        | {
            "initial_value": RICH_VALUE,
            "min_lines": number(1, 100),
            "max_lines": number(1, 100),
        },
    ),
    "file_input": shape({}, {"action_id": ACTION_ID, "filetypes": array(string(), 100), "max_files": number(1, 10)}),
    "static_select": _static(multi=False),
    "multi_static_select": _static(multi=True),
    "external_select": _external(multi=False),
    "multi_external_select": _external(multi=True),
    "users_select": _ids("user", multi=False),
    "multi_users_select": _ids("user", multi=True),
    "channels_select": _ids("channel", multi=False, response_url_enabled=boolean),
    "multi_channels_select": _ids("channel", multi=True),
    "conversations_select": _ids("conversation", multi=False, response_url_enabled=boolean, **_WHICH),
    "multi_conversations_select": _ids("conversation", multi=True, **_WHICH),
    "image": both(shape({"alt_text": string(2000)}, IMAGE_FIELDS), exactly_one("image_url", "slack_file")),
    "url_source": shape({"url": address(), "text": string()}),
    "plain_text": plain(3000),
    "mrkdwn": text(3000),
}

_SELECTS = (
    *("static_select", "external_select", "users_select", "channels_select", "conversations_select"),
    *("multi_static_select", "multi_external_select", "multi_users_select"),
    *("multi_channels_select", "multi_conversations_select"),
)
IN_ACTIONS = (
    *("button", "workflow_button", "icon_button", "checkboxes", "radio_buttons", "overflow"),
    *("datepicker", "timepicker", "datetimepicker", *_SELECTS),
)
IN_SECTION = (
    *("button", "workflow_button", "checkboxes", "radio_buttons", "overflow"),
    *("datepicker", "timepicker", "image", *_SELECTS),
)
IN_INPUT = (
    *("checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker"),
    *("plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"),
    *("file_input", *_SELECTS),
)
