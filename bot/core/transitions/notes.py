"""What people write down: notes, tasks, follow-ups, updates; the postmortem; what sources said for the runbook."""

from dataclasses import replace

from bot.core.incident import events as ev
from bot.core.incident.effects import Bookmark, DraftPostmortem, Effect, Say
from bot.core.incident.incident import CLOSED, Gathered, IllegalMove, Incident, Task
from bot.core.transitions.transition import Transition, apply, edits

WORDS = {"note": "", "task": "Task: ", "followup": "Follow-up: ", "update": "Update: ", "attribution": "Cause: "}


@apply.register
def noted(event: ev.Noted, incident: Incident) -> Transition:
    """A line for the timeline. Tasks and follow-ups are kept, an update is shown on the cards."""
    text = f"{WORDS[event.sort]}{event.text}{_for(event)}"
    after = _kept(event, incident)
    if event.source:
        after = replace(after, captured=(*incident.captured, event.source))
    return Transition(after, text, _told(event, incident, text), happened=event.said_at)


def _for(event: ev.Noted) -> str:
    """` (ben, by 2026-01-31)`."""
    due = f"by {event.due:%Y-%m-%d}" if event.due else ""
    given = ", ".join(part for part in (event.person, due) if part)
    return f" ({given})" if given else ""


def _kept(event: ev.Noted, incident: Incident) -> Incident:
    if event.sort == "followup":
        return replace(incident, followups=(*incident.followups, event.text))
    if event.sort == "task":
        task = Task(event.item or next_task(incident), event.text, event.person, event.actor.key)
        return replace(incident, tasks=(*incident.tasks, task))
    if event.sort == "update":
        return replace(incident, updated_at=event.at, update=event.text)
    return incident


def next_task(incident: Incident) -> str:
    """The id of the incident's next task."""
    return f"{incident.id}-t{len(incident.tasks) + 1}"


def _told(event: ev.Noted, incident: Incident, text: str) -> tuple[Effect, ...]:
    """What the channel hears. A message that was taken over stands there already."""
    shown = edits(incident, "incident", "announcement") if event.sort in ("task", "update") else ()
    owed = edits(incident, "resolve") if event.sort == "followup" else ()
    silent = event.sort == "note" or bool(event.source) or incident.state in CLOSED
    if silent:
        return (*shown, *owed)
    return (Say(incident.id, f"note-v{incident.version + 1}", f"{event.actor.name}: {text}"), *shown, *owed)


@apply.register
def task_done(event: ev.TaskDone, incident: Incident) -> Transition:
    """A task of the incident is done."""
    task = next((task for task in incident.tasks if task.item == event.item), None)
    if task is None:
        raise IllegalMove(f"{incident.number} has no task {event.item}.")
    done = replace(task, done_at=event.at, done_by=event.actor.key)
    tasks = tuple(done if one.item == event.item else one for one in incident.tasks)
    return Transition(replace(incident, tasks=tasks), f"Task done: {task.text}", edits(incident, "incident"))


@apply.register
def followup_changed(event: ev.FollowupChanged, incident: Incident) -> Transition:
    """A follow-up moved on; its row is committed with this."""
    if event.done:
        text = f"Follow-up {event.item} is done."
    else:
        due = f"due {event.due:%Y-%m-%d}" if event.due else ""
        owner = f"with {event.person}" if event.person else ""
        link = f"tracked at {event.link}" if event.link else ""
        text = f"Follow-up {event.item}: {', '.join(part for part in (owner, due, link) if part) or 'unchanged'}."
    return Transition(incident, text, edits(incident, "resolve"))


@apply.register
def postmortem_asked(event: ev.PostmortemAsked, incident: Incident) -> Transition:
    """Somebody wants the draft now."""
    draft = DraftPostmortem(incident.id, f"v{incident.version + 1}")
    return Transition(incident, f"{event.actor.name} asks for the postmortem draft.", (draft,))


@apply.register
def postmortem_drafted(event: ev.PostmortemDrafted, incident: Incident) -> Transition:
    """The draft is where people find it."""
    drafted = replace(incident, postmortem=event.where)
    text = f"Postmortem drafted, {event.gaps} gaps for people to fill."
    bookmark = Bookmark(incident.id, "Postmortem", "resolve")
    return Transition(drafted, text, (*edits(incident, "resolve"), *((bookmark,) if incident.channel else ())))


@apply.register
def postmortem_finished(event: ev.PostmortemFinished, incident: Incident) -> Transition:
    """Nobody is reminded of it any more."""
    done = replace(incident, postmortem_done_at=event.at)
    return Transition(done, "The postmortem is written and read.", edits(incident, "resolve"))


@apply.register
def evidence_gathered(event: ev.EvidenceGathered, incident: Incident) -> Transition:
    """Keep what sources said; the phase that shows it is drawn anew."""
    found = {what: Gathered(text, event.at) for what, text in event.found}
    asked = {step.phase for step in incident.plan.steps if set(step.evidence) & set(found)}
    text = "Evidence gathered: " + "; ".join(told for _, told in event.found)
    shown = edits(incident, *(f"phase-{phase}" for phase in sorted(asked)))
    return Transition(replace(incident, gathered={**incident.gathered, **found}), text, shown)
