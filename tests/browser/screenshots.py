"""`make screenshots`: every card as a person meets it, on a phone (390 px) some on a desktop, into docs/screenshots.

The cards are those that the tests of limits draw (`tests/slack/stage.py`), posted by the real adapter into a real local
Slack and photographed in Chromium. `docs/cards.md` is written along with them. `--dark` looks at them at night, and
writes nothing but pictures into the folder named after it.
"""

import argparse
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bot.charts.sli_chart import draw as chart
from bot.core.cards.answer import Card
from bot.core.cards.page import ChartImage, PageCard
from bot.core.cards.team import HomeCard
from bot.localslack.server import LocalSlack
from bot.slack.blocks.home import home_view
from bot.slack.client.chat import SlackChat
from bot.slack.client.web_api import writing_client
from tests.core.reports.refund_incident import report
from tests.slack.setup import PEOPLE, realistic
from tests.slack.town import workspace
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "screenshots" / "cards"
PHONE, DESK = (390, 2000), (1100, 1400)
"""High enough for the tallest card: what does not fit would be photographed under the bars of the page."""
ON_A_DESK = ("page", "incident-contained", "recovery", "fleet")
ROOM = "C0ROOM"
AT_THE_PAGE = 33
"""Minutes of the story's chart that have passed when the page goes out."""
SHARP = 2
"""Pixels of the picture a pixel of the page: what a phone has."""


def main() -> None:
    """Photograph them all, or those named."""
    parser = argparse.ArgumentParser(description="Photograph every card.")
    parser.add_argument("moments", nargs="*", help="which; all when none is named")
    parser.add_argument("--dark", type=Path, help="as on a phone in dark mode, into this folder; docs stay as they are")
    asked = parser.parse_args()
    moments = realistic()
    if strange := sorted(set(asked.moments) - set(moments)):
        parser.error(f"there is no {', '.join(strange)}; there are: {', '.join(moments)}")
    folder = asked.dark or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: moments[name] for name in asked.moments or moments}
    with LocalSlack(workspace()) as slack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        photographed(slack, browser, wanted, folder, dark=asked.dark is not None)
        browser.close()
    if not asked.dark:
        (ROOT / "docs" / "cards.md").write_text(document(moments))


def photographed(slack: LocalSlack, browser: Browser, wanted: Mapping[str, Card], folder: Path, *, dark: bool) -> None:
    """One picture a card, two of those that are looked at on a desktop too."""
    chat = SlackChat(writing_client(slack.bot_token, slack.api_url))
    for name, card in wanted.items():
        path = shown(slack, chat, name, pictured(chat, card))
        for width, height in (PHONE, DESK) if name in ON_A_DESK and not dark else (PHONE,):
            with looking(browser, (width, height), dark=dark) as page:
                page.goto(f"{slack.url}/u/ana/{path[0]}")
                part = page.locator(path[1]).last
                part.scroll_into_view_if_needed()
                kind = "phone" if width == PHONE[0] else "desk"
                small(part.screenshot(), folder / f"{slug(name)}-{kind}.png")
        print(name)


@contextmanager
def looking(browser: Browser, size: tuple[int, int], *, dark: bool) -> Iterator[Page]:
    """A page of that size."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=SHARP,
        color_scheme="dark" if dark else "light",
    )
    yield context.new_page()
    context.close()


def pictured(chat: SlackChat, card: Any) -> Any:  # noqa: ANN401 - any card, and the same kind again
    """The card with a real chart, where it shows one."""
    if not any(field.name == "charts" for field in fields(card)) or card.header.incident_kind == "blind":
        return card
    drawn = replace(report().charts[0], title="Human escalation")
    until = "03:45"
    if isinstance(card, PageCard):
        last, until = drawn.first + AT_THE_PAGE, "02:14"
        seen = tuple(point for point in drawn.points if point[0] <= last)
        drawn = replace(drawn, last=last + 2, points=seen, marks=drawn.marks[:3])
    file = chat.chart_image("her.png", "HER", chart(drawn), "Chart", "shots").id
    return replace(
        card, charts=(ChartImage(file, f"Human escalation, until {until} UTC", "Chart of human escalation"),)
    )


def shown(slack: LocalSlack, chat: SlackChat, name: str, card: Card) -> tuple[str, str]:
    """Put it where people see it; returns the place and what to photograph there."""
    if isinstance(card, HomeCard):
        chat._client.views_publish(user_id=PEOPLE["ana"].slack, view=home_view(card))
        return home(slack), '[data-part="home"]'
    receipt = chat.post(ROOM, card, f"shots/{name}")
    return ROOM, f'[data-ts="{receipt.ts}"]'


def home(slack: LocalSlack) -> str:
    """Where the page shows a person's home tab."""
    answer = httpx.post(f"{slack.url}/_control/home", json={"user": "ana"}, timeout=PATIENCE, trust_env=False)
    answer.raise_for_status()
    return "home"


def small(png: bytes, path: Path) -> None:
    """256 colours are enough for a card, and a quarter of the bytes."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)


def slug(name: str) -> str:
    """A file's name."""
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")


def document(moments: Mapping[str, Card]) -> str:
    """`docs/cards.md`: every card under the words that its class has for it."""
    lines = ["# Every card", ""]
    lines += [
        "Made by `make screenshots` from the cards that the tests hold to Slack's limits; do not edit by hand.",
        "",
    ]
    kinds = dict.fromkeys(type(card) for card in moments.values())
    for kind in kinds:
        words = (kind.__doc__ or "").split("\n\n")[0].replace("\n    ", " ").strip()
        names = [name for name, card in moments.items() if type(card) is kind]
        lines += [f"## {kind.__name__.removesuffix('Card')}", "", words, ""]
        lines += [f'<img src="screenshots/cards/{slug(name)}-phone.png" width="390" alt="{name}">' for name in names]
        lines += [
            f'<img src="screenshots/cards/{slug(name)}-desk.png" width="700" alt="{name}, on a desktop">'
            for name in names
            if name in ON_A_DESK
        ]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
