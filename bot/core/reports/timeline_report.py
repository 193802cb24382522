"""What the timeline says: its lines, attribution record, recovery clock, runbook, pages and follow-ups.

Two conventions of notes are read here, and the runbooks ask for them: a clause that begins with `cause:` names the
cause, one that begins with `ruled out` (or `not the`) says what was looked at and set aside.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from bot.core.incident import events as ev
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.model.people import Person
from bot.core.reports.postmortem_report import (
    ActionItem,
    AttributionSection,
    ClockMove,
    Gap,
    PageFact,
    ReportLine,
    StepFact,
    Walk,
    Words,
)
from bot.core.reports.pseudonyms import Pseudonyms
from bot.core.runbooks.runbook import Outcome, Step, StepMark

Entries = Sequence[SealedEntry]

_CLAUSES = re.compile(r"\s*[;\n]+\s*|(?<=[.!?])\s+")
_CAUSE = re.compile(r"(?:root )?cause\s*[:=]\s*", re.IGNORECASE)
_RULED_OUT = re.compile(r"(?:ruled? out|excluded|not the)\b", re.IGNORECASE)
_DUE = re.compile(r"\bdue(?: by| on)?\s*[:=]?\s*(\d{4}-\d\d-\d\d)", re.IGNORECASE)
_OWNER = re.compile(r"\bowner\s*[:=]\s*(<@\w+>|@?[\w.-]+)|(<@\w+>)", re.IGNORECASE)
_CLOCK = {"recovery_began": "began", "recovery_reset": "reset", "recovery_held": "held", "rung_raised": "started over"}


def timeline(entries: Entries, cast: Pseudonyms) -> tuple[ReportLine, ...]:
    """Every entry, oldest first, with roles in place of names. Who was refused is no part of the story."""
    told = [sealed for sealed in entries if sealed.entry.kind != "refused"]
    ordered = sorted(told, key=lambda sealed: (sealed.entry.at, sealed.serial))
    return tuple(_line(sealed, cast) for sealed in ordered)


def _line(sealed: SealedEntry, cast: Pseudonyms) -> ReportLine:
    entry = sealed.entry
    return ReportLine(entry.at, cast.role(entry.actor), entry.kind, cast.words(entry.text, entry.kind))


def attribution(incident: Incident, entries: Entries, cast: Pseudonyms) -> AttributionSection:
    """What people said it was and was not, notes marked as attribution, and what was noted on the steps of that phase.

    A cause that somebody named (`/incident cause`) is the cause. Without one, the newest clause `cause: ...`, or the
    newest note that was made as an attribution. The bot's own opinion is a finding, never the cause.
    """
    lines = [clause for line in _attributed(incident, entries, cast) for clause in _clauses(line)]
    lines += _opinions(entries, cast)
    ruled_out = [line for line in lines if _RULED_OUT.match(line.text)]
    named = [line for line in lines if _CAUSE.match(line.text)]
    causes = named or [line for line in lines if line.kind == "attribution" and line not in ruled_out]
    cause: Words = Gap("the cause class (agent, tool, code, model, prompt, data or human) and how sure you are")
    if incident.cause is not None:
        note = f": {incident.cause.note}" if incident.cause.note else ""
        cause = cast.words(f"{incident.cause.words}{note}")
    elif causes:
        cause = _CAUSE.sub("", causes[-1].text, count=1)
    return AttributionSection(cause, tuple(line for line in lines if line not in ruled_out), tuple(ruled_out))


def _opinions(entries: Entries, cast: Pseudonyms) -> Iterator[ReportLine]:
    """What was said through `/incident cause` and `ruleout`, and what the evidence last looked like to the bot."""
    seen: ReportLine | None = None
    for sealed in entries:
        event = sealed.entry.event
        if isinstance(event, ev.Attributed):
            yield ReportLine(event.at, cast.role(event.actor), event.verdict, cast.words(sealed.entry.text))
        elif isinstance(event, ev.Assessed):
            seen = ReportLine(event.at, cast.role(event.actor), "evidence", event.assessment.sentence)
    if seen is not None:
        yield seen


def _attributed(incident: Incident, entries: Entries, cast: Pseudonyms) -> Iterator[ReportLine]:
    for sealed in entries:
        event = sealed.entry.event
        if isinstance(event, ev.Noted) and event.sort == "attribution":
            yield ReportLine(event.at, cast.role(event.actor), "attribution", cast.words(event.text))
        elif isinstance(event, ev.StepMarked) and event.note.strip():
            step = incident.plan.step(event.step_id)
            if step is not None and step.phase == "attribution":
                yield ReportLine(event.at, cast.role(event.actor), step.title, cast.words(event.note))


def _clauses(line: ReportLine) -> Iterator[ReportLine]:
    return (replace(line, text=clause) for clause in _CLAUSES.split(line.text.strip()) if clause)


def clock(entries: Entries, cast: Pseudonyms) -> tuple[ClockMove, ...]:
    """When the recovery clock began, was reset, started over after a restore, and held."""
    return tuple(
        ClockMove(sealed.entry.at, _CLOCK[sealed.entry.kind], cast.words(_why(sealed), sealed.entry.kind))
        for sealed in entries
        if sealed.entry.kind in _CLOCK and sealed.entry.event is not None
    )


def _why(sealed: SealedEntry) -> str:
    event = sealed.entry.event
    if isinstance(event, ev.RecoveryBegan | ev.RecoveryReset | ev.RecoveryHeld):
        return event.why
    return sealed.entry.text


def walk(incident: Incident, cast: Pseudonyms) -> Walk:
    """How the runbook fitted: what was not simply done."""
    plan, marks = incident.plan, incident.marks
    done = sum(1 for step in plan.steps if step.id in marks and marks[step.id].outcome == "done")
    exceptions = tuple(_step_fact(step, marks.get(step.id), cast) for step in plan.steps)
    return Walk(plan.name, plan.title, len(plan.steps), done, tuple(fact for fact in exceptions if fact is not None))


def _step_fact(step: Step, mark: StepMark | None, cast: Pseudonyms) -> StepFact | None:
    if mark is not None and mark.outcome == "done":
        return None
    if mark is None:
        note: Words = Gap("why this required step was left open") if step.required else ""
        return StepFact(step.phase, step.title, step.required, "open", note, "")
    outcome: Outcome = mark.outcome
    return StepFact(step.phase, step.title, step.required, outcome, cast.words(mark.note), cast.role(mark.by))


class PageKey(NamedTuple):
    """What a page's key says (`effects.Page.key`): who was paged, and by which way."""

    person: str
    way: str

    @classmethod
    def of(cls, key: str) -> "PageKey":
        """Read `inc-N/page/SERIAL/PERSON/WAY`."""
        *_, person, way = ("", "", *key.split("/"))
        return cls(person, way)


def pages(incident: Incident, entries: Entries, cast: Pseudonyms) -> tuple[PageFact, ...]:
    """Every page with its outcome, and the ones whose outcome is still awaited."""
    settled = [sealed.entry.event for sealed in entries if isinstance(sealed.entry.event, ev.PageSettled)]
    facts = [
        PageFact(page.at, cast.role(page.person), page.way, page.outcome, cast.words(page.detail)) for page in settled
    ]
    known = {page.page_key for page in settled}
    awaited = [PageKey.of(key) for key in incident.escalation.awaiting if key not in known]
    facts += [PageFact(None, cast.role(key.person), key.way, "pending", "") for key in awaited]
    return tuple(facts)


def actions(entries: Entries, cast: Pseudonyms, people: Mapping[str, Person]) -> tuple[ActionItem, ...]:
    """Tasks and follow-ups. An owner (`owner: bo`, or a mention) and a date (`due 2026-12-01`) are read where given."""
    noted = [sealed.entry.event for sealed in entries if isinstance(sealed.entry.event, ev.Noted)]
    return tuple(_action(note, cast, people) for note in noted if note.sort in ("task", "followup"))


def _action(note: ev.Noted, cast: Pseudonyms, people: Mapping[str, Person]) -> ActionItem:
    due = _DUE.search(note.text)
    return ActionItem(
        cast.words(note.text),
        "follow-up" if note.sort == "followup" else "task",
        _action_owner(note.text, cast, people),
        due[1] if due else Gap("due date"),
    )


def _action_owner(text: str, cast: Pseudonyms, people: Mapping[str, Person]) -> Words:
    found = _OWNER.search(text)
    if found is None:
        return Gap("one named owner")
    named = (found[1] or found[2]).strip("<@>")
    if named in people or any(named in (person.slack, person.name) for person in people.values()):
        return cast.role(named)
    return Gap("one named owner; the one given is not among the people of the fleet file")
