"""`/autonomy`: an agent's rung. Down is easy, up is hard."""

from typing import Final

from bot.core.cards.answer import Answer
from bot.core.formatting import durations
from bot.core.model.restore_plan import LEAST_WAIT
from bot.engine.commands.commands import Commands
from bot.engine.name_lookup import Unknown
from bot.slack.commands.verbs import WHY, Argument, Invocation, Root, Verb, help_verb

SPAN: Final = Argument(
    "span", "span", "For how long?", required=False, hint="Then Stepdown asks for the restore.", mark="for", shown="2h"
)
WORKFLOW: Final = Argument("workflow", "word", "Only one workflow?", required=False, mark="workflow", shown="X")


def _down(call: Invocation) -> Answer:
    return _lower(call, call.agent, call.value("RUNG") or None)


def _lower(call: Invocation, agent: str, rung: str | None) -> Answer:
    minutes = round(durations.seconds(call.value("span")) / 60) if call.value("span") else None
    return call.commands.autonomy.step_down(
        call.actor, agent, rung, call.value("reason"), minutes, call.value("workflow")
    )


def _pin(call: Invocation) -> Answer:
    return call.commands.autonomy.pin(call.actor, call.agent, call.value("reason"), call.value("workflow"))


def _restore(call: Invocation) -> Answer:
    return call.commands.autonomy.ask_restore(call.actor, call.agent, call.value("reason"), call.value("workflow"))


def _plan(call: Invocation) -> Answer:
    after = round(durations.seconds(call.value("wait")) / 60) if call.value("wait") else LEAST_WAIT
    return call.commands.autonomy.ask_plan(
        call.actor, call.agent, call.value("reason"), call.value("to"), after, call.value("workflow")
    )


def _stop_plan(call: Invocation) -> Answer:
    return call.commands.autonomy.stop_plan(call.actor, call.agent, call.value("reason"))


def _show(call: Invocation) -> Answer:
    """The agent; in an incident's channel a rung's name alone means its agent, down to there."""
    here = call.commands.queries.agent_in(call.channel)
    if here and (rung := _rung(call.commands, call.agent)):
        return _lower(call, here, rung)
    return call.commands.queries.agent(call.agent)


def _rung(commands: Commands, word: str) -> str:
    """The rung exactly so named, where no agent is."""
    try:
        commands.queries.find_agent(word)
    except Unknown:
        try:
            return commands.queries.find_rung(word)
        except Unknown:
            return ""
    return ""


def _list(call: Invocation) -> Answer:
    return call.commands.queries.off_normal()


AUTONOMY: Final = Root(
    "autonomy",
    "See an agent's autonomy and step it down",
    (
        Verb(
            "autonomy",
            "down",
            "one rung down, now",
            "may_respond",
            _down,
            "agent",
            (WHY, SPAN, WORKFLOW),
            aliases=("lower", "stepdown", "step-down"),
            hinted=True,
            asks=True,
        ),
        Verb(
            "autonomy",
            "to",
            "down to that rung, now; also without the word `to`",
            "may_respond",
            _down,
            "agent",
            (Argument("RUNG", "rung", "To which rung?"), WHY, SPAN, WORKFLOW),
            aliases=("set",),
            hinted=True,
            asks=True,
        ),
        Verb(
            "autonomy",
            "restore",
            "ask to go one rung up; a second person approves it",
            "may_restore",
            _restore,
            "agent",
            (Argument("reason", "long", "Why is it safe again?"), WORKFLOW),
            aliases=("up", "raise", "undo"),
            hinted=True,
            asks=True,
        ),
        Verb(
            "autonomy",
            "plan",
            "ask for several restores at once; a second person approves them, the numbers allow each",
            "may_restore",
            _plan,
            "agent",
            (
                Argument("reason", "long", "Why is it safe again?"),
                Argument(
                    "to",
                    "rung",
                    "Up to which rung?",
                    required=False,
                    hint="Left out: the normal one.",
                    mark="up-to",
                    shown="RUNG",
                ),
                Argument(
                    "wait",
                    "span",
                    "How many good minutes between two restores?",
                    required=False,
                    hint="10 at least.",
                    mark="every",
                    shown="10m",
                ),
                WORKFLOW,
            ),
            asks=True,
        ),
        Verb(
            "autonomy",
            "stop-plan",
            "stop a restore plan where it is; the rung stays",
            "anybody",
            _stop_plan,
            "agent",
            (WHY,),
        ),
        Verb(
            "autonomy",
            "pin",
            "keep the present rung, whatever a new fleet file says",
            "may_respond",
            _pin,
            "agent",
            (WHY, WORKFLOW),
        ),
        Verb("autonomy", "show", "rung, ladder, buttons", "anybody", _show, "agent", aliases=("status",)),
        Verb("autonomy", "list", "agents off their normal rung", "anybody", _list, "nothing", aliases=("ls",)),
        help_verb("autonomy"),
    ),
    subject="AGENT",
    alone="list",
    bare="show",
    otherwise="to",
)
