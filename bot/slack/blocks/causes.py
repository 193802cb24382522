"""The card of causes: the finding in one line, each cause with its evidence and what would rule it out."""

from slackblocks import Button

from bot.core.cards.causes import CauseLine, CausesCard, ExampleLine, FactLine, PlaybookLine
from bot.core.cards.words import signs
from bot.slack import ids
from bot.slack.blocks.parts import Drawn, Sheet, button, menu, titled
from bot.slack.text import bold, clock_time, inert, web_link

SHOWN, MOST_GROUNDS, MOST_SIGNALS = 3, 4, 4
LEAST_POINTS = 1.0
"""Evidence of less than a doubling of the odds is small print."""


def causes(card: CausesCard) -> Drawn:
    """What the numbers look like. They are a lead, and a person's word settles it."""
    header, number = card.header, str(card.header.incident_id)
    sheet = Sheet("causes")
    sheet.head(titled(header, "Cause" if card.named else "Likely causes"))
    sheet.section(bold(card.sentence, 300), _onset(card))
    for line in card.causes[:SHOWN]:
        sheet.section(*_cause(line))
        if not line.ruled_out and not card.named:
            value = ids.cause_value(header.incident_id, line.kind, line.subject)
            sheet.buttons(
                button("This is it", ids.CAUSE_CONFIRM, value),
                button("Rule out", ids.CAUSE_RULE_OUT, value),
                of=f"cause-{line.rank}",
            )
    sheet.section(*_changes(card))
    sheet.section(*_examples(card))
    if card.playbooks:
        sheet.rule()
        sheet.section(*_playbook(card.playbooks[0]))
    sheet.buttons(
        _adopt(card, number),
        button("Look again", ids.EVIDENCE, number),
        menu(ids.TRAY, [("Another cause", f"{number}|cause"), ("Another playbook", f"{number}|adopt")]),
    )
    sheet.small(*_print(card))
    return sheet.done(titled(header, f"{header.number}: {card.sentence}"))


def _onset(card: CausesCard) -> str:
    if card.onset is None or card.at is None:
        return ""
    return f"The numbers moved at {card.onset:%H:%M} UTC; looked at {card.at:%H:%M} UTC."


def _cause(line: CauseLine) -> list[str]:
    if line.ruled_out:
        return [f"~{line.rank}. {inert(line.words, 150)}~ ruled out: {inert(line.ruled_out, 200)}"]
    ground = [one for one in line.grounds if abs(one.points) >= LEAST_POINTS][:MOST_GROUNDS]
    return [
        f"*{line.rank}. {inert(line.words, 150)}* ({100 * line.share:.0f} %)",
        *(_ground(one) for one in ground),
        f"_Ruled out if {inert(line.ruled_out_by, 200)}._",
    ]


def _ground(one: FactLine) -> str:
    return f"{'✓' if one.points > 0 else '✗'} {inert(signs(one.words), 180)}: {inert(one.why, 120)}"


def _changes(card: CausesCard) -> list[str]:
    if not card.changes:
        return []
    return ["*Changed around then*", *(f"• {inert(change, 150)}" for change in card.changes[:SHOWN])]


def _examples(card: CausesCard) -> list[str]:
    if not card.examples:
        return []
    return ["*Tasks that show it*", *(f"• {_example(one)}" for one in card.examples[:SHOWN])]


def _example(one: ExampleLine) -> str:
    return f"{clock_time(one.at)} {inert(one.words, 150)}: {web_link(one.url, f'trace {one.trace[:8]}', 40)}"


def _playbook(line: PlaybookLine) -> list[str]:
    seen = "; ".join(inert(signal, 100) for signal in line.seen[:MOST_SIGNALS])
    start = f"Start at {bold(line.rung, 32)}. " if line.rung else ""
    return [
        f"*Playbook: {inert(line.title, 100)}*",
        f"Seen: {seen}",
        f"{start}{inert(line.advice, 400)}",
    ]


def _adopt(card: CausesCard, number: str) -> Button | None:
    if not card.playbooks or card.playbooks[0].adopted:
        return None
    best = card.playbooks[0]
    return button(f"Walk: {best.title}", ids.ADOPT, f"{number}{ids.SEPARATOR}{best.name}", "primary")


def _print(card: CausesCard) -> list[str]:
    unseen = f"Could not be looked at: {', '.join(card.unseen)}." if card.unseen else ""
    return [inert(unseen, 400) if unseen else "", *(inert(note, 150) for note in card.notes[:3])]
