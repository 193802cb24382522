"""The slash commands: one file a root (`/incident` in four), each a table of rows with the functions they call."""

from collections.abc import Mapping
from typing import Final

from bot.slack.commands.roots.agent import AGENT
from bot.slack.commands.roots.autonomy import AUTONOMY
from bot.slack.commands.roots.incident import INCIDENT
from bot.slack.commands.roots.tabletop import TABLETOP
from bot.slack.commands.verbs import Root, Verb

ROOTS: Final[Mapping[str, Root]] = {root.name: root for root in (INCIDENT, AUTONOMY, AGENT, TABLETOP)}
VERBS: Final[tuple[Verb, ...]] = tuple(verb for root in ROOTS.values() for verb in root.verbs)


def verb_named(root: str, word: str) -> Verb | None:
    """The verb of that name or alias, None when there is none."""
    plain = word.casefold()
    return next((verb for verb in ROOTS[root].verbs if plain == verb.name or plain in verb.aliases), None)


def verb(root: str, name: str) -> Verb:
    """The verb of that name, which the caller knows to be there. Raises KeyError."""
    found = verb_named(root, name)
    if found is None:
        raise KeyError(name)
    return found
