"""Agents on a terminal: all of them, and one with its ladder."""

from collections.abc import Sequence
from datetime import datetime

from bot.cli.cards.parts import INDENT, listed, moment, rung_words, sli_table, table
from bot.core.cards.fleet import AgentCard, AgentChangesCard, AgentRow, FleetCard, ReadyCard, ReadyLine
from bot.core.formatting.durations import span

NO_AGENT = "No agent is registered."


def fleet(card: FleetCard) -> list[str]:
    """A sentence an agent, its numbers below it."""
    if not card.rows:
        return [card.empty or NO_AGENT]
    return [*(line for row in card.rows for line in _agent_lines(row, card.now)), *_unwatched(card.findings)]


def _agent_lines(row: AgentRow, now: datetime) -> list[str]:
    return [_head(row, now), *sli_table(row.lines), *_unwatched(row.findings)]


def _unwatched(findings: Sequence[str]) -> list[str]:
    return [f"{INDENT}! {one}" for one in findings]


def _head(row: AgentRow, now: datetime) -> str:
    since = f", since {moment(row.since, now)}" if row.since else ""
    by = f" by {row.by}" if row.by else ""
    until = f", until {moment(row.until, now)}" if row.until else ""
    incident = f" {row.incident} is open." if row.incident else ""
    on = f"{row.agent} is on {rung_words(row.rung)}{since}{by}{until}".rstrip(".")
    return f"{on}. Owner {row.owner}.{incident}"


def agent(card: AgentCard) -> list[str]:
    """What it is for, its numbers, its ladder and its people."""
    people = [("deputy", card.deputy), ("manager", card.manager)]
    named = ", ".join(f"{role} {name}" for role, name in people if name)
    return [
        _head(card.row, card.now),
        f"{INDENT}{card.summary}" if card.summary else "",
        f"{INDENT}Scope: {card.scope}" if card.scope else "",
        f"{INDENT}{named[:1].upper()}{named[1:]}." if named else "",
        *listed("Numbers", (line.strip() for line in sli_table(card.row.lines))),
        *listed("Findings", card.row.findings),
        *listed("Ladder", _ladder(card)),
    ]


def _ladder(card: AgentCard) -> list[str]:
    here = card.row.rung.rung
    return table([[name, may, "now" if name == here else ""] for name, may in card.ladder], indent="")


def agent_changes(card: AgentChangesCard) -> list[str]:
    """What changed lately, the newest first, each with its age."""
    rows = [
        [f"{span((card.now - one.at).total_seconds())} ago", moment(one.at, card.now), one.words, one.by]
        for one in card.changes
    ]
    title = f"Changes on {card.agent}, last {card.span.total_seconds() / 3600:g} h:"
    nothing = f"{INDENT}No change was posted, no rung was changed, no new version was seen."
    return [title, *(table(rows) if rows else [nothing])]


def ready(card: ReadyCard) -> list[str]:
    """May it go live: what is missing first, each with the one thing to do about it."""
    missing = [*card.missing, *card.later]
    return [card.headline, *(text for line in missing for text in _missing(line)), *(_met(line) for line in card.met)]


def _missing(line: ReadyLine) -> list[str]:
    return [f"{'  ?' if line.unknown else ' NO'}  {line.title}: {line.why} [{line.stage}]", f"     -> {line.next}"]


def _met(line: ReadyLine) -> str:
    return f"yes  {line.title}: {line.why} [{line.stage}]"
