"""`/incident`: who has which part, who else is woken, and who says yes to a restore."""

from typing import Final

from bot.core.cards.answer import Answer
from bot.slack.commands.verbs import REASON, ROLES, WHY, Argument, Invocation, Verb

ROLE: Final = Argument("ROLE", "role", "Which role?", choices=ROLES)


def _role(call: Invocation) -> Answer:
    return call.commands.teamwork.take_role(call.actor, call.incident_id, call.value("ROLE"), call.value("@person"))


def _page(call: Invocation) -> Answer:
    return call.commands.paging.page(call.actor, call.incident_id, call.value("@person"), call.value("reason"))


def _approve(call: Invocation) -> Answer:
    return call.commands.autonomy.approve_restore(call.actor, call.incident_id)


def _decline(call: Invocation) -> Answer:
    return call.commands.autonomy.decline_restore(call.actor, call.incident_id, call.value("reason"))


def _handoff(call: Invocation) -> Answer:
    return call.commands.teamwork.hand_off(call.actor, call.incident_id, call.value("ROLE"), call.value("@person"))


def _accept(call: Invocation) -> Answer:
    return call.commands.teamwork.accept_role(call.actor, call.incident_id, call.value("ROLE"))


def _refuse(call: Invocation) -> Answer:
    return call.commands.teamwork.decline_role(call.actor, call.incident_id, call.value("ROLE"))


def _cover(call: Invocation) -> Answer:
    return call.commands.overrides.cover(call.actor, call.value("whose"), call.value("person"), call.value("until"))


def _cover_end(call: Invocation) -> Answer:
    return call.commands.overrides.end_cover(call.actor, call.value("whose"))


def _covers(call: Invocation) -> Answer:
    return call.commands.overrides.covers()


WHOSE: Final = Argument("whose", "word", "Whose pager?", required=False, hint="Nobody named: yours.", shown="me")
PEOPLE: Final = (
    Verb(
        "incident",
        "role",
        "take a role, or say who has it",
        "may_respond",
        _role,
        arguments=(ROLE, Argument("@person", "person", "Who has it?", required=False, hint="Nobody named: you.")),
        aliases=("assign",),
    ),
    Verb(
        "incident",
        "handoff",
        "ask somebody to take a role; it is theirs when they accept",
        "may_respond",
        _handoff,
        arguments=(ROLE, Argument("@person", "person", "Who is asked?")),
        aliases=("hand-off", "handover"),
        asks=True,
    ),
    Verb("incident", "accept", "take the role you were asked to take", "may_respond", _accept, arguments=(ROLE,)),
    Verb("incident", "refuse", "do not take it", "may_respond", _refuse, arguments=(ROLE,)),
    Verb(
        "incident",
        "page",
        "page one more person",
        "may_respond",
        _page,
        arguments=(Argument("@person", "person", "Who is to be paged?"), WHY),
        aliases=("call", "wake"),
    ),
    Verb(
        "incident",
        "cover",
        "hand a pager to somebody until a time; it comes back by itself",
        "may_respond",
        _cover,
        "nothing",
        arguments=(
            Argument("person", "person", "Who takes it?", mark="@", shown="@person"),
            Argument("until", "until", "Until when?", mark="until", shown="09:00"),
            WHOSE,
        ),
    ),
    Verb("incident", "cover-end", "take the pager back now", "may_respond", _cover_end, "nothing", arguments=(WHOSE,)),
    Verb("incident", "covers", "who covers for whom", "anybody", _covers, "nothing"),
    Verb("incident", "approve", "be the second person for a restore", "may_restore", _approve),
    Verb("incident", "decline", "say no to a restore", "may_respond", _decline, arguments=(REASON,)),
)
