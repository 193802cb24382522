"""What stands in blocks and can be used: finding an element, and the `state.values` of what was typed."""

from collections.abc import Iterator

from bot.localslack.state.refusal import Json, Refusal

NO_STATE = frozenset({"button", "icon_button", "workflow_button", "feedback_buttons", "overflow", "image"})
ONE_OPTION = frozenset({"static_select", "external_select", "radio_buttons"})
MANY_OPTIONS = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
# Where each other type keeps its value: field of the state, field of the element that presets it.
FIELDS: dict[str, tuple[str, str]] = {
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
}
LISTS = frozenset({"selected_users", "selected_channels", "selected_conversations", "files"})

Placed = tuple[Json, Json]


def elements(blocks: list[Json]) -> Iterator[Placed]:
    """Every element that can be used, with the block it stands in."""
    for block in blocks:
        for element in _own(block):
            yield block, element
        yield from elements(block.get("child_blocks") or [])
        if block.get("type") == "carousel":
            yield from elements(block.get("elements") or [])


def _own(block: Json) -> list[Json]:
    kind = block.get("type")
    if kind in {"actions", "context_actions"}:
        return list(block.get("elements") or [])
    if kind == "section" and block.get("accessory"):
        return [block["accessory"]]
    if kind == "input":
        return [block["element"]]
    return list(block.get("actions") or []) if kind == "card" else []


def find(blocks: list[Json], action_id: str, block_id: str | None, user: str | None) -> Placed:
    """The element with this action_id that the user can see, or a refusal that lists those there are."""
    there = [placed for placed in elements(blocks) if visible(placed[1], user)]
    for block, element in there:
        if element.get("action_id") == action_id and block_id in {None, block.get("block_id")}:
            return block, element
    names = ", ".join(f"{block.get('block_id')}/{element.get('action_id')}" for block, element in there)
    where = f" in block {block_id!r}" if block_id else ""
    detail = f"no element with action_id {action_id!r}{where}; there are: {names or 'none'}"
    raise Refusal("no_such_action", detail=detail)


def visible(element: Json, user: str | None) -> bool:
    """Whether an element is shown to this user."""
    allowed = element.get("visible_to_user_ids")
    return not allowed or user in allowed


def options_of(element: Json) -> list[Json]:
    """All options of an element, groups laid flat."""
    groups = element.get("option_groups") or [element]
    return [option for group in groups for option in group.get("options") or []]


def state_values(blocks: list[Json], typed: Json) -> Json:
    """`state.values` for these blocks: what was typed, else what was preset, else null."""
    values: Json = {}
    for block, element in elements(blocks):
        if element["type"] in NO_STATE:
            continue
        kept = typed.get(block["block_id"], {}).get(element["action_id"])
        fits = kept is not None and kept.get("type") == element["type"]
        values.setdefault(block["block_id"], {})[element["action_id"]] = kept if fits else preset(element)
    return values


def preset(element: Json) -> Json:
    """The state of an element nobody has touched."""
    kind = element["type"]
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": list(element.get("initial_options") or [])}
    if kind in FIELDS:
        field, initial = FIELDS[kind]
        value = element.get(initial)
        return {"type": kind, field: list(value or []) if field in LISTS else value}
    return {"type": kind, "value": element.get("initial_value")}


def filled(element: Json, value: object) -> Json:
    """The state of an element into which `value` was put: text, an option's value, or a list of those."""
    kind = element["type"]
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": None if value in (None, "") else _option(element, value)}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": [_option(element, entry) for entry in _many(value)]}
    if kind in FIELDS:
        field = FIELDS[kind][0]
        return {"type": kind, field: _many(value) if field in LISTS else _single(kind, value)}
    return {"type": kind, "value": None if value in (None, "") else str(value)}


def _many(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _single(kind: str, value: object) -> object:
    if value in (None, ""):
        return None
    return int(str(value)) if kind == "datetimepicker" else value


def _option(element: Json, value: object) -> Json:
    wanted = value.get("value") if isinstance(value, dict) else str(value)
    for option in options_of(element):
        if option["value"] == wanted:
            return option
    if element["type"].endswith("external_select"):
        given = value if isinstance(value, dict) else {"text": {"type": "plain_text", "text": str(value)}}
        return {"value": wanted, **given}
    known = ", ".join(option["value"] for option in options_of(element))
    raise Refusal("no_such_option", detail=f"no option {wanted!r}; there are: {known}")


def action(block: Json, element: Json, value: object, ts: str) -> Json:
    """The entry of `actions` for using an element; `value` is what was chosen, if it takes a choice."""
    made: Json = {"type": element["type"], "action_id": element.get("action_id"), "block_id": block.get("block_id")}
    made["action_ts"] = ts
    kind = element["type"]
    if kind in {"button", "icon_button", "workflow_button"}:
        made["text"] = element["text"]
        return made | {name: element[name] for name in ("value", "url", "style") if name in element}
    if kind == "overflow":
        return made | {"selected_option": _option(element, value)}
    if kind == "feedback_buttons":
        return made | _feedback(element, value)
    state = filled(element, value)
    return made | {name: content for name, content in state.items() if name != "type"}


def _feedback(element: Json, value: object) -> Json:
    for name in ("positive_button", "negative_button"):
        button = element[name]
        if value == button["value"]:
            return {"text": button["text"], "value": button["value"]}
    raise Refusal("no_such_option", detail=f"no feedback {value!r}")


def is_empty(entry: Json) -> bool:
    """Whether nothing stands in a state."""
    return not any(value for name, value in entry.items() if name != "type")
