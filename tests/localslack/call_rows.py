"""Calls that Slack accepts: method of the SDK's client, arguments, and what the answer must hold.

`$name` stands for something `ground.Ground` makes; `...` for any value that is there.
"""

# ruff: noqa: E501  tables of calls read best one call a line

from typing import Any, NamedTuple

from tests.localslack.setup import actions, button, entry, modal, plain, section

Json = dict[str, Any]


class Row(NamedTuple):
    method: str
    arguments: Json
    expected: Json
    what: str = ""


GEN = {"channel": "C0GEN"}
META = {"event_type": "effect", "event_payload": {"effect": "e-9", "n": 1}}
OPTION = {"text": plain("One"), "value": "one"}
OPTIONS = [OPTION, {"text": plain("Two"), "value": "two"}]
LINE = {
    "type": "line",
    "series": [{"name": "a", "data": [{"label": "x", "value": 1}]}],
    "axis_config": {"categories": ["x"]},
}
CELL = {"type": "raw_text", "text": "c"}
IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "t"}]}]}

# One of each block a message takes.
MESSAGE_BLOCKS: dict[str, Json] = {
    "section": section("s", fields=[plain("f")], accessory=button("a")),
    "section image": section("s", accessory=IMAGE),
    "header": {"type": "header", "text": plain("h")},
    "divider": {"type": "divider"},
    "image": IMAGE | {"title": plain("t")},
    "context": {"type": "context", "elements": [plain("c"), IMAGE, {"type": "mrkdwn", "text": "m"}]},
    "actions": actions(button("a"), button("b", style="danger", value="1")),
    "input": entry("i", "t"),
    "rich_text": RICH,
    "markdown": {"type": "markdown", "text": "**m**"},
    "table": {"type": "table", "rows": [[CELL, CELL], [CELL, RICH]], "column_settings": [{"align": "right"}]},
    "data_table": {"type": "data_table", "caption": "c", "rows": [[CELL], [{"type": "raw_number", "value": 1, "text": "1"}]]},
    "chart": {"type": "data_visualization", "title": "t", "chart": LINE},
    "pie": {"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": [{"label": "x", "value": 2}]}},
    "card": {"type": "card", "title": plain("c"), "actions": [button("a")]},
    "carousel": {"type": "carousel", "elements": [{"type": "card", "body": plain("c")}]},
    "container": {"type": "container", "title": plain("c"), "child_blocks": [section()]},
    "plan": {"type": "plan", "title": "p", "tasks": [{"task_id": "1", "title": "t", "status": "pending"}]},
    "task_card": {"type": "task_card", "task_id": "1", "title": "t", "status": "complete"},
    "context_actions": {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain("x")}]},
    "video": {"type": "video", "alt_text": "a", "title": plain("v"), "thumbnail_url": "https://example.com/t", "video_url": "https://example.com/v"},
}  # fmt: skip

# One of each element an actions block takes.
ELEMENTS: dict[str, Json] = {
    "static_select": {"type": "static_select", "options": OPTIONS, "initial_option": OPTION},
    "grouped select": {"type": "static_select", "option_groups": [{"label": plain("g"), "options": OPTIONS}]},
    "external_select": {"type": "external_select", "min_query_length": 0},
    "users_select": {"type": "users_select", "initial_user": "U0ANA", "placeholder": plain("p")},
    "channels_select": {"type": "channels_select"},
    "conversations_select": {"type": "conversations_select", "filter": {"include": ["public"]}},
    "multi_users_select": {"type": "multi_users_select", "max_selected_items": 2},
    "multi_static_select": {"type": "multi_static_select", "options": OPTIONS},
    "overflow": {"type": "overflow", "options": OPTIONS},
    "checkboxes": {"type": "checkboxes", "options": OPTIONS, "initial_options": [OPTION]},
    "radio_buttons": {"type": "radio_buttons", "options": OPTIONS},
    "datepicker": {"type": "datepicker", "initial_date": "2026-11-20"},
    "timepicker": {"type": "timepicker", "initial_time": "02:14"},
    "datetimepicker": {"type": "datetimepicker", "initial_date_time": 1_795_000_000},
    "confirm": button(
        "c", confirm={"title": plain("t"), "text": plain("s"), "confirm": plain("y"), "deny": plain("n")}
    ),
    "link button": button("l", url="https://example.com"),
    "shown to some": button("v", visible_to_user_ids=["U0ANA"]),
}

# One of each element an input block of a modal takes, besides those.
INPUTS: dict[str, Json] = {
    "plain_text_input": {"type": "plain_text_input", "multiline": True, "max_length": 10},
    "email_text_input": {"type": "email_text_input"},
    "url_text_input": {"type": "url_text_input"},
    "number_input": {"type": "number_input", "is_decimal_allowed": False, "min_value": "1"},
    "rich_text_input": {"type": "rich_text_input"},
    "file_input": {"type": "file_input", "max_files": 2},
}

CHAT = [
    Row("chat_postMessage", GEN | {"text": "hi"}, {"channel": "C0GEN", "message.text": "hi", "message.bot_id": "B0APP", "message.blocks.0.type": "rich_text"}),
    Row("chat_postMessage", {"channel": "general", "text": "hi"}, {"channel": "C0GEN"}, "by name"),
    Row("chat_postMessage", {"channel": "#general", "text": "hi"}, {"channel": "C0GEN"}, "by name with hash"),
    Row("chat_postMessage", {"channel": "U0ANA", "text": "hi"}, {"channel": "$dm"}, "to a user"),
    Row("chat_postMessage", {"channel": "$dm", "text": "hi"}, {"channel": "$dm"}, "to a direct message"),
    Row("chat_postMessage", {"channel": "$private", "text": "hi"}, {"ts": ...}, "to a private channel"),
    Row("chat_postMessage", GEN | {"text": "hi", "thread_ts": "$ts"}, {"message.thread_ts": "$ts"}, "reply"),
    Row("chat_postMessage", GEN | {"text": "hi", "thread_ts": "$reply"}, {"message.thread_ts": "$ts"}, "reply to a reply"),
    Row("chat_postMessage", GEN | {"text": "hi", "thread_ts": "$ts", "reply_broadcast": True}, {"message.subtype": "thread_broadcast"}, "broadcast"),
    Row("chat_postMessage", GEN | {"text": "hi", "metadata": META}, {"message.metadata.event_payload.effect": "e-9"}, "metadata"),
    Row("chat_postMessage", GEN | {"text": "x" * 40_001}, {"warning": "message_truncated", "message.text": "x" * 40_000}, "truncated"),
    Row("chat_postMessage", GEN | {"markdown_text": "**m**"}, {"message.blocks.0.type": "markdown"}, "markdown_text"),
    Row("chat_postMessage", GEN | {"attachments": [{"text": "a", "fallback": "a"}]}, {"message.attachments.0.text": "a"}, "attachments"),
    Row("chat_postMessage", GEN | {"text": "hi", "unfurl_links": False, "unfurl_media": False}, {"ts": ...}, "unfurl"),
    Row("chat_postMessage", GEN | {"blocks": [section("x" * 3000)]}, {"message.blocks.0.block_id": ...}, "longest section"),
    Row("chat_postMessage", GEN | {"blocks": [{"type": "divider"}] * 50}, {"message.blocks.#": 50}, "most blocks"),
    Row("chat_update", GEN | {"ts": "$ts", "text": "new"}, {"text": "new", "message.edited.user": "U0APP"}),
    Row("chat_update", GEN | {"ts": "$ts", "blocks": [section("b")]}, {"message.blocks.0.text.text": "b", "text": "first"}, "blocks only"),
    Row("chat_update", GEN | {"ts": "$ts", "text": "n", "metadata": META}, {"message.metadata.event_payload.n": 1}, "metadata"),
    Row("chat_update", GEN | {"ts": "$ts", "text": "n"}, {"message.metadata.event_payload.effect": "e-1"}, "keeps metadata"),
    Row("chat_update", GEN | {"ts": "$ts", "text": "x" * 4000}, {"text": "x" * 4000}, "longest"),
    Row("chat_delete", GEN | {"ts": "$ts"}, {"ts": "$ts"}),
    Row("chat_delete", GEN | {"ts": "$thread"}, {"ts": "$thread"}, "a parent"),
    Row("chat_postEphemeral", GEN | {"user": "U0ANA", "text": "psst"}, {"message_ts": ...}),
    Row("chat_postEphemeral", GEN | {"user": "U0ANA", "blocks": [section()]}, {"message_ts": ...}, "blocks"),
    Row("chat_postEphemeral", GEN | {"user": "U0ANA", "text": "psst", "thread_ts": "$ts"}, {"message_ts": ...}, "in a thread"),
    Row("chat_getPermalink", GEN | {"message_ts": "$ts"}, {"permalink": ..., "channel": "C0GEN"}),
    Row("chat_getPermalink", GEN | {"message_ts": "$reply"}, {"permalink": ...}, "of a reply"),
    Row("chat_scheduleMessage", GEN | {"text": "later", "post_at": "$later"}, {"scheduled_message_id": ..., "post_at": ...}),
    Row("chat_scheduledMessages_list", {}, {"scheduled_messages.#": 0}),
    Row("chat_deleteScheduledMessage", GEN | {"scheduled_message_id": "$scheduled"}, {"ok": True}),
    *(Row("chat_postMessage", GEN | {"blocks": [block]}, {"message.blocks.0.type": block["type"]}, name) for name, block in MESSAGE_BLOCKS.items()),
    *(Row("chat_postMessage", GEN | {"blocks": [actions(element)]}, {"message.blocks.0.elements.0.action_id": ...}, name) for name, element in ELEMENTS.items()),
]  # fmt: skip

VIEWS = [
    Row("views_open", {"trigger_id": "$trigger", "view": modal(section())}, {"view.id": ..., "view.type": "modal", "view.hash": ..., "view.state.values": {}}),
    Row("views_open", {"trigger_id": "$trigger", "view": modal(section(), private_metadata="p" * 3000)}, {"view.private_metadata": "p" * 3000}, "metadata"),
    Row("views_open", {"trigger_id": "$trigger", "view": modal(section(), submit=None)}, {"view.submit": None}, "nothing to send"),
    Row("views_open", {"trigger_id": "$trigger", "view": modal({"type": "alert", "text": plain("a"), "level": "warning"})}, {"view.blocks.0.type": "alert"}, "alert"),
    Row("views_open", {"trigger_id": "$trigger", "view": modal(*[{"type": "divider"}] * 100)}, {"view.blocks.#": 100}, "most blocks"),
    *(Row("views_open", {"trigger_id": "$trigger", "view": modal(entry("b", "a", element))}, {"view.state.values.b.a.type": element["type"]}, name) for name, element in INPUTS.items()),
    *(Row("views_open", {"trigger_id": "$trigger", "view": modal(entry("b", "a", ELEMENTS[name]))}, {"view.state.values.b.a.type": ELEMENTS[name]["type"]}, f"input {name}") for name in ("static_select", "users_select", "checkboxes", "radio_buttons", "datepicker", "timepicker", "multi_users_select")),
    Row("views_push", {"trigger_id": "$push_trigger", "view": modal(section())}, {"view.previous_view_id": "$view", "view.root_view_id": "$view"}),
    Row("views_update", {"view_id": "$view", "view": modal(section("new"))}, {"view.blocks.0.text.text": "new", "view.id": "$view"}),
    Row("views_update", {"external_id": "$ext", "view": modal(section("new"))}, {"view.external_id": "ext"}, "by external_id"),
    Row("views_publish", {"user_id": "U0ANA", "view": {"type": "home", "blocks": [section("home")]}}, {"view.type": "home", "view.blocks.0.text.text": "home"}),
    Row("views_publish", {"user_id": "U0ANA", "view": {"type": "home", "blocks": []}}, {"view.blocks.#": 0}, "empty"),
    Row("api_call", {"api_method": "blocks.validate", "json": {"blocks": [section()]}}, {"ok": True}, "blocks.validate"),
    Row("api_call", {"api_method": "blocks.validate", "json": {"view": modal(section())}}, {"ok": True}, "blocks.validate view"),
]  # fmt: skip
