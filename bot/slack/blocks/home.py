"""The home tab: what one person has to do, the most urgent first."""

from typing import Any

from bot.core.cards.parts import Header
from bot.core.cards.team import HomeCard, HomeRow
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button
from bot.slack.blocks.team import followup_buttons, followup_line
from bot.slack.blocks.words import since, title_line
from bot.slack.text import channel_link, inert

MOST_WITH_BUTTONS, MOST_ROWS, MOST_EXTRA = 4, 5, 2
"""Together they stay below fifty blocks, so that the tab is drawn by the same builder as every message."""


def home(card: HomeCard) -> Drawn:
    """Pages, incidents, agents off their rung, follow-ups, cover, own agents."""
    sheet = Sheet("home")
    _pages(sheet, card)
    _incidents(sheet, "Yours", card.mine)
    _incidents(sheet, "Other open incidents", card.others)
    if not (card.pages or card.mine or card.others):
        sheet.section("🟢 No incident is open.")
    _rows(sheet, "Off their normal rung", card.off_normal, "Open")
    _followups(sheet, card)
    if card.cover:
        sheet.section("*Cover*", inert(card.cover, 300))
        sheet.buttons(button("Take the pager back", ids.do("cover-end"), "-") if card.covered else None)
    _rows(sheet, "Your agents", card.agents, "Open")
    for title, lines in card.extra[:MOST_EXTRA]:
        sheet.section(f"*{inert(title, 60)}*", *(inert(line, 200) for line in lines[:10]))
    sheet.buttons(
        button("Declare incident…", ids.do("declare"), "-", "danger" if not card.pages else None),
        button("Fleet", ids.FLEET, "-"),
        None if card.covered else button("Cover me…", ids.do("cover"), "-"),
        button("Start a drill…", ids.tabletop("start"), "-") if card.responder else None,
    )
    if not card.responder:
        sheet.small("You are not among the responders: you can look, and declare nothing.")
    return sheet.done("Stepdown")


def home_view(card: HomeCard) -> dict[str, Any]:
    """As Slack's `views.publish` takes it."""
    return {"type": "home", "callback_id": "home", "blocks": list(home(card).blocks)}


def _pages(sheet: Sheet, card: HomeCard) -> None:
    if card.pages:
        sheet.head(f"🔴 {len(card.pages)} waiting for you")
    for place, header in enumerate(card.pages[:MOST_WITH_BUTTONS]):
        sheet.section(f"*{inert(title_line(header), 150)}*", inert(header.title, 150), _where(header))
        number = str(header.incident_id)
        sheet.buttons(
            button("Acknowledge", ids.ACK, number, "primary"),
            button("Can't take it", ids.CANNOT_TAKE, number),
            button("Open", ids.do("tray"), number),
            of=f"page-{place}-{number}",
        )


def _incidents(sheet: Sheet, title: str, headers: tuple[Header, ...]) -> None:
    if headers:
        sheet.section(f"*{title}*")
    for header in headers[:MOST_ROWS]:
        opened = button("Open", ids.do("tray"), str(header.incident_id))
        sheet.section(inert(title_line(header), 150), _where(header), accessory=opened)


def _where(header: Header) -> str:
    return f"{since(header)} {channel_link(header.channel)}".strip()


def _rows(sheet: Sheet, title: str, rows: tuple[HomeRow, ...], label: str) -> None:
    if rows:
        sheet.section(f"*{title}*")
    for row in rows[:MOST_ROWS]:
        sheet.section(inert(row.text, 150), accessory=button(label, ids.AGENT, row.value) if row.value else None)


def _followups(sheet: Sheet, card: HomeCard) -> None:
    if card.followups:
        sheet.section("*Your follow-ups*")
    for place, line in enumerate(card.followups[:MOST_WITH_BUTTONS]):
        late = "🟠 " if line.due < card.now else ""
        sheet.section(f"{late}{followup_line(line)}")
        sheet.buttons(*followup_buttons(line), of=f"followup-{place}-{line.id}")
