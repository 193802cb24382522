"""Names that Slack hands back to us: action ids, callback ids, and what stands in a button's value.

A button carries ids, never state: what is shown may be hours old, so the engine reads the present state again.
"""

from typing import Final, NamedTuple

ACK: Final = "ack"
CANNOT_TAKE: Final = "pass_on"
LOWER: Final = "lower"
RESTORE: Final = "restore"
RESTORE_PLAN: Final = "restore_plan"
STOP_PLAN: Final = "stop_plan"
APPROVE: Final = "approve"
DECLINE: Final = "decline"
STEP_DONE: Final = "step_done"
STEP_OTHER: Final = "step_other"
RESOLVE: Final = "resolve"
RESOLVE_ANYWAY: Final = "resolve_anyway"
REOPEN: Final = "reopen"
STATUS: Final = "status"
STEPS: Final = "steps"
CATCHUP: Final = "catchup"
TRAY: Final = "tray"
AGENT: Final = "agent"
EVIDENCE: Final = "evidence"
CAUSE_CONFIRM: Final = "cause_confirm"
CAUSE_RULE_OUT: Final = "cause_rule_out"
ADOPT: Final = "adopt"
ALLOW_WRITE: Final = "allow_write"
DENY_WRITE: Final = "deny_write"
FORM_OPENER: Final = "form_opener"
DECLARE_SHORTCUT: Final = "declare_from_message"

FLEET: Final = "fleet"
DECLARE_ANYWHERE: Final = "declare_from_anywhere"
LOWER_ANYWHERE: Final = "lower_from_anywhere"
DO: Final = "do-"
"""Before a verb of `/incident`: a button that saves typing it."""
BUTTONED: Final = (
    "accept",
    "catchup",
    "cover",
    "cover-end",
    "declare",
    "followup",
    "followup-done",
    "followup-move",
    "handoff",
    "note",
    "page",
    "postmortem",
    "postmortem-done",
    "refuse",
    "role",
    "snooze",
    "steps",
    "task",
    "task-done",
    "timeline",
    "tray",
    "update",
)
"""Verbs that stand on cards as buttons of their own."""

SEPARATOR: Final = "|"
TABLETOP: Final = "tabletop_"


def do(verb: str) -> str:
    """The action id of a button for a verb of `/incident`."""
    return f"{DO}{verb}"


def about(incident_id: int, first: str) -> str:
    """`42|lead`: the incident, and the verb's first argument."""
    return SEPARATOR.join((str(incident_id), first))


class Target(NamedTuple):
    """What a step down or a restore is about. `rung` "" is one rung from wherever the agent is."""

    agent: str
    rung: str = ""
    workflow: str = ""


class StepTarget(NamedTuple):
    """One step of one incident, and what is to become of it ("" where the button itself says so)."""

    incident_id: int
    step_id: str
    outcome: str = ""


def target_value(agent: str, rung: str = "", workflow: str = "") -> str:
    """`refunds|read-only|` as a button's value."""
    return SEPARATOR.join((agent, rung, workflow))


def target_of(value: str) -> Target:
    """Read a button's value back. Missing parts are empty."""
    agent, rung, workflow, *_ = (*value.split(SEPARATOR), "", "")
    return Target(agent, rung, workflow)


def step_value(incident_id: int, step_id: str, outcome: str = "") -> str:
    """`42|reach|skipped` as a button's or option's value."""
    return SEPARATOR.join((str(incident_id), step_id, outcome))


def step_of(value: str) -> StepTarget:
    """Read a step button's value back. Raises ValueError for what is none of ours."""
    number, step_id, outcome, *_ = (*value.split(SEPARATOR), "", "")
    return StepTarget(int(number), step_id, outcome)


def cause_value(incident_id: int, kind: str, subject: str) -> str:
    """`42|tool:ledger` as a button's value: the cause itself, not its place on a card that may have changed."""
    return f"{incident_id}{SEPARATOR}{kind}:{subject}"


def pair_of(value: str) -> tuple[int, str]:
    """An incident and a word, from `42|word`. Raises ValueError for what is none of ours."""
    number, _, word = value.partition(SEPARATOR)
    return int(number), word


def tabletop(verb: str, more: str = "") -> str:
    """The action id of a button that stands for a verb of `/tabletop`; `more` tells several in one row apart."""
    return f"{TABLETOP}{verb}" + (f"_{more}" if more else "")


def tabletop_value(exercise: int, word: str = "") -> str:
    """`3|vip` as a button's value."""
    return f"{exercise}{SEPARATOR}{word}"
