"""`/agent`: the fleet, one agent, its numbers."""

from typing import Final

from bot.core.cards import Answer
from bot.slack.verbs import Argument, Call, Root, Verb, help_verb


def _show(call: Call) -> Answer:
    return call.commands.agent(call.agent)


def _sli(call: Call) -> Answer:
    return call.commands.sli(call.agent, call.value("SLI"))


def _list(call: Call) -> Answer:
    return call.commands.fleet()


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
        Verb("agent", "list", "every agent", "anybody", _list, "nothing", aliases=("ls", "fleet")),
        help_verb("agent"),
    ),
    subject="AGENT",
    alone="list",
    bare="show",
)
