"""`/agent`: the fleet, one agent, its numbers."""

from typing import Final

from bot.core.cards.answer import Answer
from bot.slack.commands.verbs import Argument, Invocation, Root, Verb, help_verb


def _show(call: Invocation) -> Answer:
    return call.commands.queries.agent(call.agent)


def _sli(call: Invocation) -> Answer:
    return call.commands.queries.sli(call.agent, call.value("SLI"))


def _changes(call: Invocation) -> Answer:
    return call.commands.queries.changes(call.agent)


def _budget(call: Invocation) -> Answer:
    return call.commands.reliability.budget(call.agent)


def _ready(call: Invocation) -> Answer:
    return call.commands.reliability.ready(call.agent)


def _scope(call: Invocation) -> Answer:
    return call.commands.reliability.scope(call.actor, call.agent, call.value("reason"))


def _list(call: Invocation) -> Answer:
    return call.commands.queries.fleet()


def _approvals(call: Invocation) -> Answer:
    return call.commands.approvals.pending(call.agent)


def _approve(call: Invocation) -> Answer:
    return call.commands.approvals.approve(call.actor, call.value("ID"))


def _deny(call: Invocation) -> Answer:
    return call.commands.approvals.deny(call.actor, call.value("ID"), call.value("reason"))


AGENT: Final = Root(
    "agent",
    "See agents and their numbers",
    (
        Verb("agent", "show", "numbers, rung, owner", "anybody", _show, "agent", aliases=("status", "owner")),
        Verb(
            "agent",
            "sli",
            "one SLI in words",
            "anybody",
            _sli,
            "agent",
            (Argument("SLI", "word", "Which SLI?"),),
            hinted=True,
        ),
        Verb(
            "agent",
            "changes",
            "what changed in the last 24 h: posted changes, rungs, new versions",
            "anybody",
            _changes,
            "agent",
            aliases=("changed", "diff"),
            hinted=True,
        ),
        Verb("agent", "budget", "error budgets and how fast they burn", "anybody", _budget, "agent", hinted=True),
        Verb("agent", "ready", "may it go live, and what is missing", "anybody", _ready, "agent", hinted=True),
        Verb(
            "agent",
            "scope",
            "record your decision about its scope and stage, as the fleet file has them",
            "may_close",
            _scope,
            "agent",
            (Argument("reason", "text", "Why may it do this?"),),
        ),
        Verb("agent", "approvals", "writes that wait for a person", "anybody", _approvals, "agent"),
        Verb(
            "agent",
            "approve",
            "let a write pass that waits for a person",
            "may_restore",
            _approve,
            "agent",
            (Argument("ID", "word", "Which write?"),),
            said_by_card=True,
        ),
        Verb(
            "agent",
            "deny",
            "do not let it pass",
            "may_respond",
            _deny,
            "agent",
            (Argument("ID", "word", "Which write?"), Argument("reason", "text", "Why not?")),
            said_by_card=True,
        ),
        Verb("agent", "list", "every agent", "anybody", _list, "nothing", aliases=("ls", "fleet")),
        help_verb("agent"),
    ),
    subject="AGENT",
    alone="list",
    bare="show",
)
