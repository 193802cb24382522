"""What was typed, understood: aliases, phones' quotes, marked arguments (`for 2h`), the nearest verb for a miss.

A click is turned into the same value (`Said`), so that a button and the words for it cannot do different things.
"""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from bot.core.formatting import durations
from bot.slack.commands.roots import ROOTS, verb, verb_named
from bot.slack.commands.verbs import Argument, ParsedCommand, Root, Sort, Verb
from bot.slack.text import mentioned, straight, unescape

__all__ = ["MOST_MINUTES", "ParsedCommand", "Unclear", "parse", "problem"]

MOST_MINUTES: Final = 7 * 24 * 60
_NUMBER = re.compile(r"^(?:inc-?)?0*(\d{1,9})$", re.IGNORECASE)
_SPAN = r"\d+(?:\.\d+)?\s*(?:m|mins?|minutes?|h|hrs?|hours?|d|days?)\b"
_FROM_NOW = r"(?:in\s+)?\d{1,3}\s*(?:h|hours?|d|days?)\b"
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|satur|sat|sun)(?:day)?"
_PERSON = r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>|@\S+"
_SHAPES: Final[Mapping[Sort, str]] = {
    "span": rf"{_SPAN}(?:\s*{_SPAN})*",
    "date": rf"(?:in\s+)?\d{{1,3}}\s*(?:d|days?|w|weeks?)|\d{{4}}-\d\d-\d\d|today|tomorrow|{_DAY}",
    "until": rf"{_FROM_NOW}|(?:(?:tomorrow|{_DAY})\s+)?\d{{1,2}}(?::\d\d)?\s*(?:am|pm)?",
    "person": _PERSON,
    "people": rf"(?:{_PERSON})(?:\s+(?:{_PERSON}))*",
}
"""How a marked argument looks, where it is more than a word or a quoted phrase."""
_WORD = r"\"[^\"]*\"|\S+"
_LONG: Final[frozenset[Sort]] = frozenset({"long", "text"})


class Unclear(Exception):  # noqa: N818 - an answer to a person, not a fault
    """What was typed cannot be understood; the message says what could have been meant."""


def parse(root_name: str, text: str) -> ParsedCommand:
    """Understand what was typed after a root. Raises Unclear with the nearest verb."""
    root, plain = ROOTS[root_name], straight(unescape(text))
    subject, word, rest = _subject(root, plain)
    if not word:
        return ParsedCommand(verb(root.name, root.bare if subject else root.alone), subject)
    found = verb_named(root.name, word)
    if found is None and subject and root.otherwise:
        found, rest = verb(root.name, root.otherwise), f"{word} {rest}".strip()
    if found is None:
        raise Unclear(_nearest(root, word))
    return ParsedCommand(found, subject, _arguments(found, rest))


def _subject(root: Root, text: str) -> tuple[str, str, str]:
    """(subject, verb's word, rest). `[42] ack`; `[refunds] down`: what is no verb is the agent."""
    word, rest = _first(text)
    if not root.subject:
        return "", word, rest
    if root.subject.startswith("["):
        number = _NUMBER.match(word)
        return (number[1], *_first(rest)) if number else ("", word, rest)
    if not word or verb_named(root.name, word):
        return "", word, rest
    return (word, *_first(rest))


def _arguments(found: Verb, text: str) -> tuple[tuple[str, str], ...]:
    """Marked arguments from wherever they stand; then words in order, the last argument taking the rest."""
    values: list[tuple[str, str]] = []
    for argument in found.arguments:
        if argument.mark:
            value, text = _marked(argument, text)
            values.append((argument.name, value))
    typed = [argument for argument in found.arguments if argument.typed and not argument.mark]
    for place, argument in enumerate(typed):
        if place == len(typed) - 1 and argument.sort in _LONG:
            word, text = _bare(text), ""
        else:
            word, text = _first(text)
        values.append((argument.name, mentioned(word) or word))
    return tuple((name, value) for name, value in values if value)


def _marked(argument: Argument, text: str) -> tuple[str, str]:
    """(value, the text without it). Raises Unclear for a value that cannot be meant."""
    shape = _SHAPES.get(argument.sort, _WORD)
    before = "" if argument.mark == "@" else rf"\b{re.escape(argument.mark)}\s+"
    found = re.search(rf"(?:^|(?<=\s)){before}({shape})(?=\s|$)", text, re.IGNORECASE)
    if found is None:
        return "", text
    value = found[1].strip('"')
    if why := problem(argument, value):
        raise Unclear(f"`{found[0].strip()}`: {why} Nothing changed.")
    left = f"{text[: found.start()]} {text[found.end() :]}"
    return mentioned(value) or value, straight(left)


def problem(argument: Argument, value: str) -> str:
    """Why a value cannot be what the argument asks for; empty where it can."""
    check = _CHECKS.get(argument.sort)
    return check(value) if check is not None and value else ""


def _span_problem(value: str) -> str:
    allowed = "1 minute to 7 days is possible, such as 30m, 2h or 1d."
    try:
        minutes = durations.seconds(value) / 60
    except ValueError:
        return allowed
    return "" if 1 <= minutes <= MOST_MINUTES else allowed


_CHECKS: Final[Mapping[Sort, Callable[[str], str]]] = {"span": _span_problem}


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
    names = {name: one.name for one in root.verbs for name in (one.name, *one.aliases)}
    close = get_close_matches(word.casefold(), names, n=1, cutoff=0.5)
    guess = f" Did you mean {names[close[0]]}?" if close else ""
    return f"There is no {word!r} here.{guess} Nothing changed."
