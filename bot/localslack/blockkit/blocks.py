"""The blocks, as one table from type to rule."""

from bot.localslack.blockkit.elements import ELEMENTS, IMAGE_FIELDS, IN_ACTIONS, IN_INPUT, IN_SECTION, plain, text
from bot.localslack.blockkit.rules import (
    Report,
    Rule,
    address,
    array,
    at_least_one,
    boolean,
    both,
    exactly_one,
    number,
    one_of,
    only,
    pattern,
    shape,
    string,
    tagged,
    unique,
)

ID = {"block_id": string(255)}
_IMAGE = ELEMENTS["image"]
_STYLE = shape(
    {},
    dict.fromkeys(
        ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), boolean
    ),
)
_STYLED = {"style": _STYLE}

RICH_INLINE: dict[str, Rule] = {
    "text": shape({"text": string(30_000)}, _STYLED),
    "link": shape({"url": address()}, _STYLED | {"text": string(30_000, 0), "unsafe": boolean}),
    "emoji": shape({"name": string()}, _STYLED | {"unicode": string(), "skin_tone": number(1, 6), "url": string()}),
    "user": shape({"user_id": string()}, _STYLED),
    "usergroup": shape({"usergroup_id": string()}, _STYLED),
    "channel": shape({"channel_id": string()}, _STYLED),
    "team": shape({"team_id": string()}, _STYLED),
    "broadcast": shape({"range": one_of("here", "channel", "everyone")}, _STYLED),
    "color": shape({"value": pattern(r"#[0-9a-fA-F]{6}", "a colour as #RRGGBB")}, _STYLED),
    "date": shape({"timestamp": number(0), "format": string()}, _STYLED | {"url": address(), "fallback": string()}),
}
_INLINE = array(tagged(RICH_INLINE), 3000, 0)
_RICH_SECTION = shape({"elements": _INLINE})
_BORDER = {"border": number(0, 1)}
RICH_PARTS: dict[str, Rule] = {
    "rich_text_section": _RICH_SECTION,
    "rich_text_list": shape(
        {
            "elements": array(tagged({"rich_text_section": _RICH_SECTION}), 3000, 0),
            "style": one_of("bullet", "ordered"),
        },
        {"indent": number(0, 8), "offset": number(0), **_BORDER},
    ),
    "rich_text_preformatted": shape({"elements": _INLINE}, _BORDER | {"language": string(255, 0)}),
    "rich_text_quote": shape({"elements": _INLINE}, _BORDER),
}
RICH_TEXT = shape({"elements": array(tagged(RICH_PARTS), 3000)}, ID)

_RAW_TEXT = shape({"text": string(3000)}, {"emoji": boolean})
_RAW_NUMBER = shape({"value": number(), "text": string(3000)})
_CELLS: dict[str, Rule] = {"raw_text": _RAW_TEXT, "raw_number": _RAW_NUMBER, "rich_text": RICH_TEXT}
_COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _same_width(value: object, at: str, report: Report) -> None:
    rows = value if isinstance(value, list) else []
    widths = {len(row) for row in rows if isinstance(row, list)}
    if len(widths) > 1:
        report.say("rows must have the same number of cells", at)


def _rows(most: int, least: int) -> Rule:
    return both(array(array(tagged(_CELLS), 20), most, least), _same_width)


_POINT = shape({"label": string(20), "value": number()})
_SERIES = shape({"name": string(20), "data": array(_POINT, 20)})
_AXES = shape({"categories": array(string(20), 20)}, {"x_label": string(50), "y_label": string(50)})
_SEGMENT = shape({"label": string(20), "value": number(5e-324)})


def _points_match(value: object, at: str, report: Report) -> None:
    """Each series has one point for each category."""
    if not isinstance(value, dict) or not isinstance(value.get("axis_config"), dict):
        return
    categories = value["axis_config"].get("categories")
    for place, series in enumerate(value.get("series") or []):
        data = series.get("data") if isinstance(series, dict) else None
        labels = [point.get("label") for point in data or [] if isinstance(point, dict)]
        if isinstance(categories, list) and sorted(map(str, labels)) != sorted(map(str, categories)):
            report.say("series must have exactly one point for each category", f"{at}/series/{place}")


_AXIS_CHART = both(shape({"series": both(array(_SERIES, 12), unique("name")), "axis_config": _AXES}), _points_match)
CHARTS: dict[str, Rule] = {
    "pie": shape({"segments": array(_SEGMENT, 12)}),
    "line": _AXIS_CHART,
    "bar": _AXIS_CHART,
    "area": _AXIS_CHART,
}

_TASK = {
    "details": tagged({"rich_text": RICH_TEXT}),
    "output": tagged({"rich_text": RICH_TEXT}),
    "sources": array(tagged(only(ELEMENTS, "url_source")), 100, 0),
    "status": one_of("pending", "in_progress", "complete", "error"),
}
_TASK_NEEDS = {"task_id": string(255), "title": string(3000)}
_PLAN_TASK = shape(_TASK_NEEDS, _TASK | ID)

_CARD = both(
    shape(
        {},
        ID
        | {
            "hero_image": tagged({"image": _IMAGE}),
            "icon": tagged({"image": _IMAGE}),
            "slack_icon": shape({"name": string()}),
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "subtext": text(200),
            "actions": array(tagged(only(ELEMENTS, "button", "icon_button")), 3),
        },
    ),
    at_least_one("hero_image", "title", "actions", "body"),
)

BLOCKS: dict[str, Rule] = {
    "section": both(
        shape(
            {},
            ID
            | {
                "text": text(3000),
                "fields": array(text(2000), 10),
                "accessory": tagged(only(ELEMENTS, *IN_SECTION)),
                "expand": boolean,
            },
        ),
        at_least_one("text", "fields"),
    ),
    "header": shape({"text": plain(150)}, ID | {"level": number(1, 4)}),
    "divider": shape({}, ID),
    "image": both(
        shape({"alt_text": string(2000)}, ID | IMAGE_FIELDS | {"title": plain(2000)}),
        exactly_one("image_url", "slack_file"),
    ),
    "context": shape({"elements": array(tagged(only(ELEMENTS, "image", "plain_text", "mrkdwn")), 10)}, ID),
    "actions": shape({"elements": both(array(tagged(only(ELEMENTS, *IN_ACTIONS)), 25), unique("action_id"))}, ID),
    "context_actions": shape({"elements": array(tagged(only(ELEMENTS, "feedback_buttons", "icon_button")), 5)}, ID),
    "input": shape(
        {"label": plain(2000), "element": tagged(only(ELEMENTS, *IN_INPUT))},
        ID | {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "markdown": shape({"text": string(12_000)}, ID),
    "video": shape(
        {"alt_text": string(2000), "title": plain(200), "thumbnail_url": address(), "video_url": address()},
        ID
        | {
            "author_name": string(50),
            "description": plain(200),
            "provider_name": string(50),
            "provider_icon_url": address(),
            "title_url": address(),
        },
    ),
    "file": shape({"external_id": string(255), "source": one_of("remote")}, ID),
    "table": shape({"rows": _rows(100, 1)}, ID | {"column_settings": array(_COLUMN, 20, 0)}),
    "data_table": shape(
        {"rows": _rows(201, 2), "caption": string(3000)},
        ID | {"page_size": number(1, 100), "row_header_column_index": number(0, 19)},
    ),
    "data_visualization": shape({"title": string(50), "chart": tagged(CHARTS)}, ID),
    "alert": shape({"text": text(200)}, ID | {"level": one_of("default", "info", "warning", "error", "success")}),
    "card": _CARD,
    "carousel": shape({"elements": array(tagged({"card": _CARD}), 10)}, ID),
    "task_card": shape(_TASK_NEEDS, _TASK | ID),
    "plan": shape({"title": string(3000)}, ID | {"tasks": both(array(_PLAN_TASK, 50, 0), unique("task_id"))}),
}
IN_CONTAINER = (
    *("actions", "context", "divider", "file", "header", "image", "input"),
    *("rich_text", "section", "table", "video"),
)
BLOCKS["container"] = both(
    shape(
        {"child_blocks": array(tagged(only(BLOCKS, *IN_CONTAINER)), 10)},
        ID
        | {
            "title": plain(150),
            "rich_text_title": tagged({"rich_text": RICH_TEXT}),
            "subtitle": plain(150),
            "icon": tagged({"image": _IMAGE}),
            "width": one_of("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
    ),
    exactly_one("title", "rich_text_title"),
)
