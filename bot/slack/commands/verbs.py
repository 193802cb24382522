"""What a command is made of: roots, verbs, arguments, and what is said and called with them.

The rows themselves stand in `roots`, one file a root. From those rows come the parser (`parser.py`), the
forms (`modals.py`), help, the manifest's hints and `docs/commands.md` (`handbook.py`). Adding a verb is one row and one
function.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.core.cards.answer import Answer
from bot.core.model.people import Actor
from bot.engine.commands.commands import Commands

About = Literal["incident", "agent", "nothing"]
"""What a verb is done to. An incident is named by number, else it is the channel's, else the only open one; an agent is
named, else it is the channel's incident's."""
Sort = Literal[
    "word", "text", "long", "person", "people", "agent", "rung", "role", "severity", "step", "span", "until", "date"
]
"""What an argument is. It decides the form's element, and `grammar.py` refuses what cannot be one."""
Rule = Literal["anybody", "may_respond", "may_close", "may_restore"]
"""A function of `core/incident/permissions.py`, or anybody who is a full member of the workspace."""

WHO_MAY: Final[Mapping[Rule, tuple[str, str]]] = {
    "anybody": ("anybody", "every full member of the workspace"),
    "may_respond": ("responders", "people on call; also while Stepdown cannot look up who you are"),
    "may_close": ("known responders", "people on call, once Stepdown has looked up who you are"),
    "may_restore": ("two people", "the owner, the deputy or the lead, together with a second person"),
}
"""Each rule as help tells it: in a word, and in full."""

SEVERITIES: Final = ("SEV1", "SEV2", "SEV3", "SEV4")
ROLES: Final = ("lead", "communications", "scribe")


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing a verb takes. The last unmarked one takes the rest of the line."""

    name: str
    sort: Sort
    label: str
    """The question of the form."""
    required: bool = True
    hint: str = ""
    typed: bool = True
    """False: only the form asks for it, the typed command never holds it."""
    mark: str = ""
    """The word that introduces it wherever it stands (`for 2h`, `workflow X`); `@`: any mention is it."""
    shown: str = ""
    """What stands for it in usage, where that is not its name."""
    choices: tuple[str, ...] = ()
    """All there is to choose from, where that is fixed."""

    @property
    def usage(self) -> str:
        """`TEXT`, `[reason]`, `[for 2h]`."""
        name = self.shown or self.name
        shown = name if self.mark in ("", "@") else f"{self.mark} {name}"
        return shown if self.required else f"[{shown}]"


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done."""

    root: str
    name: str
    does: str
    """Help's sentence: lower case, no full stop."""
    rule: Rule
    act: "Act"
    about: About = "incident"
    arguments: tuple[Argument, ...] = ()
    aliases: tuple[str, ...] = ()
    hinted: bool = False
    """Named in the hint that Slack shows while somebody types the command."""
    one_of: bool = False
    """Without any of its optional arguments it would change nothing, so the form asks for them."""
    asks: bool = False
    """Success is a request: done is what the agent, or another person, has yet to say."""
    said_by_card: bool = False
    """A tap on a card needs no answer beside it: the card itself shows what became of it."""

    @property
    def usage(self) -> str:
        """`note TEXT`, `page @person [reason]`."""
        return " ".join([self.name, *(one.usage for one in self.arguments if one.typed)])


@dataclass(frozen=True, slots=True)
class Root:
    """One slash command with its verbs, in the order in which help shows them."""

    name: str
    description: str
    """For the workspace's list of commands."""
    verbs: tuple[Verb, ...]
    subject: str = ""
    """What stands before the verb: `AGENT`, `[INC-42]`, or nothing."""
    alone: str = "help"
    """The verb meant where nothing is typed."""
    bare: str = ""
    """The verb meant where only a subject is typed."""
    otherwise: str = ""
    """The verb that takes an unknown word after the subject as its first argument (a rung's name)."""
    tip: str = ""
    """One more line of help."""


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """A command as understood, or a click as the command it saves. `subject`: the agent or the incident's number."""

    verb: Verb
    subject: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        """What was given for an argument; empty where nothing was."""
        return dict(self.values).get(name, "")

    @property
    def missing(self) -> tuple[Argument, ...]:
        """Arguments that have to be asked for."""
        lacking = tuple(one for one in self.verb.arguments if not self.value(one.name))
        required = tuple(one for one in lacking if one.required)
        optional = tuple(one for one in self.verb.arguments if not one.required)
        nothing = self.verb.one_of and all(one in lacking for one in optional)
        return required or (optional if nothing else ())


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command on its way to the engine: who says it, where, and what it turned out to be about."""

    commands: Commands
    actor: Actor
    said: ParsedCommand
    channel: str = ""
    incident_id: int = 0
    """The incident it is about; 0 for verbs that are not about one."""
    agent: str = ""
    """The agent it is about, as typed; empty for verbs that are not about one."""
    more: Mapping[type, object] = field(default_factory=dict)
    """What roots of other floors were wired with, by the type they ask for."""

    def value(self, name: str) -> str:
        """What was given for an argument."""
        return self.said.value(name)


Act = Callable[[Invocation], Answer]


def no_act(call: Invocation) -> Answer:
    """Help is answered before anything is called."""
    return Answer(call.said.verb.does)


def help_verb(root: str) -> Verb:
    """Every root has one."""
    return Verb(root, "help", "this list", "anybody", no_act, "nothing", aliases=("?",))


REASON: Final = Argument("reason", "long", "Why?")
WHY: Final = Argument("reason", "long", "Why?", required=False)
