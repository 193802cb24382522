"""Likely causes on a terminal: each with its evidence and what would rule it out."""

from bot.cli.cards.parts import INDENT, clock_time, listed
from bot.core.cards.causes import CauseLine, CausesCard, ExampleLine, FactLine, PlaybookLine
from bot.core.cards.words import signs


def causes(card: CausesCard) -> list[str]:
    """The finding in one line, then its evidence, then the playbook that fits."""
    return [
        f"{card.header.number}: {card.sentence}",
        _onset(card),
        *(line for cause in card.causes for line in _cause(cause)),
        *listed("Changed around then", card.changes),
        *listed("Tasks that show it", tuple(_example(one) for one in card.examples)),
        *(line for one in card.playbooks for line in _playbook(one)),
        f"Could not be looked at: {', '.join(card.unseen)}." if card.unseen else "",
        *card.notes,
    ]


def _example(one: ExampleLine) -> str:
    return f"{clock_time(one.at)} {one.words}: {one.url or f'trace {one.trace}'}"


def _onset(card: CausesCard) -> str:
    if card.onset is None or card.at is None:
        return ""
    return f"The numbers moved at {clock_time(card.onset)}; looked at {clock_time(card.at)}."


def _cause(line: CauseLine) -> list[str]:
    if line.ruled_out:
        return [f"{line.rank}. {line.words}: ruled out, {line.ruled_out}"]
    return [
        f"{line.rank}. {line.words} ({100 * line.share:.0f} %)",
        *(_ground(one) for one in line.grounds),
        f"{INDENT}Ruled out if {line.ruled_out_by.rstrip('.')}.",
    ]


def _ground(one: FactLine) -> str:
    return f"{INDENT}{'for' if one.points > 0 else 'against'}: {signs(one.words)} ({one.why})"


def _playbook(one: PlaybookLine) -> list[str]:
    start = f"Start at {one.rung}. " if one.rung else ""
    return [
        f"Playbook {one.name}: {one.title}{' (its runbook is being walked)' if one.adopted else ''}",
        f"{INDENT}Seen: {'; '.join(one.seen)}",
        f"{INDENT}{start}{one.advice}".rstrip(),
    ]
