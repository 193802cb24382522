"""What each fact is worth for each cause: the one table of attribution, with its reasons.

A point doubles the odds: +3 is "eight times as likely with this fact as without it". Points of independent facts add.
`seen` counts when the fact is there, `absent` when it was looked for and is not; what could not be looked for counts
nothing. The numbers are judgement, not measurement: they were written down from practice (which finding makes a
responder change their mind, and how far), and `bench/attribution` measures how well they do.
"""

from dataclasses import dataclass
from typing import Literal

from bot.core.model.cause import CauseKind

About = Literal["any", "subject", "kind", "tools"]
CHANGES: tuple[CauseKind, ...] = ("code", "prompt", "model", "schema", "policy")


@dataclass(frozen=True, slots=True)
class Weight:
    """One row of the table.

    `why` says what the fact means when it is there; what it means that it is not stands in OTHERWISE.
    `about` says whose fact it must be. "any": of anything; "subject": of this very tool or change; "kind": of this
    kind of version; "tools": of a tool that the change touches. Of rows of one `group` only the largest counts.
    """

    kinds: tuple[CauseKind, ...]
    sign: str
    seen: float
    absent: float
    why: str
    about: About = "any"
    group: str = ""


PRIORS: dict[CauseKind, float] = {
    "agent": 1.0,
    "tool": 0.0,
    "code": 0.0,
    "prompt": 0.0,
    "model": 0.0,
    "schema": 0.0,
    "policy": -0.5,
    "data": 0.0,
    "load": -1.0,
    "people": -1.0,
    "shared": -1.0,
}
"""Before anything is looked at. An agent that nobody touched is the commonest case; a posted change has its timing."""

STANDS_OUT = 2.0
"""Points from which a cause is named. Below, "nothing stands out" is the answer."""

WEIGHTS: tuple[Weight, ...] = (
    # tools
    Weight(("tool",), "tool-ill", 6, -4, "it fails where the agent has no part in it", "subject"),
    Weight(("tool",), "tool-errors", 3, -3, "the agent's own calls of it fail", "subject"),
    Weight(("tool",), "bad-with-tool", 2, -1, "the tasks that used it are the bad ones", "subject"),
    Weight(("tool",), "tool-late", -3, 0.5, "it failed only after the agent went bad: a consequence", "subject"),
    Weight(("tool",), "schema-before", -2, 0, "its schema changed: then the change is the cause"),
    Weight(("tool",), "invalid-calls", -2, 0.5, "it refuses what it is asked: the asking is wrong"),
    Weight(("tool",), "other-tools", -1, 0, "the agent chooses differently, which a fault of a tool seldom explains"),
    # changes: when
    Weight(CHANGES, "change-close", 4, 0, "few things happen by chance that close", "subject"),
    Weight(CHANGES, "change-hour", 2, 0, "traffic has reached it by then", "subject"),
    Weight(CHANGES, "change-hours", -1, 0, "it worked for a while", "subject"),
    Weight(CHANGES, "change-old", -4, 0, "it has proved itself since", "subject"),
    Weight(CHANGES, "change-after", -8, 0, "a cause comes first", "subject"),
    Weight(CHANGES, "fits-slice", 2, -4, "what it touches is what went bad", "subject"),
    Weight(CHANGES, "sudden", 0.5, 0, "a change works from its first minute on"),
    Weight(CHANGES, "gradual", -0.5, 0, "a change seldom creeps in, unless it is rolled out in parts"),
    # changes: what they can and cannot do
    Weight(CHANGES, "tool-ill", -4, 0, "no change of the agent makes a tool fail for others"),
    Weight(("code", "prompt", "model", "schema"), "slow-decisions", -4, 0, "no change of the agent makes people slow"),
    Weight(CHANGES, "flagged-content", -4, 0, "instructions came in with the data"),
    Weight(CHANGES, "load-up", -2, 0, "load rose at the same time"),
    Weight(CHANGES, "other-agents", -1, 0, "other agents, which it does not touch, went bad too"),
    Weight(("model", "prompt"), "new-version", 3, -5, "task records name a new version", "kind"),
    Weight(("model", "prompt"), "worse-version", 4, -1, "old and new run side by side and the new is worse", "kind"),
    Weight(("schema",), "tool-errors", 3, -1, "calls of the very tool whose schema changed fail", "tools"),
    Weight(("schema",), "bad-with-tool", 2, -1, "the tasks that use that tool are the bad ones", "tools"),
    Weight(("schema",), "other-tools", 3, 0, "the very tool whose schema changed is chosen otherwise", "tools"),
    Weight(("schema",), "invalid-calls", 3, -1, "calls that the new schema refuses"),
    Weight(("policy",), "denied-calls", 4, -2, "policy refuses what it let through"),
    Weight(("policy",), "more-requests", 3, -1, "more has to be asked for"),
    Weight(("model", "code"), "dear-calls", 1, 0, "the price of a call changed, which models and routing do"),
    # the agent's own behaviour
    Weight(("agent",), "recent-change", -2, 2, "a change in the last hour explains it better"),
    Weight(("agent",), "repeated-calls", 1.5, 0, "it repeats itself", group="behaviour"),
    Weight(("agent",), "invalid-calls", 1.5, 0, "it makes calls up", group="behaviour"),
    Weight(("agent",), "other-tools", 1.5, 0, "it takes other tools", group="behaviour"),
    Weight(("agent",), "replans", 1.5, 0, "it plans again and again", group="behaviour"),
    Weight(("agent",), "long-tasks", 1.5, 0, "it loses the thread in long tasks", group="behaviour"),
    Weight(("agent",), "early-endings", 1.5, 0, "it ends too early", group="behaviour"),
    Weight(("agent",), "tool-ill", -5, 0, "a tool is ill, and the agent makes do"),
    Weight(("agent",), "tool-errors", -2, 0, "calls fail, whoever's fault that is"),
    Weight(("agent",), "slow-decisions", -5, 0, "people are slow, which is not the agent"),
    Weight(("agent",), "flagged-content", -4, 0, "it was told to"),
    Weight(("agent",), "load-up", -2, 0, "it held at the usual load"),
    Weight(("agent",), "other-agents", -2, 0, "others went bad too, without its doing"),
    Weight(("agent",), "new-version", -2, 0, "task records name a new version"),
    # what comes in
    Weight(("data",), "flagged-content", 6, -2, "a guard found instructions in what the agent read"),
    Weight(("data",), "flagged-perhaps", 4, -1, "a guard found a little more than usual"),
    Weight(("data",), "other-tools", 1, 0, "it does what nobody asked for"),
    Weight(("data",), "one-workflow", 1, 0, "one kind of input and not the others"),
    Weight(("load",), "load-up", 4, -5, "more tasks than is normal"),
    Weight(("load",), "follows-load", 2, -2, "it is as bad as the load is high, minute by minute"),
    Weight(("load",), "gradual", 1, -0.5, "pressure builds up"),
    Weight(("load",), "recent-change", -1, 0.5, "a change would explain it too"),
    Weight(("load",), "tool-ill", -3, 0, "a tool is ill"),
    Weight(("load",), "slow-decisions", -2, 0, "people are slow"),
    Weight(("load",), "flagged-content", -3, 0, "it was told to"),
    # people
    Weight(("people",), "slow-decisions", 7, -4, "fewer decisions for the same requests"),
    Weight(("people",), "more-requests", -3, 0.5, "more was asked of them"),
    Weight(("people",), "load-up", -2, 0, "more came in altogether"),
    # shared
    Weight(("shared",), "other-agents", 3, -4, "others went bad at the same time"),
    Weight(("shared",), "many-agents", 2, 0, "and more than one of them"),
    Weight(("shared",), "several-tools", 3, 0, "several tools at once have something beneath them"),
    Weight(("shared",), "tool-ill", -3, 0.5, "one tool that is ill for all is that tool"),
    Weight(("shared",), "one-workflow", -2, 0, "what is shared hits every workflow"),
)

OTHERWISE: dict[tuple[tuple[CauseKind, ...], str], str] = {
    (("tool",), "tool-ill"): "it works where the agent has no part in it",
    (("tool",), "tool-errors"): "the agent's own calls of it work",
    (("tool",), "bad-with-tool"): "tasks without it are no better",
    (("tool",), "tool-late"): "it failed no later than the agent went bad",
    (("tool",), "invalid-calls"): "it is asked for nothing wrong",
    (CHANGES, "fits-slice"): "what went bad is not what it touches",
    (("model", "prompt"), "new-version"): "task records name the old version still",
    (("model", "prompt"), "worse-version"): "old and new run side by side and are equally bad",
    (("schema",), "tool-errors"): "calls of the tool whose schema changed work",
    (("schema",), "bad-with-tool"): "tasks without that tool are no better",
    (("schema",), "invalid-calls"): "no more calls are refused than before",
    (("policy",), "denied-calls"): "policy refuses no more than before",
    (("policy",), "more-requests"): "no more has to be asked for than before",
    (("agent",), "recent-change"): "nobody touched it in the last hour",
    (("data",), "flagged-content"): "a guard found no instructions in what the agent read",
    (("data",), "flagged-perhaps"): "a guard found no more than usual",
    (("load",), "load-up"): "no more tasks than is normal",
    (("load",), "follows-load"): "it is as bad when the load is low",
    (("load",), "gradual"): "pressure builds up; this came at once",
    (("load",), "recent-change"): "no change explains it",
    (("people",), "slow-decisions"): "people decide as fast as ever",
    (("people",), "more-requests"): "no more was asked of them",
    (("shared",), "other-agents"): "no other agent went bad",
    (("shared",), "tool-ill"): "no one tool is ill for all",
}
"""What it means that a fact was looked for and is not there, for each row of WEIGHTS where that counts."""

RULED_OUT_BY: dict[CauseKind, str] = {
    "agent": "known tasks pass when they are replayed, or a tool or a change explains the same minutes better",
    "tool": "one plain call by hand works, with credentials of the same kind",
    "code": "known tasks fail on the version before it as well",
    "prompt": "known tasks fail with the prompt before it as well",
    "model": "known tasks fail on the model before it as well, and the provider's version string is the old one",
    "schema": "the refused calls would be refused by the old schema too",
    "policy": "what is refused or asked for was refused or asked for before it as well",
    "data": "tasks with and without the suspicious content are equally bad",
    "load": "it stays bad when the load is back to normal",
    "people": "decisions an hour are as usual and the oldest request is young",
    "shared": "what the agents have in common (provider, region, identity) is well by its own word",
    "unknown": "any of the checks of the playbook finds something",
}
"""What would rule a cause out, in the words of a card."""
