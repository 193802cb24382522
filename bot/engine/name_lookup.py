"""Finding what a tired person meant: agents, rungs and people by their names, with the nearest match for a miss."""

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from bot.core.model.fleet import Fleet


class Unknown(Exception):  # noqa: N818 - an answer to a person, not a fault
    """Nothing has that name; the message names the nearest that exists."""


def nearest(word: str, names: Iterable[str], what: str) -> str:
    """The name that was meant: exact, without case, or by a unique beginning. Raises Unknown."""
    known = list(names)
    folded = {name.casefold(): name for name in known}
    wanted = word.strip().casefold()
    if wanted in folded:
        return folded[wanted]
    beginning = [name for name in known if wanted and name.casefold().startswith(wanted)]
    if len(beginning) == 1:
        return beginning[0]
    close = get_close_matches(wanted, list(folded), n=1, cutoff=0.4)
    if close:
        raise Unknown(f"There is no {what} {word!r}. Did you mean {folded[close[0]]}?")
    raise Unknown(f"There is no {what} {word!r}. There are: {', '.join(known[:20]) or 'none'}.")


def find_agent(fleet: Fleet, word: str) -> str:
    """The key of an agent."""
    return nearest(word, fleet.agents, "agent")


def find_rung(fleet: Fleet, word: str) -> str:
    """The name of a rung."""
    return nearest(word.replace("_", "-").replace("readonly", "read-only"), fleet.ladder.names(), "rung")


def find_person(fleet: Fleet, word: str) -> str:
    """The key of a person, by key, name or Slack id. Raises Unknown where nobody or several are meant."""
    by_slack = fleet.person_by_slack(word.strip("<@>").split("|")[0])
    if by_slack is not None:
        return by_slack.key
    names = dict.fromkeys(person.name for person in fleet.people.values())
    wanted = word.lstrip("@")
    if folded(wanted) in fleet.people:
        return folded(wanted)
    found = wanted if people_called(fleet, wanted) else nearest(wanted, [*fleet.people, *names], "person")
    keys = [found] if found in fleet.people else people_called(fleet, found)
    if len(keys) > 1:
        raise Unknown(f"{fleet.people[keys[0]].name} is the name of {' and '.join(keys)}. Say which one, by that key.")
    return keys[0]


def people_called(fleet: Fleet, name: str) -> Sequence[str]:
    """The keys of all people of that name: several may have one."""
    return [key for key, person in fleet.people.items() if folded(person.name) == folded(name)]


def folded(name: str) -> str:
    """A name as it is compared: in whatever case, with whatever spaces, composed or not (é is one letter or two)."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
