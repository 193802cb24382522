"""The recovery clock, and what stands between recovered and resolved."""

from bot.core.cards.incident import RecoveryCard, ResolveCard
from bot.core.cards.words import signs
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, confirm, titled
from bot.slack.blocks.team import followup_line
from bot.slack.blocks.words import MOST_LINES, band_line, numbered, off_normal, rung_words, scope_lines
from bot.slack.text import bold, inert

CELLS = 10
CLOCK_WORDS = {
    "waiting": "⏳ not recovering yet",
    "running": "🔵 recovering",
    "paused": "⏳ recovery paused",
    "reset": "🟠 recovery reset",
    "held": "🟢 recovered",
}


def bar(minutes: int, needed: int) -> str:
    """`▰▰▰▰▰▰▱▱▱▱ 18 of 30 min`. Full only when it is."""
    done = min(max(minutes, 0), needed)
    cells = CELLS * done // needed if needed else CELLS
    return f"{'▰' * cells}{'▱' * (CELLS - cells)} {done} of {needed} min"


def recovery(card: RecoveryCard) -> Drawn:
    """The clock first, then each SLI against its band, then the way up."""
    header = card.header
    sheet = Sheet("recovery")
    state = CLOCK_WORDS.get(card.state, header.state)
    sheet.head(titled(header, f"{state}: {header.agent}"))
    clock = "" if card.state == "off" else bar(card.minutes, card.needed)
    sheet.section(f"*{clock}*" if clock else "", inert(card.sentence, 300) if card.sentence else "")
    sheet.section("\n".join(band_line(line) for line in card.lines[:MOST_LINES]))
    sheet.section(_way_up(card))
    target = ids.target_value(header.agent)
    if card.restore_to:
        sheet.buttons(
            button(f"Ask to restore to {card.restore_to}", ids.RESTORE, target),
            button(f"Plan the way to {card.plan_to}…", ids.RESTORE_PLAN, target) if card.plan_to else None,
        )
    if card.plan_walks:
        sheet.buttons(button("Stop the plan", ids.STOP_PLAN, target, "danger"))
    for chart in card.charts[:3]:
        sheet.chart_image(chart)
    sheet.small(
        f"Last reset: {inert(card.last_reset, 250)}" if card.last_reset else "",
        f"It paged because {inert(signs(card.reason), 300)}" if card.reason else "",
        header.number,
    )
    return sheet.done(titled(header, f"{header.number} {header.agent}: {_in_short(card)}"))


def _in_short(card: RecoveryCard) -> str:
    if card.state == "off":
        return card.header.state
    if card.state == "held":
        return f"recovered, good for {card.needed} min"
    return f"{card.minutes} of {card.needed} good minutes"


def _way_up(card: RecoveryCard) -> str:
    rung = card.rung
    if rung is None:
        return ""
    normal = off_normal(rung)
    head = f"Rung {rung_words(rung)}" + (f" · {normal}" if normal else "")
    wait = f"Restore: {inert(card.restore_wait, 250)}" if card.restore_wait else ""
    plan = inert(card.plan, 300) if card.plan else ""
    return "\n".join(line for line in (head, plan, wait) if line)


def resolve(card: ResolveCard) -> Drawn:
    """What is still owed; once closed, the incident in figures."""
    header = card.header
    sheet = Sheet("resolve")
    sheet.head(titled(header, f"{header.number} {header.agent}: {_state(card)}"))
    if card.resolved:
        sheet.section(bold(card.resolved, 300))
    if card.unmet:
        sheet.section("*Not met when it was closed:*", *numbered(card.unmet, 200, 8))
    if card.barred_by:
        sheet.section("*Still owed:*", *numbered(card.barred_by, 200, 8))
    sheet.section(_times(card))
    normal = off_normal(card.rung)
    sheet.section(f"Rung {rung_words(card.rung)}" + (f" · {normal}" if normal else ""), scope_lines(card.scopes))
    if card.followups:
        sheet.section("*Follow-ups:*", *(f"• {followup_line(line)}" for line in card.followups[:8]))
    _closing(sheet, card)
    sheet.small(f"Postmortem draft: {inert(card.postmortem.rsplit('/', 1)[-1], 120)}" if card.postmortem else "")
    return sheet.done(titled(header, f"{header.number} {header.agent}: {_state(card)}"))


def _state(card: ResolveCard) -> str:
    if card.resolved:
        return card.header.state
    return "not ready to resolve" if card.barred_by else "ready to resolve"


def _times(card: ResolveCard) -> str:
    return " · ".join(f"{inert(name, 30)} after {bold(took, 30)}" for name, took in card.times[:8])


def _closing(sheet: Sheet, card: ResolveCard) -> None:
    number = str(card.header.incident_id)
    if card.resolved:
        sheet.buttons(
            None if card.postmortem_done else button("Postmortem is done", ids.do("postmortem-done"), number),
            button("Add a follow-up…", ids.do("followup"), number),
            button("Reopen…", ids.REOPEN, number),
        )
    elif card.barred_by:
        sheet.buttons(button("Resolve anyway…", ids.RESOLVE_ANYWAY, number))
    else:
        sure = confirm(f"Resolve {card.header.number}?", "It closes the incident and drafts the postmortem.", "Resolve")
        sheet.buttons(button("Resolve", ids.RESOLVE, number, "primary", sure))
