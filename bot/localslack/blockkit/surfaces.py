"""What a message, a modal and an App Home take, and how Slack fills in what was left out."""

import json
from collections.abc import Callable
from typing import Literal

from bot.localslack.blockkit.blocks import BLOCKS
from bot.localslack.blockkit.elements import plain
from bot.localslack.blockkit.rules import Report, array, boolean, only, shape, string, tagged, unique, walk
from bot.localslack.state.refusal import Json

Surface = Literal["message", "modal", "home"]
_EVERYWHERE = (
    *("actions", "card", "context", "divider", "header", "image", "input"),
    *("rich_text", "section", "video"),
)
_NOT_IN_MODALS = ("carousel", "container", "data_table", "data_visualization", "table")
TAKES: dict[Surface, tuple[str, ...]] = {
    "message": (
        *_EVERYWHERE,
        *_NOT_IN_MODALS,
        *("context_actions", "file", "markdown", "plan", "task_card"),
    ),
    "modal": (*_EVERYWHERE, "alert"),
    "home": (*_EVERYWHERE, *_NOT_IN_MODALS),
}
MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_MARKDOWN = 12_000
MOST_CHARTS = 2
MOST_BLOCK_TEXT = 13_200
MOST_VIEW_BYTES = 250_000
_TEXT_HOLDERS = frozenset({"plain_text", "mrkdwn", "markdown", "text", "raw_text", "raw_number"})
_HAS_ACTION_ID = frozenset(
    {"button", "icon_button", "workflow_button", "feedback_buttons", "checkboxes", "radio_buttons", "overflow"}
    | {"datepicker", "timepicker", "datetimepicker", "file_input"}
)

VIEW_FIELDS = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "submit": plain(24),
    "close": plain(24),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
    "submit_disabled": boolean,
}


def complaints_about(blocks: object, surface: Surface, at: str = "/blocks") -> list[str]:
    """What Slack would say about these blocks on this surface; empty when they are fine."""
    report = Report()
    rule = array(tagged(only(BLOCKS, *TAKES[surface])), MOST_BLOCKS[surface], 0)
    rule(blocks, at, report)
    unique("block_id")(blocks, at, report)
    if isinstance(blocks, list):
        _sums(blocks, surface, at, report)
    return report.complaints


def _sums(blocks: list[object], surface: Surface, at: str, report: Report) -> None:
    """Limits that span blocks."""
    found = [block for block in blocks if isinstance(block, dict)]
    markdown = sum(len(str(block.get("text", ""))) for block in found if block.get("type") == "markdown")
    if markdown > MOST_MARKDOWN:
        report.say(f"markdown blocks hold {markdown} characters, at most {MOST_MARKDOWN}", at)
    if surface != "message":
        return
    kinds = [block.get("type") for block in found]
    if kinds.count("data_visualization") > MOST_CHARTS:
        report.say(f"no more than {MOST_CHARTS} data_visualization blocks allowed", at)
    if kinds.count("table") > 1:
        report.say("only_one_table_allowed", at)
    for place, block in enumerate(found):
        if block.get("type") == "task_card" and block.get("status") == "pending":
            report.say("a standalone task_card may not be pending", f"{at}/{place}/status")


def complaints_about_view(view: Json) -> list[str]:
    """What Slack would say about a modal or a Home view."""
    report = Report()
    kind = view.get("type")
    if kind == "modal":
        shape({"title": plain(24), "blocks": array(lambda *_: None, 100, 0)}, VIEW_FIELDS)(view, "/view", report)
    elif kind == "home":
        home = {name: VIEW_FIELDS[name] for name in ("private_metadata", "callback_id", "external_id")}
        shape({"blocks": array(lambda *_: None, 100, 0)}, home)(view, "/view", report)
    else:
        report.say(f"unsupported type: {kind}", "/view/type")
        return report.complaints
    blocks = view.get("blocks")
    report.complaints += complaints_about(blocks, "modal" if kind == "modal" else "home", "/view/blocks")
    types = [block.get("type") for block in blocks or [] if isinstance(block, dict)]
    if kind == "modal" and "input" in types and not view.get("submit"):
        report.say("submit is required when an input block is within blocks", "/view")
    return list(dict.fromkeys(report.complaints))


def text_of(blocks: object) -> int:
    """Characters of text that the blocks hold together."""
    texts = (found.get("text") for found in walk(blocks) if found.get("type") in _TEXT_HOLDERS)
    return sum(len(text) for text in texts if isinstance(text, str))


def size_of(view: Json) -> int:
    """Bytes of a view as JSON."""
    return len(json.dumps(view, separators=(",", ":"), ensure_ascii=False).encode())


def filled_in(blocks: list[Json], new_id: Callable[[], str]) -> list[Json]:
    """A copy with the ids and defaults that Slack adds."""
    made: list[Json] = json.loads(json.dumps(blocks))
    for block in made:
        if block.get("type") != "markdown" and not block.get("block_id"):
            block["block_id"] = new_id()
    for found in walk(made):
        _fill(found, new_id)
    return made


def _fill(found: Json, new_id: Callable[[], str]) -> None:
    kind = str(found.get("type", ""))
    if kind == "mrkdwn":
        found.setdefault("verbatim", False)
    elif kind == "plain_text":
        found.setdefault("emoji", True)
    elif kind in _HAS_ACTION_ID or kind.endswith(("_select", "_input")):
        found["action_id"] = found.get("action_id") or new_id()
