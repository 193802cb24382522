"""What can be done in Slack: one table of verbs, from which parsing, help, modals, buttons and the manifest all come.

A verb says what it needs and which question is asked where something is missing. Permission itself is the engine's
business (`core/permission.py`); the note here is what help tells people.
"""

from dataclasses import dataclass
from typing import Final, Literal

Root = Literal["incident", "autonomy", "agent"]
Scope = Literal["incident", "agent", "none"]
Sort = Literal["text", "long", "person", "agent", "rung", "role", "severity", "step", "minutes", "word"]

ANYBODY: Final = "anybody in the workspace"
RESPONDERS: Final = "responders; also while Stepdown cannot look up who you are"
KNOWN: Final = "responders, once Stepdown has looked up who you are"
TWO: Final = "the owner, the deputy or the lead together with a second person"

SEVERITIES: Final = ("SEV1", "SEV2", "SEV3", "SEV4")
ROLES: Final = ("lead", "communications", "scribe")


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing a verb takes. The last argument takes the rest of the line."""

    name: str
    sort: Sort
    label: str
    required: bool = True
    hint: str = ""
    typed: bool = True
    """False: only the modal asks for it, the typed command never holds it."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done. `scope`: what it is done to, taken from the channel where nothing is named."""

    root: Root
    name: str
    does: str
    who: str
    scope: Scope = "incident"
    arguments: tuple[Argument, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """`note TEXT`, `page @person [why]`."""
        shown = [one.name if one.required else f"[{one.name}]" for one in self.arguments if one.typed]
        return " ".join([self.name, *shown])


REASON = Argument("reason", "long", "Why?")
WHY = Argument("reason", "long", "Why?", required=False)
NOTE = Argument("TEXT", "long", "What should the timeline say?")
STEP = Argument("STEP", "step", "Which step? Its number or id.")

VERBS: Final[tuple[Verb, ...]] = (
    Verb(
        "incident",
        "declare",
        "open one by hand and page the owner",
        RESPONDERS,
        "none",
        (Argument("AGENT", "agent", "Which agent?"), Argument("title", "long", "What is wrong?")),
        ("open", "new", "start"),
    ),
    Verb("incident", "ack", "take the page; paging stops", RESPONDERS, aliases=("acknowledge", "mine", "take")),
    Verb(
        "incident",
        "pass",
        "cannot take it; the next person is paged",
        RESPONDERS,
        arguments=(WHY,),
        aliases=("cant", "can't", "decline-page"),
    ),
    Verb(
        "incident",
        "contain",
        "declare it contained by other means",
        RESPONDERS,
        arguments=(Argument("reason", "long", "How is it contained?"),),
        aliases=("contained",),
    ),
    Verb(
        "incident",
        "resolve",
        "close it and draft the postmortem",
        KNOWN,
        arguments=(WHY,),
        aliases=("close", "fixed", "resolved"),
    ),
    Verb(
        "incident",
        "override",
        "close it although something is owed",
        KNOWN,
        arguments=(
            Argument("left_on", "long", "If the agent stays on its lower rung: why?", required=False, typed=False),
            Argument("reason", "long", "Why close it although something is owed?"),
        ),
        aliases=("resolve-anyway",),
    ),
    Verb("incident", "reopen", "open a closed one again", KNOWN, arguments=(REASON,)),
    Verb("incident", "cancel", "close it as a false alarm", KNOWN, arguments=(REASON,), aliases=("false-alarm",)),
    Verb(
        "incident",
        "sev",
        "set the severity",
        RESPONDERS,
        arguments=(Argument("N", "severity", "Which severity?", hint="SEV1 is the worst."), WHY),
        aliases=("severity",),
    ),
    Verb(
        "incident",
        "role",
        "give a role to somebody",
        RESPONDERS,
        arguments=(Argument("ROLE", "role", "Which role?"), Argument("@person", "person", "Who takes it?")),
        aliases=("handoff", "assign"),
    ),
    Verb("incident", "status", "the incident card", ANYBODY, aliases=("show", "card")),
    Verb(
        "incident",
        "steps",
        "the runbook's present phase",
        ANYBODY,
        arguments=(Argument("phase", "word", "Which phase?", required=False),),
        aliases=("runbook", "phase", "evidence"),
    ),
    Verb("incident", "done", "a step is done", RESPONDERS, arguments=(STEP, WHY), aliases=("tick",)),
    Verb("incident", "skip", "skip a step, with the reason", RESPONDERS, arguments=(STEP, REASON)),
    Verb("incident", "na", "a step is not applicable, with the reason", RESPONDERS, arguments=(STEP, REASON)),
    Verb("incident", "blocked", "a step is blocked; say by what", RESPONDERS, arguments=(STEP, REASON)),
    Verb("incident", "catchup", "what a late joiner needs", ANYBODY, aliases=("catch-up", "summary", "brief")),
    Verb("incident", "timeline", "the newest entries", ANYBODY, aliases=("log", "history")),
    Verb("incident", "note", "write into the timeline", RESPONDERS, arguments=(NOTE,)),
    Verb("incident", "task", "something to do now", RESPONDERS, arguments=(NOTE,), aliases=("todo",)),
    Verb(
        "incident",
        "followup",
        "something to do afterwards",
        RESPONDERS,
        arguments=(NOTE,),
        aliases=("follow-up", "action"),
    ),
    Verb("incident", "update", "tell everybody how it stands", RESPONDERS, arguments=(NOTE,)),
    Verb(
        "incident", "cause", "record what it is attributed to", RESPONDERS, arguments=(NOTE,), aliases=("attribution",)
    ),
    Verb(
        "incident",
        "page",
        "page one more person",
        RESPONDERS,
        arguments=(Argument("@person", "person", "Who is to be paged?"), WHY),
        aliases=("call", "wake"),
    ),
    Verb("incident", "approve", "be the second person for a restore", TWO),
    Verb("incident", "decline", "say no to a restore", RESPONDERS, arguments=(REASON,)),
    Verb("incident", "postmortem", "draft it now", RESPONDERS, aliases=("draft", "pm")),
    Verb("incident", "list", "open incidents", ANYBODY, "none", aliases=("ls",)),
    Verb("incident", "help", "this list", ANYBODY, "none", aliases=("?",)),
    Verb(
        "autonomy",
        "down",
        "one rung down, now",
        RESPONDERS,
        "agent",
        (WHY,),
        ("lower", "stepdown", "step-down"),
    ),
    Verb(
        "autonomy",
        "to",
        "down to that rung, now; also without the word `to`",
        RESPONDERS,
        "agent",
        (Argument("RUNG", "rung", "To which rung?"), WHY),
        ("set",),
    ),
    Verb(
        "autonomy",
        "restore",
        "ask to go one rung up",
        TWO,
        "agent",
        (Argument("reason", "long", "Why is it safe again?"),),
        ("up", "raise", "undo"),
    ),
    Verb("autonomy", "show", "rung, ladder, buttons", ANYBODY, "agent", aliases=("status",)),
    Verb("autonomy", "list", "agents off their normal rung", ANYBODY, "none", aliases=("ls",)),
    Verb("autonomy", "help", "this list", ANYBODY, "none", aliases=("?",)),
    Verb("agent", "show", "numbers, rung, owner", ANYBODY, "agent", aliases=("status", "owner")),
    Verb("agent", "sli", "one SLI in words", ANYBODY, "agent", (Argument("SLI", "word", "Which SLI?"),)),
    Verb("agent", "list", "every agent", ANYBODY, "none", aliases=("ls", "fleet")),
    Verb("agent", "help", "this list", ANYBODY, "none", aliases=("?",)),
)

ROOTS: Final[dict[Root, tuple[str, str]]] = {
    "incident": ("Take, work and close incidents", "[ack | steps | note TEXT | resolve | help]"),
    "autonomy": ("See an agent's autonomy and step it down", "[agent] [down | RUNG | restore] [reason] [for 2h]"),
    "agent": ("See agents and their numbers", "[agent] [sli NAME]"),
}
"""What the workspace's command list says of each root: (description, usage hint)."""


def verbs_of(root: Root) -> tuple[Verb, ...]:
    """The verbs of one root, in the order help shows them."""
    return tuple(verb for verb in VERBS if verb.root == root)


def verb_named(root: Root, word: str) -> Verb | None:
    """The verb of that name or alias, None when there is none."""
    plain = word.casefold()
    return next((verb for verb in verbs_of(root) if plain == verb.name or plain in verb.aliases), None)


def verb(root: Root, name: str) -> Verb:
    """The verb of that name, which the caller knows to be there. Raises KeyError."""
    found = verb_named(root, name)
    if found is None:
        raise KeyError(name)
    return found
