"""The Jinja2 environment: templates, and what they may ask."""

import json
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, PackageLoader, Undefined, select_autoescape

from bot.localslack.page import charts, emoji, forms
from bot.localslack.page.formatted import SAFE_LINK, Formatted, unknown
from bot.localslack.people import interaction
from bot.localslack.state.records import Person
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack

KILO = 1024


def environment(slack: Slack) -> Environment:
    """Templates that escape everything and fail on a name nobody set, except in Slack's own objects."""
    made = Environment(
        loader=PackageLoader("bot.localslack.page"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=_Lenient,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    formatted, candidates = Formatted(slack), Candidates(slack)
    made.filters |= {
        "mrkdwn": formatted.mrkdwn,
        "markdown": formatted.markdown,
        "rich": formatted.rich,
        "text": formatted.text,
        "safe_url": safe_url,
        "own": own_path,
        "image_url": lambda found: image_url(slack, found),
        "layout": charts.layout,
        "chosen": chosen,
        "single": single,
        "bytes": in_bytes,
        "tojson": lambda value: json.dumps(value, separators=(",", ":")),
    }
    made.globals |= {
        "avatar": lambda user: f"/avatar/{user}.svg",
        "names": lambda users: ", ".join(name_of(slack, user) for user in users),
        "sign": emoji.sign,
        "quick": emoji.QUICK,
        "field": forms.field,
        "visible": interaction.visible,
        "preset": interaction.preset,
        "candidates": candidates.of,
        "chosen_options": chosen_options,
        "column": column,
        "unknown": unknown,
    }
    return made


class _Lenient(Undefined):
    """A missing field of a Slack object is falsy; printing or using one is an error."""

    def __str__(self) -> str:
        return self._fail_with_undefined_error()


def name_of(slack: Slack, user: str) -> str:
    """How a person is shown."""
    person = slack.people.get(user)
    return person.real_name if person else "Slackbot" if user == "USLACKBOT" else user


def safe_url(url: str) -> str:
    """An address that a click may follow; anything else leads nowhere."""
    return url if SAFE_LINK.match(url) else "#"


def own_path(url: str) -> str:
    """The path of one of our own addresses, so that pages work under any loopback name."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def image_url(slack: Slack, found: Json) -> str:
    """Where a picture is: an address, or an upload of this workspace."""
    if url := found.get("image_url"):
        return safe_url(str(url))
    wanted = found.get("slack_file") or {}
    file = slack.files.get(str(wanted.get("id")))
    return f"/files/{file.id}/{file.name}" if file else safe_url(str(wanted.get("url", "")))


def chosen(state: Json) -> set[str]:
    """The values that stand chosen in a state."""
    found: set[str] = set()
    for name, content in state.items():
        for one in content if isinstance(content, list) else [content]:
            if isinstance(one, dict):
                found.add(str(one.get("value")))
            elif isinstance(one, str) and name != "type":
                found.add(one)
    return found


def single(state: Json) -> str:
    """The text that stands in a state, as its input wants it."""
    if state["type"] == "datetimepicker":
        moment = state["selected_date_time"]
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M") if moment else ""
    if state["type"] == "rich_text_input":
        return _plain_of(state["rich_text_value"])
    value = next((content for name, content in state.items() if name != "type"), None)
    return "" if value is None else str(value)


def _plain_of(rich: Json | None) -> str:
    parts = [part for section in (rich or {}).get("elements", []) for part in section.get("elements", [])]
    return "".join(str(part.get("text", "")) for part in parts)


def chosen_options(element: Json, values: set[str]) -> list[Json]:
    """Options of an external select that are known only because they are chosen."""
    preset = element.get("initial_options") or [element.get("initial_option")]
    known = {option["value"]: option for option in preset if option}
    return [known.get(value, {"value": value, "text": {"text": value}}) for value in sorted(values) if value != "None"]


def column(block: Json, place: int) -> Json:
    """The settings of a table's column."""
    settings = block.get("column_settings") or []
    return settings[place] or {} if place < len(settings) else {}


def in_bytes(size: int) -> str:
    """A size for people."""
    return f"{size} bytes" if size < KILO else f"{size / KILO:.0f} KB" if size < KILO**2 else f"{size / KILO**2:.1f} MB"


class Candidates:
    """What users, channels and conversations selects offer."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack

    def of(self, element: Json) -> list[tuple[str, str]]:
        """Pairs of id and name."""
        if "users" in element["type"]:
            people = [person for person in self.slack.people.values() if not person.deleted]
            return [(person.id, person.real_name) for person in people]
        kinds = {"channel", "group"} if "conversations" in element["type"] else {"channel"}
        found = [entry for entry in self.slack.conversations.values() if entry.kind in kinds and not entry.archived]
        return [(entry.id, f"#{entry.name}") for entry in found]


def zone_of(person: Person) -> tzinfo:
    """A person's time zone; UTC when nobody knows it."""
    try:
        return ZoneInfo(person.tz)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def local(ts: str, zone: tzinfo) -> datetime:
    """The moment of a timestamp where somebody is."""
    return datetime.fromtimestamp(float(ts), zone)


def pretty(content: Any) -> str:  # noqa: ANN401  any JSON
    """JSON for people."""
    return json.dumps(content, indent=2, ensure_ascii=False)
