"""What several cards share on a terminal: a table, the SLIs in one, a rung, the head of an incident."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.core.cards import words
from bot.core.cards.parts import Header, Proposal, RungLine, SliLine

INDENT = "  "
GAP = "  "
NEAR = 18 * 3600
"""Seconds within which a time of day can mean one day only."""


def width(text: str) -> int:
    """Columns of a terminal: wide letters take two, marks that sit on a letter none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def table(rows: Sequence[Sequence[str]], indent: str = INDENT) -> list[str]:
    """Rows of equal length with their columns aligned; a column that is empty in every row is left out."""
    flat = [[" ".join(cell.split()) for cell in row] for row in rows]
    wide = [max(map(width, column)) for column in zip(*flat, strict=True)]
    return [
        indent + GAP.join(cell + " " * (size - width(cell)) for cell, size in zip(row, wide, strict=True) if size)
        for row in flat
    ]


def sli_table(lines: Iterable[SliLine]) -> list[str]:
    """SLIs one below the other, value first, what it means last."""
    return table([_sli(line) for line in lines])


def _sli(line: SliLine) -> list[str]:
    why = words.doubt(line) or (line.why if line.status in words.EXPLAINED else "")
    # An unknown number says so where the number would stand; its last column tells only why.
    meaning = "" if line.status == "unknown" and line.now is None else words.meaning(line)
    meaning = ": ".join(part for part in (meaning, why) if part)
    shown = [words.name_of(line), words.value(line), words.age(line), words.limit(line), words.normal(line)]
    return [*shown, words.tasks(line), words.workflow(line), meaning]


def band_table(lines: Iterable[SliLine]) -> list[str]:
    """SLIs against their recovery limits."""
    return table([_band(line) for line in lines])


def _band(line: SliLine) -> list[str]:
    shown = [words.name_of(line), words.value(line), words.needs(line), words.normal(line)]
    return [*shown, words.workflow(line), words.meaning(line)]


def rung_words(rung: RungLine) -> str:
    """`read-only (normally full): confirmed by 2 of 2 instances in 4 s`."""
    off = words.off_normal(rung)
    told = words.confirmation(rung)
    return f"{rung.rung}{f' ({off})' if off else ''}{f': {told}' if told else ''}"


def scope_words(scopes: Sequence[tuple[str, str]]) -> str:
    """Other scopes that are off the normal rung: `Also: workflow refund on suspended.`."""
    shown = [f"{f'workflow {name}' if name else 'the agent as a whole'} on {rung}" for name, rung in scopes]
    return f"Also: {', '.join(shown)}." if shown else ""


def head(header: Header) -> str:
    """`INC-0042 refunds, SEV2, responding: human escalation 18.0 %`."""
    title = f": {header.title}" if header.title else ""
    return f"{header.mark}{header.number} {header.agent}, {header.severity}, {header.state}{title}"


def held(header: Header) -> str:
    """Whose it is, and since when."""
    who = f"{header.acked_by} has it" if header.acked_by else "Nobody has it yet"
    owner = "" if header.acked_by == header.owner else f", owner {header.owner}"
    return f"{who}{owner}. Open since {moment(header.opened_at, header.now)} ({words.lasted(header)})."


def proposal(found: Proposal | None) -> str:
    """A rung to step down to, and why."""
    return f"Suggested: step down to {found.rung}. {words.signs(found.rule)}" if found is not None else ""


def clock_time(at: datetime) -> str:
    """`02:11 UTC`."""
    return f"{at.astimezone(UTC):%H:%M} UTC"


def moment(at: datetime, now: datetime) -> str:
    """`02:11 UTC`; with its date where it may be on another day."""
    return clock_time(at) if abs((at - now).total_seconds()) < NEAR else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def listed(title: str, lines: Iterable[str]) -> list[str]:
    """A title with its lines below it; nothing where there is none."""
    found = [f"{INDENT}{line}" for line in lines if line]
    return [f"{title}:", *found] if found else []
