"""Agents: all of them, those off their normal rung, and one with its ladder."""

from datetime import datetime

from slackblocks import Button

from bot.core.cards import words
from bot.core.cards.fleet import AgentCard, AgentChange, AgentChangesCard, AgentRow, FleetCard
from bot.core.formatting.durations import span
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, confirm
from bot.slack.blocks.words import LONGEST_NAME, LONGEST_WHY, NEUTRAL, off_normal, rung_words, sli_line, sli_lines
from bot.slack.text import bold, inert, near_time

MOST_AGENTS = 40
MOST_FINDINGS = 5
MOST_RUNGS = 12
MOST_CHANGES = 30
ENOUGH = 11_000
"""Characters after which no further agent is drawn, so that the message stays sendable."""
ALARMING = ("breach", "out-of-band")
UNSEEN = ("old", "unknown")


def fleet(card: FleetCard) -> Drawn:
    """One agent a line, those with trouble in words, each with a button that opens it."""
    sheet = Sheet("fleet")
    if not card.rows:
        sheet.section(f"🟢 {inert(card.empty or 'No agent is registered.', 200)}")
        return sheet.done(card.empty or "No agent is registered.")
    sheet.head(f"{card.title}: {len(card.rows)}")
    shown = 0
    for row in card.rows[:MOST_AGENTS]:
        if sheet.size > ENOUGH:
            break
        sheet.section(_head(row, card.now), _trouble(row), accessory=button("Open", ids.AGENT, row.agent))
        shown += 1
    sheet.section(*(unwatched_line(one) for one in card.findings[:MOST_FINDINGS]))
    left = len(card.rows) - shown
    sheet.small(f"and {left} more" if left > 0 else "")
    return sheet.done(f"{card.title}: {', '.join(row.agent for row in card.rows[:MOST_AGENTS])}")


def _head(row: AgentRow, now: datetime) -> str:
    normal = off_normal(row.rung)
    changed = f" ({normal}{_since(row, now)})" if normal else ""
    return f"{bold(row.agent, LONGEST_NAME)} on {rung_words(row.rung)}{changed}"


def _since(row: AgentRow, now: datetime) -> str:
    since = f", since {near_time(row.since, now)}" if row.since else ""
    by = f" by {inert(row.by, LONGEST_NAME)}" if row.by else ""
    until = f", until {near_time(row.until, now)}" if row.until else ""
    return f"{since}{by}{until}"


def _trouble(row: AgentRow) -> str:
    bad = [line for line in row.lines if line.status in ALARMING]
    shown = [sli_line(line) for line in bad[:2]]
    unseen = [line for line in row.lines if line.status in UNSEEN and (line.age is not None or line.doubt)]
    shown += [sli_line(line) for line in unseen[: 2 - len(shown)]]
    blank = [words.name_of(line) for line in row.lines if line.now is None]
    shown += [f"{NEUTRAL} no data on {inert(', '.join(dict.fromkeys(blank)), LONGEST_WHY)}"] if blank else []
    owner = f"owner {inert(row.owner, LONGEST_NAME)}"
    shown += [unwatched_line(one) for one in row.findings[:1]]
    last = f"🟠 {inert(row.incident, 20)} is open · {owner}" if row.incident else owner
    return "\n".join([*shown, last])


def agent(card: AgentCard) -> Drawn:
    """Numbers, rung, ladder with a way down to each rung, and who owns it."""
    row = card.row
    sheet = Sheet("agent")
    sheet.head(row.agent)
    sheet.section(inert(card.summary, 300) if card.summary else "", _head(row, card.now), _open_incident(row))
    sheet.section(sli_lines(row.lines), *(unwatched_line(one) for one in row.findings[:MOST_FINDINGS]))
    _ladder(sheet, card)
    if row.rung.rung != row.rung.normal:
        sheet.buttons(button("Ask to restore one rung", ids.RESTORE, ids.target_value(row.agent)))
    sheet.small(_people(card), inert(card.scope, 300) if card.scope else "")
    return sheet.done(f"{row.agent} is on {row.rung.rung}")


def unwatched_line(text: str) -> str:
    """What is reported and watched by nobody, on a line of its own."""
    return f"🟠 {inert(text, 300)}"


def _open_incident(row: AgentRow) -> str:
    return f"🟠 {inert(row.incident, 20)} is open" if row.incident else ""


def _ladder(sheet: Sheet, card: AgentCard) -> None:
    """Rungs above the present one are words; each below it has a button."""
    names = [name for name, _ in card.ladder]
    present = names.index(card.row.rung.rung) if card.row.rung.rung in names else -1
    above = [f"{inert(name, LONGEST_NAME)}: {inert(may, 120)}" for name, may in card.ladder[:present]][:MOST_RUNGS]
    sheet.small(*above)
    for place, (name, may) in enumerate(card.ladder[:MOST_RUNGS]):
        if place < present:
            continue
        here = " ← now" if place == present else ""
        sheet.section(
            f"{bold(name, LONGEST_NAME)}: {inert(may, 200)}{here}",
            accessory=None if here else _down(card.row.agent, name, may),
        )


def _down(agent_key: str, rung: str, may: str) -> Button | None:
    sure = confirm(f"Step {agent_key} down to {rung}?", f"At once it may only: {may}", "Step down", dangerous=True)
    return button("Step down", ids.LOWER, ids.target_value(agent_key, rung), "danger", sure)


def _people(card: AgentCard) -> str:
    named = [("owner", card.row.owner), ("deputy", card.deputy), ("manager", card.manager)]
    return " · ".join(f"{role} {inert(name, LONGEST_NAME)}" for role, name in named if name)


def agent_changes(card: AgentChangesCard) -> Drawn:
    """What changed, each with its age: the first thing to ask when numbers move."""
    sheet = Sheet("changes")
    title = f"Changes on {card.agent}, last {card.span.total_seconds() / 3600:g} h"
    sheet.head(title)
    for change in card.changes[:MOST_CHANGES]:
        if sheet.size > ENOUGH:
            break
        sheet.section(_change(change, card.now))
    left = len(card.changes) - MOST_CHANGES
    sheet.section("" if card.changes else "No change was posted, no rung was changed, no new version was seen.")
    sheet.small(f"and {left} older" if left > 0 else "")
    return sheet.done(f"{title}: {len(card.changes) or 'none'}")


def _change(change: AgentChange, now: datetime) -> str:
    age = f"*{span((now - change.at).total_seconds())} ago* ({near_time(change.at, now)})"
    by = f" · {inert(change.by, LONGEST_NAME)}" if change.by else ""
    return f"{age}: {inert(change.words, 300)}{by}"
