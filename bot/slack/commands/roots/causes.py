"""`/incident`: what is behind it."""

from typing import Final

from bot.core.cards.answer import Answer
from bot.core.model.cause import KINDS
from bot.slack.commands.verbs import REASON, WHY, Argument, Invocation, Verb

CAUSE: Final = Argument(
    "CAUSE", "word", "What is behind it?", hint=f"A number of the card, or one of: {', '.join(KINDS)}."
)
PLAYBOOK: Final = Argument("PLAYBOOK", "word", "Which playbook?", required=False)


def _evidence(call: Invocation) -> Answer:
    return call.commands.causes.evidence(call.incident_id)


def _cause(call: Invocation) -> Answer:
    """A cause of the card or of a kind; anything else is the responder's own words, kept as they are."""
    what, note = call.value("CAUSE"), call.value("reason")
    answer = call.commands.causes.attribute(call.actor, call.incident_id, what.rstrip(",;:"), note)
    if answer.ok or not note or not answer.text.startswith("'"):
        return answer
    return call.commands.teamwork.note(call.actor, call.incident_id, f"{what} {note}", "attribution")


def _rule_out(call: Invocation) -> Answer:
    return call.commands.causes.rule_out(call.actor, call.incident_id, call.value("CAUSE"), call.value("reason"))


def _adopt(call: Invocation) -> Answer:
    return call.commands.causes.adopt(call.actor, call.incident_id, call.value("PLAYBOOK"))


CAUSES: Final = (
    Verb(
        "incident",
        "evidence",
        "look at the evidence now: likely causes and the playbook that fits",
        "anybody",
        _evidence,
        aliases=("causes", "why", "attribution"),
        hinted=True,
    ),
    Verb(
        "incident",
        "cause",
        "say what is behind it, or confirm the bot's guess",
        "may_respond",
        _cause,
        arguments=(CAUSE, WHY),
        aliases=("attribute",),
    ),
    Verb(
        "incident",
        "ruleout",
        "rule a cause out, with the reason",
        "may_respond",
        _rule_out,
        arguments=(CAUSE, REASON),
        aliases=("rule-out", "ruled-out", "exclude"),
    ),
    Verb(
        "incident",
        "adopt",
        "walk the runbook of a playbook; the best match where none is named",
        "may_respond",
        _adopt,
        arguments=(PLAYBOOK,),
        aliases=("playbook",),
    ),
)
