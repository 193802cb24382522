"""The pieces cards are made of: slackblocks' typed blocks, with stable ids, so that a limit passed is an error here.

`verbatim` stands on every mrkdwn text: without it Slack turns bare addresses and names into links and mentions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from slackblocks import (
    ActionsBlock,
    Block,
    Button,
    Confirm,
    ContextBlock,
    DividerBlock,
    Element,
    HeaderBlock,
    ImageBlock,
    Message,
    Option,
    OverflowMenu,
    RichText,
    RichTextBlock,
    RichTextSection,
    RichTextUser,
    SectionBlock,
    SlackFile,
    Text,
    TextType,
)

from bot.core.cards.page import ChartImage
from bot.core.cards.parts import Header
from bot.slack.text import ELLIPSIS, inert, plain

MOST_BLOCKS = 50
MOST_TEXT = 13_000
"""Characters of all blocks of a message together; Slack answers `msg_blocks_too_long` a little above."""
MOST_SECTION = 3_000
MOST_FALLBACK = 3_000
LONGEST_LABEL = 30
"""A button's label is cut off on a phone beyond this."""
MOST_VALUE = 2_000
MOST_OPTION = 150
FILE = re.compile(r"F[A-Z0-9]{8,}")

Json = dict[str, Any]
Style = Literal["primary", "danger"] | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card as Slack takes it. `text` is what a lock screen and a screen reader show."""

    text: str
    blocks: tuple[Json, ...]

    @property
    def pictured(self) -> bool:
        """True where an uploaded picture stands in it."""
        return any(block["type"] == "image" for block in self.blocks)

    def bare(self) -> "Drawn":
        """The same without pictures."""
        return Drawn(self.text, tuple(block for block in self.blocks if block["type"] != "image"))


@dataclass(slots=True)
class Sheet:
    """A card being drawn, top to bottom. Every block's id is its place and purpose, so an edit keeps them."""

    name: str
    blocks: list[Block] = field(default_factory=list)
    size: int = 0
    """Characters of sections and small print so far."""

    def _id(self, what: str) -> str:
        return f"{self.name}-{len(self.blocks)}-{what}"[:255]

    def head(self, text: str) -> None:
        """The card's title: plain text, so whatever it holds is inert."""
        self.blocks.append(HeaderBlock(_plain(plain(text, 150)), block_id=self._id("head")))

    def section(self, *lines: str, accessory: Element | None = None) -> None:
        """Lines of mrkdwn; what is untrusted in them went through `text.inert`. Empty lines are left out."""
        shown = self._fit(lines)
        if shown:
            self.blocks.append(SectionBlock(_mrkdwn(shown), block_id=self._id("section"), accessory=accessory))

    def small(self, *lines: str) -> None:
        """Lines in small grey type: what may be skipped at 02:14."""
        shown = self._fit(lines)
        if shown:
            self.blocks.append(ContextBlock([_mrkdwn(shown)], block_id=self._id("small")))

    def _fit(self, lines: Sequence[str]) -> str:
        """Lines that fit one text, whole ones only: a cut line could end inside an entity."""
        every = [line for line in "\n".join(line for line in lines if line).split("\n") if line.strip()]
        kept: list[str] = []
        room = MOST_SECTION - 2
        for line in every:
            room -= len(line) + 1
            if room < 0:
                kept.append(ELLIPSIS)
                break
            kept.append(line)
        shown = "\n".join(kept)
        self.size += len(shown)
        return shown

    def buttons(self, *elements: Element | None, of: str = "") -> None:
        """One row of buttons and menus, those that are not None.

        `of` names what they are about, so that a tap on a card that is edited under the thumb cannot reach the buttons
        of something else that has moved to that place.
        """
        present = [element for element in elements if element is not None]
        if present:
            block_id = f"{self.name}-{of}-buttons"[:255] if of else self._id("buttons")
            self.blocks.append(ActionsBlock(present, block_id=block_id))

    def rule(self) -> None:
        """A thin line across."""
        self.blocks.append(DividerBlock(block_id=self._id("rule")))

    def chart_image(self, shown: ChartImage) -> None:
        """A picture the workspace has already. Slack wants a new id for a block whose picture changed."""
        if FILE.fullmatch(shown.file):
            block_id = f"{self._id('picture')}-{shown.file}"[:255]
            title, alt = plain(shown.title, 200), plain(shown.alt, 1_000)
            file = SlackFile(id=shown.file, url=None)
            self.blocks.append(ImageBlock(alt_text=alt, title=_plain(title), slack_file=file, block_id=block_id))

    def said(self, text: str, mention: str = "") -> None:
        """One plain line that cannot do anything, after a mention that can."""
        words = [RichTextUser(mention), RichText(" ")] if mention else []
        self.blocks.append(
            RichTextBlock(
                [RichTextSection([*words, RichText(plain(text, 2_000, lines=True))])], block_id=self._id("said")
            )
        )

    def done(self, fallback: str) -> Drawn:
        """The finished card. Raises slackblocks' InvalidUsageError where a limit of Slack's is passed."""
        text = inert(fallback, MOST_FALLBACK, lines=True)
        message = Message(channel="C0", text=text, blocks=self.blocks)
        blocks: list[Json] = message.to_dict()["blocks"]
        return Drawn(text, tuple(blocks))


def _plain(text: str) -> Text:
    return Text(text, type_=TextType.PLAINTEXT, emoji=False)


def _mrkdwn(text: str) -> Text:
    return Text(text, type_=TextType.MARKDOWN, verbatim=True)


def button(label: str, action: str, value: str, style: Style = None, confirm: Confirm | None = None) -> Button | None:
    """A button. `value` holds ids only; None where they are too long for Slack: the card must still go out."""
    if len(value) > MOST_VALUE:
        return None
    return Button(_plain(plain(label, LONGEST_LABEL)), action_id=action, value=value, style=style, confirm=confirm)


def confirm(title: str, text: str, yes: str, *, dangerous: bool = False) -> Confirm:
    """The question Slack asks before it sends a click."""
    return Confirm(
        _plain(plain(title, 100)),
        _plain(plain(text, 300)),
        _plain(plain(yes, 30)),
        _plain("Not now"),
        style="danger" if dangerous else None,
    )


def menu(action: str, options: Sequence[tuple[str, str]]) -> OverflowMenu | None:
    """The menu behind the three dots: (label, value) pairs, at most five; None where a value is too long for Slack."""
    if not options or any(len(value) > MOST_OPTION for _, value in options):
        return None
    return OverflowMenu(action, [Option(_plain(plain(label, 75)), value) for label, value in options[:5]])


def titled(header: Header | None, text: str) -> str:
    """A title behind its mark, where the card has one."""
    return (header.mark if header is not None else "") + text


def size(blocks: Sequence[Json]) -> int:
    """Characters of all texts in the blocks together."""
    return sum(_size(block) for block in blocks)


def _size(part: object) -> int:
    if isinstance(part, dict):
        own = len(part["text"]) if isinstance(part.get("text"), str) else 0
        return own + sum(_size(value) for value in part.values())
    return sum(_size(one) for one in part) if isinstance(part, list) else 0
