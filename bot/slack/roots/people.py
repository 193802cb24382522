"""`/incident`: who has which part, who else is woken, and who says yes to a restore."""

from typing import Final

from bot.core.cards import Answer
from bot.slack.verbs import REASON, ROLES, WHY, Argument, Call, Verb


def _role(call: Call) -> Answer:
    return call.commands.take_role(call.actor, call.incident_id, call.value("ROLE"), call.value("@person"))


def _page(call: Call) -> Answer:
    return call.commands.page(call.actor, call.incident_id, call.value("@person"), call.value("reason"))


def _approve(call: Call) -> Answer:
    return call.commands.approve_restore(call.actor, call.incident_id)


def _decline(call: Call) -> Answer:
    return call.commands.decline_restore(call.actor, call.incident_id, call.value("reason"))


PEOPLE: Final = (
    Verb(
        "incident",
        "role",
        "give a role to somebody",
        "may_respond",
        _role,
        arguments=(
            Argument("ROLE", "role", "Which role?", choices=ROLES),
            Argument("@person", "person", "Who takes it?"),
        ),
        aliases=("handoff", "assign"),
    ),
    Verb(
        "incident",
        "page",
        "page one more person",
        "may_respond",
        _page,
        arguments=(Argument("@person", "person", "Who is to be paged?"), WHY),
        aliases=("call", "wake"),
    ),
    Verb("incident", "approve", "be the second person for a restore", "may_restore", _approve),
    Verb("incident", "decline", "say no to a restore", "may_respond", _decline, arguments=(REASON,)),
)
