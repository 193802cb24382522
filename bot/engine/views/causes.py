"""The card of causes, from what is recorded: the bot's assessment beside what people said of it."""

from collections.abc import Callable, Iterable, Iterator

from bot.core.cards.causes import CauseLine, CausesCard, ExampleLine, FactLine, PlaybookLine
from bot.core.cards.parts import Header
from bot.core.diagnosis.attribution import Assessment, Match, Suspect
from bot.core.diagnosis.example_tasks import ExampleTask
from bot.core.incident.incident import Incident, NamedCause
from bot.core.model.samples import minute_start
from bot.core.telemetry.traces.trace_links import trace_link, trace_of

Named = Callable[[str], str]
"""A person's name by key."""
NOT_YET = "Nobody has looked at the evidence yet."


def causes_card(
    header: Header, incident: Incident, found: Assessment | None, name: Named, trace_url: str = ""
) -> CausesCard:
    """What the evidence looks like, and what a person has said. `trace_url`: the template of the fleet file."""
    said = _said(name, incident.cause) if incident.cause else ""
    if found is None:
        return CausesCard(header, said or NOT_YET, None, None, named=said)
    out = {(one.kind, one.subject): one for one in incident.ruled_out}
    lines = tuple(
        _line(rank, suspect, _said(name, out[suspect.key]) if suspect.key in out else "")
        for rank, suspect in enumerate(found.causes, 1)
    )
    return CausesCard(
        header,
        f"The cause is {said}" if said else found.sentence,
        found.at,
        minute_start(found.onset),
        lines,
        tuple(_playbook(match, incident) for match in found.matches),
        found.unseen,
        found.notes,
        said,
        tuple(f"{change.at:%H:%M} UTC {change.words}" for change in reversed(found.changes)),
        tuple(_examples(found.examples, trace_url)),
    )


def cause_words(incident: Incident, name: Named) -> str:
    """One line for the incident card."""
    if incident.cause is not None:
        return f"Cause: {_said(name, incident.cause)}"
    if incident.assessment is None or not incident.open:
        return ""
    spared = " A fault of a tool is no reason to step the agent down by rule." if incident.tool_fault else ""
    return f"{incident.assessment.sentence}.{spared}".replace("..", ".")


def _said(name: Named, named: NamedCause) -> str:
    note = f": {named.note}" if named.note else ""
    return f"{named.words}{note} ({name(named.by)}, {named.at:%H:%M} UTC)"


def _line(rank: int, suspect: Suspect, ruled_out: str) -> CauseLine:
    grounds = tuple(FactLine(one.words, one.points, one.why) for one in suspect.grounds)
    return CauseLine(
        rank, suspect.kind, suspect.subject, suspect.words, suspect.share, grounds, suspect.ruled_out_by, ruled_out
    )


def _examples(found: Iterable[ExampleTask], trace_url: str) -> Iterator[ExampleLine]:
    for one in found:
        name = trace_of(one.task_id)
        if name is not None:
            yield ExampleLine(one.at, one.words, name.trace, trace_link(trace_url, name))


def _playbook(match: Match, incident: Incident) -> PlaybookLine:
    adopted = match.name == incident.playbook or match.runbook == incident.plan.name
    return PlaybookLine(
        match.name, match.title, match.runbook, match.seen, match.missing, match.rung, match.advice, adopted
    )
