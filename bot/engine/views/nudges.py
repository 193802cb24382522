"""What a reminder says: what is owed, and once it is owed no more, what became of it.

Only what was done is called done: a reminder also ends because the incident moved on.
"""

from collections.abc import Callable
from datetime import datetime

from bot.core.cards.parts import Header
from bot.core.cards.team import NudgeCard
from bot.core.incident.events import NudgeKind
from bot.core.incident.incident import Incident
from bot.core.runbooks.runbook import Step, next_step
from bot.core.transitions import reminders

NameOf = Callable[[str], str]


def nudge_card(header: Header, incident: Incident, kind: NudgeKind, name: NameOf, now: datetime) -> NudgeCard:
    """A reminder as it looks now: what it reminds of may have been done meanwhile, or be owed no more."""
    owed = reminders.occasion(incident, kind)
    nudge = incident.nudges.get(kind)
    stands = owed is not None and nudge is not None and nudge.about == owed.about
    done, settled = (False, "") if stands else _end(incident, kind, nudge.about if nudge else "", name)
    step = next_step(incident.plan, incident.marks) if kind == "step" else None
    return NudgeCard(
        header,
        kind,
        _owed(incident, kind, step, now),
        nudge.count if nudge else 1,
        reminders.MOST,
        step_id=step.id if step else "",
        settled=settled,
        done=done,
    )


def _owed(incident: Incident, kind: NudgeKind, step: Step | None, now: datetime) -> str:
    last = incident.updated_at or incident.acked_at
    waited = int((now - last).total_seconds() // 60) if last else 0
    texts = {
        "lead": f"Nobody leads {incident.number} yet. Who does?",
        "update": f"Nobody outside has heard how {incident.number} stands for {waited} min.",
        "step": f"This step was meant to take {step.timebox if step else 0} min: {step.title if step else ''}",
        "restore": f"{incident.agent} has recovered and is still on {incident.rungs.rung}.",
        "postmortem": f"The postmortem of {incident.number} ({incident.agent}) is not done yet.",
    }
    return texts[kind]


def _end(incident: Incident, kind: NudgeKind, about: str, name: NameOf) -> tuple[bool, str]:
    """Whether what was owed was done, and how it ended, in a sentence."""
    if kind == "step" and about in incident.marks:
        return incident.marks[about].outcome != "blocked", _settled_step(incident, about, name)
    ends = {"lead": _led, "update": _updated, "restore": _restored, "postmortem": _written}
    done = ends[kind](incident, name) if kind in ends else ""
    return (True, done) if done else (False, _dropped(incident, kind, about))


def _led(incident: Incident, name: NameOf) -> str:
    lead = incident.roles.get("lead", "")
    return f"{name(lead)} leads." if lead else ""


def _updated(incident: Incident, _: NameOf) -> str:
    asked = incident.nudges.get("update")
    told = incident.updated_at
    if told is None or (asked is not None and asked.last_at is not None and told < asked.last_at):
        return ""
    return f"An update went out at {told:%H:%M} UTC."


def _settled_step(incident: Incident, step_id: str, name: NameOf) -> str:
    mark, step = incident.marks[step_id], incident.plan.step(step_id)
    return f"{step.title if step else step_id}: {mark.outcome.replace('-', ' ')}, {name(mark.by)}."


def _restored(incident: Incident, _: NameOf) -> str:
    rungs = incident.rungs
    if rungs.rung == rungs.normal:
        return f"{incident.agent} is on {rungs.normal} again."
    if rungs.restore_to:
        return f"A restore to {rungs.restore_to} waits for a second person."
    return "A restore plan walks it up." if rungs.plan is not None and rungs.plan.walking else ""


def _written(incident: Incident, _: NameOf) -> str:
    return f"The postmortem of {incident.number} is done." if incident.postmortem_done_at is not None else ""


def _dropped(incident: Incident, kind: NudgeKind, about: str) -> str:
    """Nothing was done, and nobody is reminded any more: both are said."""
    step = incident.plan.step(about)
    undone = {
        "lead": "Nobody took the lead",
        "update": "No update was written",
        "step": f"{step.title if step else 'The step'}: still open",
        "restore": f"{incident.agent} is still on {incident.rungs.rung}",
        "postmortem": "The postmortem is not done",
    }
    return f"{undone[kind]}; no reminder while {incident.number} is {incident.state}."
