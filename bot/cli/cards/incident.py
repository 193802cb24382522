"""Incidents on a terminal: one with its numbers, a list of them, and what happened."""

from collections.abc import Sequence

from bot.cli.cards.parts import (
    INDENT,
    band_table,
    clock_time,
    head,
    held,
    listed,
    moment,
    proposal,
    rung_words,
    scope_words,
    sli_table,
    table,
)
from bot.core.cards import words
from bot.core.cards.incident import (
    BreachesCard,
    CatchupCard,
    IncidentCard,
    IncidentList,
    PhaseCard,
    PhaseProgress,
    RecoveryCard,
    ResolveCard,
    StepLine,
    TimelineCard,
)
from bot.core.cards.page import AnnouncementCard, PageCard
from bot.core.formatting.plurals import plural

NOTHING_OPEN = "No incident is open."


def incident_list(card: IncidentList) -> list[str]:
    """One incident a line, newest first."""
    if not card.rows:
        return [NOTHING_OPEN]
    heads = [(row.header, row.headline) for row in card.rows]
    rows = [
        [one.number, one.severity, one.state, one.agent, words.lasted(one), _holder(one.acked_by), line]
        for one, line in heads
    ]
    return [f"{plural(len(rows), 'incident')} open.", *table(rows)]


def _holder(acked_by: str) -> str:
    return acked_by or "nobody has it"


def breaches(card: BreachesCard) -> list[str]:
    """Everything that joined the incident."""
    return [f"{card.header.number}: {plural(len(card.lines), 'SLI')} in breach.", *sli_table(card.lines)]


def incident(card: IncidentCard) -> list[str]:
    """What is wrong, who has it, what the agent may do, what is next."""
    roles = ", ".join(f"{role} {name}" for role, name in card.roles)
    return [
        head(card.header),
        held(card.header),
        f"Roles: {roles}." if roles else "",
        *sli_table(card.lines),
        f"Rung {rung_words(card.rung)}",
        scope_words(card.scopes),
        f"Recovery: {card.clock}" if card.clock else "",
        f"Cause: {card.cause}" if card.cause else "",
        f"Next: {card.next_step} ({card.next_phase})" if card.next_step else "",
        proposal(card.proposal),
        _progress(card.phases),
        f"Next update due {clock_time(card.update_due)}." if card.update_due else "",
        *listed("Open tasks", (f"{one.number}. {one.text}" for one in card.tasks)),
        card.residue,
    ]


def _progress(phases: Sequence[PhaseProgress]) -> str:
    told = [f"{one.phase} {'done' if one.done else f'{one.settled} of {one.total}'}" for one in phases]
    return f"Runbook: {', '.join(told)}." if told else ""


def timeline(card: TimelineCard) -> list[str]:
    """Entries oldest first, to the second."""
    earlier = f"{plural(card.earlier, 'earlier entry', 'earlier entries')} not shown." if card.earlier else ""
    rows = [[f"{line.at:%Y-%m-%d %H:%M:%S}", line.actor, line.text] for line in card.lines]
    return [head(card.header), earlier, *table(rows)] if rows else [head(card.header), "Nothing has happened yet."]


def phase(card: PhaseCard) -> list[str]:
    """The steps of one phase, with what became of each."""
    settled = sum(step.outcome not in ("open", "blocked") for step in card.steps)
    steps = plural(len(card.steps), "step")
    return [
        f"{card.header.number} {card.phase}: {'done' if card.done else f'{settled} of {steps} settled'}.",
        card.goal,
        *(line for number, step in enumerate(card.steps, 1) for line in _step(number, step)),
        f"Evidence as of {card.as_of:%H:%M} UTC." if card.as_of else "",
        f"Runbook: {card.runbook}.",
    ]


def _step(number: int, step: StepLine) -> list[str]:
    by = f" by {step.by}" if step.by else ""
    note = f": {step.note}" if step.note else ""
    optional = "" if step.required else ", optional"
    first = f"{number}. [{step.id}] {step.title} ({step.outcome}{by}{optional}){note}"
    return [first, *(f"{INDENT}{line}" for line in step.evidence)]


def recovery(card: RecoveryCard) -> list[str]:
    """The clock first, then each SLI against its band."""
    return [
        f"{head(card.header)}: {card.minutes} of {plural(card.needed, 'good minute')}.",
        card.sentence,
        *band_table(card.lines),
        f"Rung {rung_words(card.rung)}" if card.rung else "",
        card.plan,
        f"Restore: {card.restore_wait}" if card.restore_wait else "",
        f"Last reset: {card.last_reset}" if card.last_reset else "",
        f"It paged because {card.reason}" if card.reason else "",
    ]


def resolve(card: ResolveCard) -> list[str]:
    """What is still owed; once closed, the incident in figures."""
    times = ", ".join(f"{name} after {took}" for name, took in card.times)
    return [
        head(card.header),
        card.resolved,
        *listed("Not met when it was closed", card.unmet),
        *listed("Still owed", card.barred_by),
        f"{times[:1].upper()}{times[1:]}." if times else "",
        f"Rung {rung_words(card.rung)}",
        scope_words(card.scopes),
        *listed("Follow-ups", (f"{one.text} ({one.owner}, due {one.due:%Y-%m-%d})" for one in card.followups)),
        f"Postmortem draft: {card.postmortem}" if card.postmortem else "",
    ]


def catchup(card: CatchupCard) -> list[str]:
    """What, since when, tried, now, next, who."""
    tried = "; ".join(f"{clock_time(at)} {what}" for at, what in card.tried) or "nothing yet"
    return [
        head(card.header),
        f"What: {card.what}, since {moment(card.since, card.header.now)}",
        f"Impact: {card.impact}" if card.impact else "",
        f"Tried: {tried}",
        f"Now: {card.now_line}",
        f"Next: {card.next_line}",
        f"Who: {card.who}",
    ]


def page(card: PageCard) -> list[str]:
    """A page, as it was sent."""
    return [card.headline, card.acked or card.why, *sli_table(card.lines), card.reason, proposal(card.proposal)]


def announcement(card: AnnouncementCard) -> list[str]:
    """What the agent's channel is told."""
    return [
        head(card.header),
        held(card.header),
        *sli_table(card.lines),
        f"Rung {rung_words(card.rung)}",
        scope_words(card.scopes),
        f"Update: {card.update}" if card.update else "",
    ]
