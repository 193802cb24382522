"""Opening an incident: everything it will need later is looked up now and snapshotted into its first event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.core.autonomy import containment_rules
from bot.core.autonomy.effective_rung import effective_rung, scopes
from bot.core.autonomy.moving_rung import moving_rung
from bot.core.detection.literal_rule import objective_limit, worst
from bot.core.formatting.numbers import figure
from bot.core.formatting.titles import in_sentence
from bot.core.incident import severity as severities
from bot.core.incident.events import IncidentKind, Opened, Roster, Severity, Suggestion
from bot.core.incident.incident import Incident, IncidentState
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import BOT, Actor, Person
from bot.core.model.rungs import RungState
from bot.core.model.samples import Series
from bot.core.model.slis import Better, Breach
from bot.core.paging.override import OnCallOverride, with_override
from bot.core.runbooks.runbook import Plan
from bot.engine.incidents.recorder import IncidentRecorder
from bot.ports.store import Store

READ_ONLY = "read-only"


class RunbookPlans(Protocol):
    """Where runbooks come from."""

    def plan(self, name: str, context: Mapping[str, object]) -> Plan:
        """Render a runbook for one incident."""
        ...


class IncidentOpener:
    """Makes `Opened` events. `ways`: the kinds of ways that this Stepdown can page by. `exercise` is written down."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        fleet: Callable[[], Fleet],
        runbooks: RunbookPlans,
        ways: frozenset[str],
        *,
        exercise: bool = False,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._fleet = fleet
        self._runbooks = runbooks
        self._ways = ways
        self._exercise = exercise

    def rung(self, agent: Agent, workflow: str = "") -> str:
        """The rung in force for a workflow ("": the agent as a whole), as it was committed."""
        found = (self._store.rung(agent.key, scope) for scope in scopes(agent, workflow))
        states = [state for state in found if state is not None]
        return effective_rung(agent, self._fleet().ladder, states, workflow)

    def slo(self, agent: Agent, breaches: tuple[Breach, ...], now: datetime, received_at: datetime) -> Incident:
        """An SLI breached (of a silent failure two at once): page the owner.

        Raises Conflict when an incident is open already.
        """
        rung = self.rung(agent)
        return self._open(
            agent,
            "slo",
            headline(breaches[0]),
            severity(self._fleet(), agent, rung, breaches),
            now,
            rung=rung,
            breaches=breaches,
            suggestion=suggest(self._fleet(), agent, rung, breaches, self._store.rungs(agent.key)),
            received_at=received_at,
        )

    def blind(self, agent: Agent, silent: Sequence[Series], trouble: str, now: datetime) -> Incident:
        """Nobody can say how the agent is doing. Pages only above `approval` (`product.md` section 4)."""
        names = ", ".join(sorted({series.sli.upper() for series in silent}))
        why = f": {trouble}" if trouble else ""
        fleet = self._fleet()
        rung = fleet.ladder.rung(self.rung(agent))
        grade = severity(fleet, agent, rung.name, ())
        title = f"no data on {names} for 5 min{why}"
        return self._open(agent, "blind", title, grade, now, pages=not rung.waits_for_people)

    def manual(self, agent: Agent, title: str, actor: Actor, now: datetime, *, pages: bool = True) -> Incident:
        """A person opened it."""
        return self._open(agent, "manual", title, "SEV3", now, actor=actor, pages=pages)

    def alert(self, agent: Agent, title: str, grade: Severity, now: datetime, received_at: datetime) -> Incident:
        """An alert of another system fires. Pages the owner, whatever the rung: somebody chose to be told of it.

        Raises Conflict when an alert has opened one that is still open.
        """
        return self._open(agent, "alert", title, grade, now, received_at=received_at)

    def lost_state(self, agent: Agent, title: str, now: datetime) -> Incident:
        """The database knows less than somebody remembers. Pages the owner, whatever the rung: people settle it."""
        return self._open(agent, "lost-state", title, severity(self._fleet(), agent, self.rung(agent), ()), now)

    def _open(
        self,
        agent: Agent,
        kind: IncidentKind,
        title: str,
        grade: Severity,
        now: datetime,
        *,
        rung: str = "",
        actor: Actor = BOT,
        breaches: tuple[Breach, ...] = (),
        suggestion: Suggestion | None = None,
        pages: bool = True,
        received_at: datetime | None = None,
    ) -> Incident:
        fleet = self._fleet()
        rung = rung or self.rung(agent)
        event = Opened(
            at=now,
            actor=actor,
            incident_id=0,
            agent=agent.key,
            incident_kind=kind,
            title=title,
            severity=grade,
            roster=roster(fleet, agent, self._ways, self._store.covers(now), now),
            rung=rung,
            normal_rung=agent.normal_rung,
            breaches=breaches,
            policy=fleet.escalation,
            plan=self._runbooks.plan(agent.runbook, runbook_context(fleet, agent, kind, title, rung, breaches)),
            suggestion=suggestion,
            agent_channel=agent.channel,
            pages=pages,
            exercise=self._exercise,
            received_at=received_at,
        )
        return self._recorder.open(event)


def headline(breach: Breach) -> str:
    """`human escalation 18.0 % (limit 5.0 %)`, `tool calls per task 12.6 (limit 6.1)`: what broke and by how much.

    The title says what is counted, so of the units only the per cent sign is worth its room on a lock screen. A silent
    failure is called by its name: `silent failure: human escalations down to 1.7 % (normal 7.9 %)`.
    """
    sli = breach.sli
    unit = sli.unit if sli.unit == "%" else ""
    scope = f" in {breach.series.workflow}" if breach.series.workflow else ""
    if breach.fell and breach.baseline is not None:
        way = "down" if sli.better is Better.HIGHER else "up"
        normal, now = (figure(value, unit) for value in (breach.baseline.value, breach.value))
        return f"silent failure: {in_sentence(sli.title)}{scope} {way} to {now} (normal {normal})"
    limit = objective_limit(sli, breach.baseline)
    line = figure(limit if limit is not None else breach.limit, unit)
    return f"{in_sentence(sli.title)}{scope} {figure(breach.value, unit)} (limit {line})"


def suggest(
    fleet: Fleet,
    agent: Agent,
    rung: str,
    breaches: Sequence[Breach],
    states: Sequence[RungState],
    stuck: float = 0.0,
) -> Suggestion | None:
    """The rung a rule proposes for these breaches, marked for the bot to apply where the agent allows that.

    `states`: the committed rungs; `stuck`: minutes on `read-only` without recovery. On a rung that waits for people
    HER and AQDD rise by the rung itself, so no rule may lower further because of them, nor because of one that fell.
    """
    telling = [breach for breach in breaches if not breach.fell and not _moved(fleet, agent, breach, states)]
    readings = [_reading(breach, stuck) for breach in telling]
    found = containment_rules.suggest(fleet.ladder, rung, readings)
    if found is None:
        return None
    auto = agent.containment == "auto" and containment_rules.is_rule(found)
    return Suggestion(found.rung, found.rule, auto=auto)


def _moved(fleet: Fleet, agent: Agent, breach: Breach, states: Sequence[RungState]) -> bool:
    """Whether the rung in force where the SLI is measured moves it by itself."""
    moved = moving_rung(agent, fleet.ladder, states, breach.series.workflow)
    return breach.sli.moved_by_approval and moved is not None


def stuck_for(incident: Incident, now: datetime) -> float:
    """Minutes that the agent has been on its rung in this incident without recovering."""
    since = incident.rungs.requested_at
    if since is None or incident.state in (IncidentState.RECOVERING, IncidentState.RECOVERED):
        return 0.0
    return (now - since).total_seconds() / 60 if incident.rungs.rung == READ_ONLY else 0.0


def worst_of(breach: Breach, latest: float | None) -> Breach:
    """The breach with the worse of its value at onset and the latest one, for the rules to look at."""
    if latest is None:
        return breach
    return replace(breach, value=worst(breach.sli.better, breach.value, latest))


def _reading(breach: Breach, stuck: float) -> containment_rules.Reading:
    baseline = breach.baseline.value if breach.baseline else None
    objective = objective_limit(breach.sli, breach.baseline)
    return containment_rules.Reading(
        breach.series.sli, breach.value, baseline, objective, stuck, breach.sli.title, breach.sli.unit
    )


def severity(fleet: Fleet, agent: Agent, rung: str, breaches: Sequence[Breach]) -> Severity:
    """The severity that the rules give these breaches."""
    past = [severities.times_past(breach.sli, breach.value, breach.limit) for breach in breaches]
    return severities.severity(fleet.ladder, rung, agent.stage, past).severity


def roster(fleet: Fleet, agent: Agent, ways: frozenset[str], covers: Sequence[OnCallOverride], now: datetime) -> Roster:
    """Who is paged as what, and by which of the ways that work here, with whoever covers for whom now."""
    chain = [agent.owner, agent.deputy, agent.manager]
    everyone = tuple(dict.fromkeys(key for key in (*chain, *fleet.responders) if key in fleet.people))
    plain = Roster(owner=agent.owner, deputy=agent.deputy, manager=agent.manager, everyone=everyone)
    known = [cover for cover in covers if cover.by in fleet.people]
    found = with_override(plain, known, now)
    people = [fleet.people[key] for key in found.everyone]
    return replace(
        found,
        ways={person.key: ways_of(person, ways) for person in people},
        phones={person.key: person.phone for person in people if person.phone},
    )


def ways_of(person: Person, able: frozenset[str]) -> tuple[str, ...]:
    """Names of the ways by which a person can be paged here, Slack first."""
    listed = ("slack",) if person.slack else ()
    return tuple(dict.fromkeys((*listed, *(name for name, way in person.named_ways().items() if way.kind in able))))


def runbook_context(
    fleet: Fleet, agent: Agent, kind: IncidentKind, title: str, rung: str, breaches: Sequence[Breach]
) -> Mapping[str, object]:
    """What a runbook may speak of: the names of `docs/runbooks.md`."""
    owner = fleet.people.get(agent.owner)
    return {
        "agent": agent,
        "slis": [breach.series.sli.lower() for breach in breaches],
        "title": title,
        "rung": rung,
        "normal_rung": agent.normal_rung,
        "owner": owner.name if owner else agent.owner,
        "tools": list(agent.tools),
        "workflows": list(agent.workflows),
        "incident_kind": kind,
    }
