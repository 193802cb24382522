"""One runbook phase: what is done is one line, what is next is in full, what comes later is its title."""

from bot.core.cards import PhaseCard, StepLine
from bot.core.runbook import PHASES
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, menu, titled
from bot.slack.text import bold, clock_time, inert

MOST_STEPS = 16
MOST_EVIDENCE = 4
STEP_TEXT = 700
ENOUGH = 7_500
"""Characters after which steps are only named, so that the message stays sendable."""
OTHER_OUTCOMES = (("Skip it…", "skipped"), ("Not applicable…", "not-applicable"), ("Blocked, need help…", "blocked"))
"""What a step may become besides done. Each asks for a note."""
SETTLED_MARKS = {"done": "✅", "skipped": "⏭", "not-applicable": "⚪"}
SETTLED_WORDS = {"done": "", "skipped": "skipped", "not-applicable": "not applicable"}
KIND_WORDS = {"ask": "Answer", "check": "Check", "do": "Do"}


def phase(card: PhaseCard) -> Drawn:
    """The steps in order. The first one that is open carries its text."""
    header = card.header
    sheet = Sheet(f"phase-{card.phase}")
    place = PHASES.index(card.phase) + 1
    mark = "✅ " if card.done else ""
    sheet.head(titled(header, f"{mark}{place} of {len(PHASES)}: {card.phase.capitalize()}"))
    if card.goal and not card.done:
        sheet.small(inert(card.goal, 300))
    settled = 0
    first = True
    for number, step in enumerate(card.steps[:MOST_STEPS], 1):
        if step.outcome in SETTLED_MARKS:
            settled += 1
            sheet.small(_settled(number, step))
            continue
        _open_step(sheet, header.incident_id, number, step, full=first or step.outcome == "blocked")
        first = False
    left = len(card.steps) - MOST_STEPS
    more = f"and {left} more steps: /incident steps {card.phase}" if left > 0 else ""
    sheet.small(more, f"{header.number} · runbook: {inert(card.runbook, 80)}")
    told = "done" if card.done else f"{settled} of {len(card.steps)} steps settled"
    return sheet.done(titled(header, f"{header.number} {card.phase}: {told}"))


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
    )


def _aside(step: StepLine) -> str:
    parts = [KIND_WORDS[step.kind].lower(), f"{step.timebox} min" if step.timebox else ""]
    parts.append("" if step.required else "optional")
    return f"  _{' · '.join(part for part in parts if part)}_"
