"""Tickets about error budgets: one for an episode, posted and never paged (`product.md` section 11). Pure.

An episode begins when an alert rings (both of its windows are past the factor, `budget.Burn`), or when a budget is
gone. It ends when the long window is no longer past the factor, or there is budget again; the short window alone may
come and go, and a quiet hour of an agent that burns is not an end. What cannot be judged ends nothing. A ticket waits
until the window that it speaks of was lived.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.budgets.budget import Budget, alert_words
from bot.core.formatting.durations import words
from bot.core.formatting.numbers import label
from bot.core.model.samples import Series
from bot.core.model.slis import BurnAlert, Sli

GONE = "gone"
"""The alert that there is no budget left."""
INCIDENT_SHARE = 0.20
"""Share of a budget that one incident may use before a postmortem is asked for (Site Reliability Workbook, the example
error budget policy)."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One episode. `alert` names the alert (`3x over 1d and 2h`, or `gone`); `text` is what was posted."""

    series: Series
    alert: str
    opened_at: datetime
    text: str
    closed_at: datetime | None = None
    id: int = 0


class TicketState(NamedTuple):
    """One alert of one budget as it stands: it begins an episode, it ends one, or (neither) changes nothing."""

    series: Series
    alert: str
    begins: bool
    ends: bool
    text: str


def name_of(alert: BurnAlert) -> str:
    """`3x over 1d and 2h`."""
    return f"{alert.factor:g}x over {words(alert.over * 60)} and {words(alert.and_over * 60)}"


def states(sli: Sli, found: Budget) -> Iterator[TicketState]:
    """Every alert of a budget: its burn alerts, and that it is gone."""
    for burn in found.burns:
        ended = burn.long is not None and burn.long <= burn.alert.factor
        yield TicketState(found.series, name_of(burn.alert), burn.ringing, ended, alert_words(found.series, sli, burn))
    known = found.remaining is not None
    begins = found.gone and (found.whole or found.target >= 1)
    yield TicketState(found.series, GONE, begins, known and not found.gone, found.why)


def changes(
    open_: Sequence[Ticket], present: Iterable[TicketState], now: datetime
) -> tuple[list[Ticket], list[Ticket]]:
    """(tickets to open, tickets that are over) in view of those that are open."""
    by = {(ticket.series, ticket.alert): ticket for ticket in open_}
    fresh: list[Ticket] = []
    over: list[Ticket] = []
    for state in present:
        ticket = by.get((state.series, state.alert))
        if ticket is None and state.begins:
            fresh.append(Ticket(state.series, state.alert, now, state.text))
        elif ticket is not None and state.ends and not state.begins:
            over.append(ticket)
    return fresh, over


def notice(agent: str, ticket: Ticket, owner: str) -> str:
    """The text of a ticket in the agent's channel."""
    tip = "Nothing is to be done at night" if ticket.alert != GONE else "Changes wait (`stepdown gate` says no)"
    return f"TICKET {agent}: {ticket.text}. {tip}; owner {owner}. See: /agent {agent} budget"


def postmortem_words(number: str, sli: Sli, share: float) -> str:
    """That one incident used so much of a budget that it needs a postmortem with at least one action."""
    return (
        f"{number} has used {100 * share:.0f} % of the 30-day error budget of {label(sli)}, more than "
        f"{100 * INCIDENT_SHARE:.0f} %: it needs a postmortem with at least one follow-up that has an owner and a date."
    )
