"""What was typed, understood: aliases, phones' quotes, `for 2h`, `workflow X`, the nearest verb for a miss.

A click is turned into the same value (`Said`), so that a button and the words for it cannot do different things.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from bot.slack.text import mentioned, straight, unescape
from bot.slack.verbs import Argument, Root, Verb, verb_named, verbs_of
from bot.slack.verbs import verb as verb_for

_NUMBER = re.compile(r"^(?:inc-?)?0*(\d{1,9})$", re.IGNORECASE)
_FOR = re.compile(r"\bfor\s+(\d+)\s*(m|mins?|minutes?|h|hrs?|hours?|d|days?)\b", re.IGNORECASE)
_WORKFLOW = re.compile(r"\bworkflow\s+(\"[^\"]*\"|\S+)", re.IGNORECASE)
_MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}
MOST_MINUTES: Final = 7 * 24 * 60


class Unclear(Exception):  # noqa: N818 - an answer to a person, not a fault
    """What was typed cannot be understood; the message says what could have been meant."""


@dataclass(frozen=True, slots=True)
class Said:
    """A command as understood. `subject`: the agent or incident number named, "" for the channel's own."""

    verb: Verb
    subject: str = ""
    values: tuple[tuple[str, str], ...] = ()
    minutes: int | None = None
    workflow: str = ""

    def value(self, name: str) -> str:
        """What was given for an argument; empty where nothing was."""
        return dict(self.values).get(name, "")

    @property
    def missing(self) -> tuple[Argument, ...]:
        """Required arguments that were not given."""
        return tuple(one for one in self.verb.arguments if one.required and not self.value(one.name))


def parse(root: Root, text: str) -> Said:
    """Understand what was typed after a root. Raises Unclear with the nearest verb."""
    plain = straight(unescape(text))
    if root == "incident":
        return _incident(plain)
    return _about_agent(root, plain)


def _incident(text: str) -> Said:
    """`[INC-42] VERB arguments`."""
    word, rest = _first(text)
    number = _NUMBER.match(word)
    subject = number[1] if number else ""
    if number:
        word, rest = _first(rest)
    if not word:
        return Said(verb_for("incident", "status"), subject)
    verb = verb_named("incident", word)
    if verb is None:
        raise Unclear(_nearest("incident", word))
    return Said(verb, subject, _arguments(verb, rest))


def _about_agent(root: Root, text: str) -> Said:
    """`[AGENT] [VERB] arguments`. For `/autonomy` a rung's name stands for `to RUNG`."""
    word, rest = _first(text)
    if not word:
        return Said(verb_for(root, "list"))
    verb = verb_named(root, word)
    subject = ""
    if verb is None:
        subject, (word, rest) = word, _first(rest)
        verb = verb_named(root, word) if word else verb_for(root, "show")
    if verb is None and root == "autonomy":
        verb, rest = verb_for(root, "to"), f"{word} {rest}".strip()
    if verb is None:
        raise Unclear(_nearest(root, word))
    rest, minutes, workflow = _asides(rest) if root == "autonomy" else (rest, None, "")
    return Said(verb, subject, _arguments(verb, rest), minutes, workflow)


def _asides(text: str) -> tuple[str, int | None, str]:
    """`for 2h` and `workflow X`, wherever they stand, and what is left."""
    minutes, workflow = None, ""
    if found := _FOR.search(text):
        minutes = int(found[1]) * _MINUTES[found[2][0].lower()]
        if not 0 < minutes <= MOST_MINUTES:
            raise Unclear(f"`{found[0]}`: 1 minute to 7 days is possible. Nothing changed.")
        text = text.replace(found[0], " ", 1)
    if found := _WORKFLOW.search(text):
        workflow = found[1].strip('"')
        text = text.replace(found[0], " ", 1)
    return straight(text), minutes, workflow


def _arguments(verb: Verb, text: str) -> tuple[tuple[str, str], ...]:
    """Words to arguments in order; the last one takes the rest. A quoted argument may hold spaces."""
    values: list[tuple[str, str]] = []
    rest = text
    typed = [argument for argument in verb.arguments if argument.typed]
    for place, argument in enumerate(typed):
        if place == len(typed) - 1 and argument.sort in ("long", "text"):
            word, rest = _bare(rest), ""
        else:
            word, rest = _first(rest)
        values.append((argument.name, mentioned(word) or word))
    return tuple(values)


def _first(text: str) -> tuple[str, str]:
    """The first word (or quoted phrase) and the rest."""
    text = text.strip()
    if text[:1] in ('"', "'") and (end := text.find(text[0], 1)) > 0:
        return text[1:end].strip(), text[end + 1 :].strip()
    word, _, rest = text.partition(" ")
    return word, rest.strip()


def _bare(text: str) -> str:
    """A sentence without the quotes around it."""
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in ('"', "'")
    return text[1:-1].strip() if quoted and text[0] not in text[1:-1] else text


def _nearest(root: Root, word: str) -> str:
    """A sentence that names the nearest verb."""
    names = {name: verb.name for verb in verbs_of(root) for name in (verb.name, *verb.aliases)}
    close = get_close_matches(word.casefold(), names, n=1, cutoff=0.5)
    guess = f" Did you mean {names[close[0]]}?" if close else ""
    return f"There is no {word!r} here.{guess} Nothing changed."


def help_lines(root: Root, prefix: str = "") -> list[tuple[str, str]]:
    """(what to type, what it does) for each verb of a root."""
    subject = "" if root == "incident" else "AGENT "
    lines = []
    for verb in verbs_of(root):
        own = subject if verb.scope == "agent" else ""
        lines.append((f"/{prefix}{root} {own}{verb.usage}", verb.does))
    return lines
