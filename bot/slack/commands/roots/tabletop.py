"""`/tabletop`: exercises. What players do, what the facilitator does, and the safe word."""

from typing import Final

from bot.core.cards.answer import Answer
from bot.ports.exercises import Exercises
from bot.slack.commands.verbs import Argument, Invocation, Root, Rule, Verb, help_verb

INJECT: Final = Argument("inject", "word", "Which inject?", required=False, hint="By default the next one.")
TEXT: Final = Argument("text", "long", "What should it say?")


def _ask(call: Invocation) -> Answer:
    """Every verb goes to whoever keeps the exercises, with the words it takes."""
    tabletop = call.more.get(Exercises)
    if not isinstance(tabletop, Exercises):
        return Answer("Exercises are not set up here.", ok=False)
    words = {**dict(call.said.values), "exercise": call.said.subject}
    return tabletop.ask(call.actor, call.channel, call.said.verb.name, words)


def _verb(name: str, does: str, *arguments: Argument, **more: object) -> Verb:
    rule: Rule = "may_respond" if name == "start" else "anybody"
    return Verb("tabletop", name, does, rule, _ask, "nothing", arguments, **more)  # type: ignore[arg-type]  # Verb has them


TABLETOP: Final = Root(
    "tabletop",
    "Rehearse a failure mode on a simulated agent",
    (
        _verb("list", "what can be rehearsed, and what runs", hinted=True, aliases=("ls",)),
        _verb(
            "start",
            "begin an exercise: the players are paged for a simulated agent",
            Argument(
                "PLAYBOOK",
                "word",
                "Which playbook?",
                hint="See /tabletop list. random draws one; INC-42 plays a past incident again.",
            ),
            Argument("agent", "agent", "Which agent?", required=False, mark="agent", shown="AGENT"),
            Argument("players", "people", "Who plays?", required=False, mark="players", shown="@a @b"),
            Argument("facilitator", "person", "Who facilitates?", required=False, mark="facilitator", shown="@c"),
            Argument("speed", "word", "How fast?", required=False, mark="speed", shown="10x"),
            Argument(
                "phones", "word", "Also page phones?", required=False, mark="phones", shown="yes", choices=("no", "yes")
            ),
            hinted=True,
        ),
        _verb(
            "look",
            "look at a piece of evidence; without a name, what there is",
            Argument("what", "text", "What do you look at?", required=False),
            hinted=True,
            aliases=("evidence", "see"),
        ),
        _verb(
            "do",
            "do something outside the ladder; without a name, what there is",
            Argument("what", "text", "What do you do?", required=False),
            hinted=True,
            aliases=("move", "action"),
        ),
        _verb("hint", "the next hint; it costs points", hinted=True),
        _verb("status", "where it stands", aliases=("show",)),
        _verb("real", "the safe word: something real has come up, it ends now", hinted=True, aliases=("stop",)),
        _verb("answer", "answer a question of the hot wash", Argument("N", "word", "Which question?"), TEXT),
        _verb("confidence", "how ready you feel", Argument("N", "word", "1 (lost) to 5 (ready)?")),
        _verb("report", "write the after-action report again, with what was said since"),
        _verb("coverage", "which agents were rehearsed on which playbooks", aliases=("matrix",)),
        _verb("console", "facilitator: post the console again"),
        _verb("send", "facilitator: send an inject now", INJECT, aliases=("next",)),
        _verb("skip", "facilitator: leave an inject out", INJECT),
        _verb("edit", "facilitator: change what an inject says", Argument("inject", "word", "Which inject?"), TEXT),
        _verb(
            "delay",
            "facilitator: send an inject later",
            INJECT,
            Argument("minutes", "word", "By how many scenario minutes?", required=False, hint="5 by default."),
        ),
        _verb("improvise", "facilitator: send something nobody planned, as `Name: text`", TEXT),
        _verb("pause", "facilitator: hold scenario time", Argument("reason", "long", "Why?", required=False)),
        _verb("resume", "facilitator: let it run on"),
        _verb("speed", "facilitator: change the speed", Argument("speed", "word", "How fast?", shown="10x")),
        _verb("give-hint", "facilitator: give the players the next hint"),
        _verb("reveal", "facilitator: tell the players what is really wrong"),
        _verb(
            "rate",
            "facilitator: rate an objective by hand",
            Argument("objective", "word", "Which objective?"),
            Argument("rating", "word", "Which rating?", choices=("P", "S", "M", "U")),
            Argument("reason", "long", "Why?"),
        ),
        _verb("note", "facilitator: a note for the report, unseen by players", TEXT),
        _verb("end", "facilitator: end it", Argument("reason", "long", "Why?", required=False)),
        help_verb("tabletop"),
    ),
    alone="list",
    tip="In a drill's channel it is about that drill. `/tabletop real` ends it at once, whoever says it.",
)
