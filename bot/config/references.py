"""What the fleet file says of people, rungs and sources, held against each other.

Ownership is the point of the file: an owner is one named person who can be reached, never a team (`product.md` 1, 6).
What people are called is their own business: a list is refused, what looks like a team is only warned of.
"""

import re
from collections import Counter
from collections.abc import Collection
from itertools import pairwise
from zoneinfo import available_timezones

from bot.config.aliases import check_aliases
from bot.config.fleet import AgentEntry, FleetFile, PersonEntry
from bot.config.kinds.rules import Kinds
from bot.config.problems import misnamed
from bot.config.yaml_document import Path, YamlDocument
from bot.core.autonomy.answered import grants_more
from bot.core.model.calendar import quiet_hours

_TEAM = re.compile(
    r"(?i)(^|[\s_.@/-])(team|teams|squad|group|crew|rota|rotation|on-?call|department|dept|everyone|channel|devops|sre|ops)"
    r"($|[\s_.@/-])"
)
_SEVERAL = re.compile(r"(?i)\s(and|und)\s|[&/;+]")

TAKEN = "pagerduty"
"""The last part of an address of `/v1/inbound/` that is not a sender's to have."""
_IF_A_PERSON = "Name one person who can be woken; if this is one, write `is_person: true`"


def check_references(document: YamlDocument, file: FleetFile, rungs: Collection[str], kinds: Kinds) -> None:
    """Blame every reference that leads nowhere and everybody who is nobody."""
    for key, person in file.people.items():
        _check_person(document, key, person)
    _check_shared(document, file)
    people = _keys(document, "people")
    for key, agent in file.agents.items():
        _check_owner(document, ("agents", key), agent, people)
        _check_rungs(document, ("agents", key), agent, rungs)
        _check_tools(document, ("agents", key), agent)
    for index, key in enumerate(file.responders):
        if key not in people:
            document.blame(("responders", index), misnamed("the person", key, people))
    check_aliases(document, file)
    if TAKEN in file.alerts.senders:
        why = "acknowledgements in PagerDuty come to this address already; call the sender pagerduty-alerts"
        document.blame(("alerts", "senders", TAKEN), why, key=True)
    _check_spans(document, file, kinds)
    _check_ends(document, file)


def _keys(document: YamlDocument, section: str) -> list[str]:
    """The keys as written, those with faults too: a reference to a faulty person is not a fault of its own."""
    return [str(path[1]) for path in document.keys if path[:1] == (section,) and len(path) == 2]  # noqa: PLR2004 - a pair


def _check_person(document: YamlDocument, key: str, person: PersonEntry) -> None:
    path: Path = ("people", key)
    if not _reachable(document, path):
        document.blame(path, "nobody can reach this person; add `slack` (a member ID, U...) or one of `ways`")
    name = person.name.strip()
    for field, text in (("name", name), ("", key)):
        if _TEAM.search(text) and not person.is_person:
            document.warn((*path, field) if field else path, f"{text!r} looks like a team. {_IF_A_PERSON}")
    if _SEVERAL.search(name) and not person.is_person:
        document.warn((*path, "name"), f"{name!r} looks like more than one person. {_IF_A_PERSON}")
    if not name and ("people", key, "name") in document.values:
        document.blame((*path, "name"), "a person needs a name")
    if person.email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", person.email):
        document.blame((*path, "email"), "this is not an e-mail address")
    if person.tz not in available_timezones():
        document.blame((*path, "tz"), misnamed("the time zone", person.tz, ["UTC", *_zones_like(person.tz)]))
    if person.quiet:
        try:
            quiet_hours(person.quiet)
        except ValueError as why:
            document.blame((*path, "quiet"), str(why))


def _zones_like(zone: str) -> list[str]:
    """Zones of the same region, so that the list of what is allowed helps."""
    return sorted(name for name in available_timezones() if name.split("/")[0] == zone.split("/", maxsplit=1)[0])


def _reachable(document: YamlDocument, path: Path) -> bool:
    """Judged by what was written: a faulty member ID, or `slak`, has its own problem already."""
    written = (*path, "slack") in document.values or (*path, "ways", 0) in document.values
    return written or any(blamed[: len(path)] == path for blamed in document.blamed)


def _check_shared(document: YamlDocument, file: FleetFile) -> None:
    used = Counter(person.slack for person in file.people.values() if person.slack)
    for key, person in file.people.items():
        if used[person.slack] > 1:
            others = [other for other, one in file.people.items() if one.slack == person.slack and other != key]
            document.blame(
                ("people", key, "slack"), f"the same Slack member as {', '.join(others)}; one person, one key"
            )


def _check_owner(document: YamlDocument, path: Path, agent: AgentEntry, people: list[str]) -> None:
    for role in ("owner", "deputy", "manager"):
        key = getattr(agent, role)
        if not key or key in people:
            continue
        where = (*path, role)
        if re.match(r"[@<]?!?S[A-Z0-9]{4,}|@", key) or _TEAM.search(key):
            document.blame(where, f"{key!r} is a team or a group; the {role} is one person, a key of `people`")
        else:
            document.blame(where, misnamed("the person", key, people))
    if agent.owner == "" and (*path, "owner") in document.values:
        document.blame((*path, "owner"), "the owner is empty; every agent has one owner, a key of `people`")
    for role in ("deputy", "manager"):
        if agent.owner and getattr(agent, role) == agent.owner:
            document.blame((*path, role), f"the {role} is the owner again; escalation would reach nobody new")


def _check_rungs(document: YamlDocument, path: Path, agent: AgentEntry, rungs: Collection[str]) -> None:
    places = ((agent.normal_rung, "normal_rung"), (agent.control.fallback_rung, "control", "fallback_rung"))
    for rung, *where in places:
        if rung and rung not in rungs:
            document.blame((*path, *where), misnamed("the rung", rung, list(rungs)))


def _check_tools(document: YamlDocument, path: Path, agent: AgentEntry) -> None:
    """Bounds name tools of the agent; where some tools are classified, those that nobody classified are said."""
    for index, name in enumerate(agent.bounds.tools or ()):
        if name not in agent.tools:
            document.blame((*path, "bounds", "tools", index), misnamed("the tool", name, list(agent.tools)))
    for name, tool in agent.tools.items():
        if tool.writes is False and tool.reversible is not None:
            document.blame((*path, "tools", name, "reversible"), "a tool that does not write leaves nothing to undo")
    unknown = [name for name, tool in agent.tools.items() if tool.writes is None]
    if unknown and len(unknown) < len(agent.tools):
        document.warn(
            (*path, "tools"),
            f"nobody has said whether these write, so a gateway takes them for writes unless their server says "
            f"otherwise: {', '.join(unknown)}. Write `writes: yes` or `writes: no`",
        )


def _check_spans(document: YamlDocument, file: FleetFile, kinds: Kinds) -> None:
    """Blame agents that a source names and the file does not list, and a second source that spans would come to."""
    agents, taking = _keys(document, "agents"), ""
    for name, source in file.sources.items():
        kind = kinds.sources.get(source.kind)
        if kind is None:
            continue
        for where, key in kind.agents_named(source.model_extra or {}):
            if key not in agents:
                document.blame(("sources", name, *where), misnamed("the agent", key, agents), key=True)
        if kind.takes_spans and taking:
            document.blame(
                ("sources", name), f"spans go to {taking} already, and come to one address; write one source"
            )
        taking = taking or (name if kind.takes_spans else "")


def _check_ends(document: YamlDocument, file: FleetFile) -> None:
    for section, why in (("people", "nobody can be paged"), ("agents", "nothing is watched")):
        if not _keys(document, section) and (section,) not in document.blamed:
            document.blame((section,), f"nothing stands here, so {why}; at least one is needed")
    if file.escalation.ack_reminder >= file.escalation.ack_lapse:
        document.blame(("escalation",), "`ack_reminder` must come before `ack_lapse`")
    if not file.announcements and any(step.page == "everyone" for step in file.escalation.steps):
        document.blame(("escalation", "steps"), "a step pages everyone, so `announcements` must name a channel")
    names = Counter(rung.name for rung in file.ladder or ())
    for index, rung in enumerate(file.ladder or ()):
        if names[rung.name] > 1:
            document.blame(("ladder", index), f"the rung {rung.name!r} stands twice on the ladder")
    for index, (upper, lower) in enumerate(pairwise(file.ladder or ()), 1):
        if why := grants_more(upper.grants, lower.grants):
            where = ("ladder", index)
            document.blame(where, f"{lower.name!r} grants more than {upper.name!r} above it: {why}. Rungs only lower")
