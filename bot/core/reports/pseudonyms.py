"""Who played which part in an incident: roles in the narrative, names only in the list of responders.

A postmortem looks for conditions, not culprits (`product.md` section 9). So every name, key or Slack mention of a
person that stands in a line of the timeline is replaced by that person's role.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.incident import events as ev
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.model.people import BOT, Actor, Person
from bot.core.reports.postmortem_report import Responder

_ALSO_WORDS = re.compile(
    "april|art|august|bill|case|chase|dawn|drew|faith|frank|grace|grant|hope|jack|joy|june|mark|max|may|mercy|pat|rich"
    "|rob|rose|sky|sue|will",
    re.IGNORECASE,
)
"""First names that are words as well: alone they are left as they stand, for the sentence may mean the word."""

_FREE_TEXT = frozenset({"noted", "step_marked", "cancelled", "resolved", "containment_declared"})
"""Entries written by people: a key such as `sam` may be an ordinary word there; it goes as `@sam` or owner only."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Roles by person. `roles` is keyed by a person's key (or Slack id where the person is not in the fleet file)."""

    people: Mapping[str, Person]
    roles: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    """Key -> name, of those who acted without being in the fleet file too."""
    acted: frozenset[str] = frozenset()
    paged: frozenset[str] = frozenset()

    def role(self, who: Actor | str) -> str:
        """The role of an actor, a person's key, a Slack id or a name; `another person` for somebody unknown."""
        key = who.key if isinstance(who, Actor) else who
        if key == BOT.key:
            return BOT.name
        return self.roles.get(_key_of(key, self.people), "another person")

    def words(self, text: str, kind: str = "noted") -> str:
        """The text with roles in place of people, as an entry of this kind would have it."""
        for pattern, role in self._patterns(keys=kind not in _FREE_TEXT):
            text = pattern.sub(_in_place(role), text)
        return text

    def responders(self) -> tuple[Responder, ...]:
        """Everybody who was paged or acted, by name."""
        there = [key for key in self.roles if key in self.acted or key in self.paged]
        return tuple(Responder(self._name(key), self.roles[key], self._did(key)) for key in there)

    def _did(self, key: str) -> str:
        return " and ".join(what for what, who in (("paged", self.paged), ("acted", self.acted)) if key in who)

    def _name(self, key: str) -> str:
        person = self.people.get(key)
        return person.name if person else self.names.get(key, key)

    def _patterns(self, *, keys: bool) -> list[tuple[re.Pattern[str], str]]:
        """Longest first, so that `Ana Silva` goes before `Ana`."""
        found: dict[str, str] = {}
        for key in dict.fromkeys((*self.roles, *self.people, *self.names)):
            role = _the(self.role(key))
            found |= {rf"(?<!\w)(?:<@)?{re.escape(text)}(?:(?<=\w)>)?(?!\w)": role for text in self._spellings(key)}
            meant = r"(?<!\w)" if keys and not _ALSO_WORDS.fullmatch(key) else r"(?:(?<=owner: )|(?<=owner:)|(?<!\w)@)"
            found.setdefault(rf"{meant}{re.escape(key)}(?!\w)", role)
        return [(re.compile(pattern), found[pattern]) for pattern in sorted(found, key=len, reverse=True)]

    def _spellings(self, key: str) -> Iterator[str]:
        """Full name, first name unless it is a word as well, Slack id."""
        person, name = self.people.get(key), self._name(key)
        first = name.partition(" ")[0]
        if len(name) > 1:
            yield name
        if len(first) > 1 and first[0].isupper() and not _ALSO_WORDS.fullmatch(first):
            yield first
        if person and person.slack:
            yield person.slack


def pseudonyms_of(incident: Incident, entries: Sequence[SealedEntry], people: Mapping[str, Person]) -> Pseudonyms:
    """Work out who is who. Whoever has no role in the roster or the incident is `responder 1`, `responder 2`, ..."""
    actors = [sealed.entry.actor for sealed in entries if sealed.entry.actor.key != BOT.key]
    acted = {_key_of(actor.key, people): actor.name for actor in actors}
    paged = {sealed.entry.event.person for sealed in entries if isinstance(sealed.entry.event, ev.PageSettled)}
    paged |= set(incident.escalation.paged)
    roles = _given_roles(incident, people)
    others = [key for key in (*acted, *sorted(paged)) if key not in roles]
    for number, key in enumerate(dict.fromkeys(others), start=1):
        roles[key] = f"responder {number}"
    return Pseudonyms(people, roles, acted, frozenset(acted), frozenset(paged))


def _given_roles(incident: Incident, people: Mapping[str, Person]) -> dict[str, str]:
    roster = incident.roster
    given = (("owner", roster.owner), ("deputy", roster.deputy), ("manager", roster.manager))
    roles = {key: role for role, key in reversed(given) if key}
    for role, who in incident.roles.items():
        roles.setdefault(_key_of(who, people), role)
    order = {key: place for place, (_, key) in enumerate(given)}
    return dict(sorted(roles.items(), key=lambda item: order.get(item[0], len(order))))


def _key_of(who: str, people: Mapping[str, Person]) -> str:
    """The key of a person named by key, Slack id (also as a mention) or name; the word itself where nobody has it."""
    bare = who.strip("<@>")
    for key, person in people.items():
        if bare and bare in (key, person.slack, person.name):
            return key
    return bare


def _the(role: str) -> str:
    return role if role.startswith(("responder", "another")) else f"the {role}"


def _in_place(role: str) -> Callable[[re.Match[str]], str]:
    """The role as a replacement, with a capital where it begins the text or a sentence."""

    def replace(match: re.Match[str]) -> str:
        before = match.string[: match.start()].rstrip()
        return role[0].upper() + role[1:] if not before or before.endswith((".", "!", "?")) else role

    return replace
