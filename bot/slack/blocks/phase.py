"""One runbook phase: what is done is one line, what is next is in full, what comes later is its title."""

from bot.core.cards.incident import PhaseCard, StepLine
from bot.core.formatting.plurals import plural
from bot.core.runbooks.runbook import PHASES
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, menu, titled
from bot.slack.text import bold, clock_time, inert

MOST_BLOCKS = 41
"""Where no further open step is begun: one takes five blocks at most, and a message holds fifty."""
MOST_EVIDENCE = 4
STEP_TEXT = 700
ENOUGH = 7_500
"""Characters after which steps are only named, so that the message stays sendable."""
OTHER_OUTCOMES = (("Skip it…", "skipped"), ("Not applicable…", "not-applicable"), ("Blocked, need help…", "blocked"))
"""What a step may become besides done. Each asks for a note."""
SETTLED_MARKS = {"done": "✅", "skipped": "⏭", "not-applicable": "⚪"}
SETTLED_WORDS = {"done": "", "skipped": "skipped", "not-applicable": "not applicable"}


def phase(card: PhaseCard) -> Drawn:
    """The steps in order. The first one that is open carries its text."""
    header = card.header
    sheet = Sheet(f"phase-{card.phase}")
    place = PHASES.index(card.phase) + 1
    mark = "✅ " if card.done else ""
    sheet.head(titled(header, f"{mark}{place} of {len(PHASES)}: {card.phase.capitalize()}"))
    if card.goal and not card.done:
        sheet.small(inert(card.goal, 300))
    left = _steps(sheet, card)
    more = (
        f"{plural(left, 'more step')} {'appears' if left == 1 else 'appear'} here as these are settled." if left else ""
    )
    seen = f" · ▸ as of {clock_time(card.as_of)}" if card.as_of else ""
    sheet.small(more, f"{header.number} · runbook: {inert(card.runbook, 80)}{seen}")
    settled = sum(step.outcome in SETTLED_MARKS for step in card.steps)
    told = "done" if card.done else f"{settled} of {plural(len(card.steps), 'step')} settled"
    return sheet.done(titled(header, f"{header.number} {card.phase}: {told}"))


def _steps(sheet: Sheet, card: PhaseCard) -> int:
    """Steps in order, settled neighbours together in small print. Returns how many there was no room for."""
    settled: list[str] = []
    first = True
    for number, step in enumerate(card.steps, 1):
        if step.outcome in SETTLED_MARKS:
            settled.append(_settled(number, step))
            continue
        if len(sheet.blocks) > MOST_BLOCKS:
            return sum(later.outcome not in SETTLED_MARKS for later in card.steps[number - 1 :])
        sheet.small(*settled)
        settled.clear()
        if not first:
            sheet.rule()
        _open_step(sheet, card.header.incident_id, number, step, full=first or step.outcome == "blocked")
        first = False
    sheet.small(*settled)
    return 0


def _settled(number: int, step: StepLine) -> str:
    """`✅ 1. Decide whether it is real · Ana 02:20 · a note`."""
    who = f"{inert(step.by, 40)} {clock_time(step.at)}" if step.at else inert(step.by, 40)
    parts = [f"{SETTLED_MARKS[step.outcome]} {number}. {inert(step.title, 120)}", SETTLED_WORDS[step.outcome]]
    parts += [who if step.by else "", inert(step.note, 150) if step.note else ""]
    return " · ".join(part for part in parts if part)


def _open_step(sheet: Sheet, incident_id: int, number: int, step: StepLine, *, full: bool) -> None:
    stuck = f"🔴 *Blocked:* {inert(step.note, 200)} _({inert(step.by, 40)})_" if step.outcome == "blocked" else ""
    text = inert(step.text, STEP_TEXT, lines=True) if full and step.text else ""
    if sheet.size < ENOUGH:
        sheet.section(f"{number}. {bold(step.title)}{_aside(step)}", stuck, text)
        sheet.small(*(f"▸ {inert(line, 200)}" for line in step.evidence[:MOST_EVIDENCE]))
    else:
        sheet.section(f"{number}. {bold(step.title, 100)}{_aside(step)}")
    value = ids.step_value(incident_id, step.id)
    others = [(label, ids.step_value(incident_id, step.id, outcome)) for label, outcome in OTHER_OUTCOMES]
    sheet.buttons(
        button("Done", ids.STEP_DONE, value, "primary" if full else None),
        menu(ids.STEP_OTHER, others),
        of=f"{number}-{step.id}",
    )


def _aside(step: StepLine) -> str:
    """`(5 min, optional)`, where there is anything to say."""
    parts = [f"{step.timebox} min" if step.timebox else "", "" if step.required else "optional"]
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""
