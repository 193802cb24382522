"""Whether each person who may be paged could be reached (`product.md` section 6). Found before it is needed.

A hole is one sentence that says who, what is missing, and for which agents it matters. Unknown is a third answer: a
Slack that cannot be asked says nothing about anybody's account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.model.fleet import Fleet
from bot.core.model.people import Person

Account = Literal["live", "gone", "unknown"]
GRAVE = "NO PAGE WOULD ARRIVE: "


@dataclass(frozen=True, slots=True)
class Hole:
    """Something that would lose a page. `grave`: no page would arrive at all."""

    person: str
    """Key of the person, "" where it is about an agent."""
    text: str
    agents: tuple[str, ...] = ()
    grave: bool = False

    @property
    def line(self) -> str:
        """The sentence, said louder where it is grave."""
        return f"{GRAVE if self.grave else ''}{self.text}"


def holes(fleet: Fleet, ways: frozenset[str], accounts: Mapping[str, Account]) -> Sequence[Hole]:
    """Every hole of the people who are paged. `ways`: kinds that work here. `accounts`: by person key."""
    roles = _roles(fleet)
    found = [
        Hole(key, f"{person.name} ({key}): {what}", roles[key], grave=grave)
        for key in roles
        if (person := fleet.people.get(key)) is not None
        for what, grave in _missing(person, ways, accounts.get(key, "unknown"))
    ]
    found += [
        Hole(
            "",
            f"{agent.key} has no deputy: when {agent.owner} cannot be had, {agent.manager or 'nobody'} is next",
            (agent.key,),
        )
        for agent in fleet.agents.values()
        if not agent.deputy
    ]
    return found


def _missing(person: Person, ways: frozenset[str], account: Account) -> list[tuple[str, bool]]:
    """What this person lacks, each with whether it is grave."""
    beside = [way.kind for way in person.ways if way.kind in ways and way.kind != "slack"]
    unable = [way.kind for way in person.ways if way.kind not in ways]
    in_slack = bool(person.slack) and account != "gone"
    lacks: list[tuple[str, bool]] = []
    if person.slack and account == "gone":
        lacks.append(
            (f"the Slack account {person.slack} is deactivated, a guest, a bot or of another workspace", not beside)
        )
    if not person.slack:
        lacks.append(("has no Slack id", not beside))
    if in_slack and not beside:
        lacks.append(("can be paged by Slack alone: list another way (ways:) for when Slack is down or asleep", False))
    if unable:
        lacks.append((f"lists {', '.join(unable)}, which this Stepdown cannot page by", not beside and not in_slack))
    if not person.phone:
        lacks.append(("has no phone number to be called when no page arrives", False))
    return lacks


def _roles(fleet: Fleet) -> Mapping[str, tuple[str, ...]]:
    """Person key -> the agents they are paged for, in the order of the fleet file."""
    agents: dict[str, list[str]] = {}
    for agent in fleet.agents.values():
        for key in dict.fromkeys((agent.owner, agent.deputy, agent.manager)):
            if key:
                agents.setdefault(key, []).append(agent.key)
    for key in fleet.responders:
        agents.setdefault(key, [])
    return {key: tuple(named) for key, named in agents.items()}
