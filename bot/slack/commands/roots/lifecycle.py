"""`/incident`: opening, taking and closing one; looking at it."""

from typing import Final

from bot.core.cards.answer import Answer
from bot.slack.commands.verbs import REASON, WHY, Argument, Invocation, Verb


def _declare(call: Invocation) -> Answer:
    return call.commands.lifecycle.declare(call.actor, call.value("AGENT"), call.value("title"))


def _acknowledge(call: Invocation) -> Answer:
    return call.commands.paging.acknowledge(call.actor, call.incident_id)


def _pass_on(call: Invocation) -> Answer:
    return call.commands.paging.pass_on(call.actor, call.incident_id, call.value("reason"))


def _contain(call: Invocation) -> Answer:
    return call.commands.lifecycle.contain(call.actor, call.incident_id, call.value("reason"))


def _resolve(call: Invocation) -> Answer:
    return call.commands.lifecycle.resolve(call.actor, call.incident_id, call.value("reason"))


def _override(call: Invocation) -> Answer:
    reason, left_on = call.value("reason"), call.value("left_on")
    return call.commands.lifecycle.resolve(call.actor, call.incident_id, override=reason, left_on=left_on)


def _reopen(call: Invocation) -> Answer:
    return call.commands.lifecycle.reopen(call.actor, call.incident_id, call.value("reason"))


def _cancel(call: Invocation) -> Answer:
    return call.commands.lifecycle.cancel(call.actor, call.incident_id, call.value("reason"))


def _severity(call: Invocation) -> Answer:
    return call.commands.lifecycle.set_severity(call.actor, call.incident_id, call.value("N"), call.value("reason"))


def _postmortem(call: Invocation) -> Answer:
    return call.commands.lifecycle.postmortem(call.actor, call.incident_id)


def _postmortem_done(call: Invocation) -> Answer:
    return call.commands.lifecycle.finish_postmortem(call.actor, call.incident_id)


COURSE: Final = (
    Verb(
        "incident",
        "declare",
        "open one by hand and page the owner",
        "may_respond",
        _declare,
        "nothing",
        (Argument("AGENT", "agent", "Which agent?"), Argument("title", "long", "What is wrong?")),
        aliases=("open", "new", "start"),
        hinted=True,
    ),
    Verb(
        "incident",
        "ack",
        "take the page; paging stops",
        "may_respond",
        _acknowledge,
        aliases=("acknowledge", "mine", "take"),
        hinted=True,
    ),
    Verb(
        "incident",
        "pass",
        "cannot take it; the next person is paged",
        "may_respond",
        _pass_on,
        arguments=(WHY,),
        aliases=("cant", "can't", "decline-page"),
    ),
    Verb(
        "incident",
        "contain",
        "declare it contained by other means",
        "may_respond",
        _contain,
        arguments=(Argument("reason", "long", "How is it contained?"),),
        aliases=("contained",),
    ),
    Verb(
        "incident",
        "resolve",
        "close it and draft the postmortem",
        "may_close",
        _resolve,
        arguments=(WHY,),
        aliases=("close", "fixed", "resolved"),
        hinted=True,
    ),
    Verb(
        "incident",
        "override",
        "close it although something is owed",
        "may_close",
        _override,
        arguments=(
            Argument("left_on", "long", "If the agent stays on its lower rung: why?", required=False, typed=False),
            Argument("reason", "long", "Why close it although something is owed?"),
        ),
        aliases=("resolve-anyway",),
    ),
    Verb("incident", "reopen", "open a closed one again", "may_close", _reopen, arguments=(REASON,)),
    Verb(
        "incident",
        "cancel",
        "close it as a false alarm",
        "may_close",
        _cancel,
        arguments=(REASON,),
        aliases=("false-alarm",),
    ),
    Verb(
        "incident",
        "sev",
        "set the severity",
        "may_respond",
        _severity,
        arguments=(Argument("N", "severity", "Which severity?", hint="SEV1 is the worst."), WHY),
        aliases=("severity",),
    ),
    Verb("incident", "postmortem", "draft it now", "may_respond", _postmortem, aliases=("draft", "pm")),
    Verb(
        "incident", "postmortem-done", "it is written and read", "may_respond", _postmortem_done, aliases=("pm-done",)
    ),
)


def _tray(call: Invocation) -> Answer:
    return call.commands.queries.tray(call.incident_id)


def _status(call: Invocation) -> Answer:
    return call.commands.queries.status(call.incident_id)


def _catchup(call: Invocation) -> Answer:
    return call.commands.queries.catchup(call.incident_id)


def _timeline(call: Invocation) -> Answer:
    return call.commands.queries.timeline(call.incident_id)


def _list(call: Invocation) -> Answer:
    return call.commands.queries.incidents()


LOOKS: Final = (
    Verb("incident", "tray", "everything you can do now, as buttons", "anybody", _tray, aliases=("menu", "actions")),
    Verb("incident", "status", "the incident card", "anybody", _status, aliases=("show", "card")),
    Verb(
        "incident",
        "catchup",
        "what a late joiner needs",
        "anybody",
        _catchup,
        aliases=("catch-up", "summary", "brief"),
    ),
    Verb("incident", "timeline", "the newest entries", "anybody", _timeline, aliases=("log", "history")),
    Verb("incident", "list", "open incidents", "anybody", _list, "nothing", aliases=("ls",)),
)
