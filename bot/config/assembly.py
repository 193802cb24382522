"""From checked entries to the values of the core."""

import contextlib
from collections.abc import Iterator, Mapping

from bot.config.aliases import aliases_of
from bot.config.defaults import KNOWN
from bot.config.fleet import AgentEntry, FleetFile, PersonEntry, SliEntry, ToolEntry, WayEntry
from bot.config.kinds.rules import Kinds
from bot.config.problems import misnamed
from bot.config.query_groups import QueryGroup, grouped
from bot.config.sli_layers import SliLayers
from bot.config.yaml_document import Path, YamlDocument
from bot.core.model import calendar
from bot.core.model.alert import LABELS, AlertRules, AlertSender
from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.people import EscalationPolicy, EscalationStep, Person, Way
from bot.core.model.rungs import DEFAULT_LADDER, Ladder, Rung
from bot.core.model.slis import Sli, SourceSpec
from bot.core.model.tools import ApprovalPolicy, TaskBounds, ToolRule

FALLBACK_RUNG = "read-only"
NAMELESS = "one query answers for many agents, so it must say which label names them: `by: {agent: ...}`"


def ladder_of(file: FleetFile) -> Ladder:
    """The fleet's own ladder, or the default one."""
    if not file.ladder:
        return DEFAULT_LADDER
    return Ladder(tuple(Rung(one.name, one.may, one.waits_for_people, one.grants) for one in file.ladder))


def assembled(document: YamlDocument, file: FleetFile, specs: Mapping[str, SourceSpec], kinds: Kinds) -> Fleet:
    """Build the fleet. SLIs that make no sense are blamed on the way and left out."""
    watch = _Watch(document, file, SliLayers(document, file.sources, kinds))
    series = {key: list(watch.series(key, entry)) for key, entry in file.agents.items()}
    ladder, aliases = ladder_of(file), aliases_of(file)
    return Fleet(
        people={key: _person(key, entry) for key, entry in file.people.items()},
        sources=specs,
        agents={key: _agent(key, entry, series[key], ladder) for key, entry in file.agents.items()},
        ladder=ladder,
        escalation=_escalation(file),
        queries=grouped(series, aliases),
        responders=tuple(file.responders),
        responder_group=file.responder_group,
        announcements=file.announcements,
        aliases=aliases,
        false_pages=file.false_pages,
        alerts=_alerts(file, kinds),
    )


class _Watch:
    """Which series each agent is watched by."""

    def __init__(self, document: YamlDocument, file: FleetFile, measures: SliLayers) -> None:
        self._document = document
        self._slis = file.slis
        self._measures = measures
        self._whole_fleet = {name: measures.resolve(name, [entry], ("slis", name)) for name, entry in file.slis.items()}

    def series(self, key: str, agent: AgentEntry) -> Iterator[QueryGroup]:
        """Everything one agent is watched by, in the order of the file."""
        for name in (*self._slis, *(own for own in agent.slis if own not in self._slis)):
            yield from self._of(name, key, agent)
        for flow, entry in agent.workflows.items():
            for name in entry.slis:
                if name not in self._slis and name not in agent.slis:
                    self._unknown(name, ("agents", key, "workflows", flow, "slis", name))
        self._check_baselines(key, agent)

    def _of(self, name: str, key: str, agent: AgentEntry) -> Iterator[QueryGroup]:
        over = agent.slis.get(name)
        if over is not None and over.off:
            return
        path: Path = ("agents", key, "slis", name)
        layers = [entry for entry in (self._slis.get(name), over) if entry is not None]
        if name not in self._slis and not _stands_alone(name, layers[0]):
            self._unknown(name, path)
            return
        if name in self._slis and self._whole_fleet[name] is None:
            return
        measure = self._whole_fleet[name] if over is None else self._measures.resolve(name, layers, path)
        if measure is not None:
            whose = key if over is not None and _asks_itself(over) else ""
            if measure.polled and not whose and "agent" not in measure.by:
                # the query is the fleet's, so it is blamed once, however many agents share it
                self._document.blame(("slis", name) if name in self._slis else path, NAMELESS)
            yield from self._split(name, key, agent, layers, QueryGroup("", measure, whose))

    def _split(
        self, name: str, key: str, agent: AgentEntry, layers: list[SliEntry], whole: QueryGroup
    ) -> Iterator[QueryGroup]:
        """The agent as a whole, or each of its workflows where the query is split by workflow."""
        if whole.measure.split and not agent.workflows and not whole.measure.follows_labels and whole.measure.polled:
            text = f"{name} is split by workflow, and this agent lists no `workflows`"
            self._document.blame(("agents", key), text)
        if not (whole.measure.split and agent.workflows):
            yield whole
        for flow, entry in agent.workflows.items():
            over = entry.slis.get(name)
            if over is None and whole.measure.split:
                yield whole._replace(flow=flow)
            elif over is not None and not over.off:
                yield from self._of_workflow(name, key, flow, [*layers, over], whole)

    def _of_workflow(
        self, name: str, key: str, flow: str, layers: list[SliEntry], whole: QueryGroup
    ) -> Iterator[QueryGroup]:
        path = ("agents", key, "workflows", flow, "slis", name)
        alone = _asks_itself(layers[-1])
        if not (alone or whole.measure.split) and whole.measure.polled:
            how = "add `workflow` to its `by`, or give this workflow a query of its own"
            self._document.blame(path, f"{name} is measured for the agent as a whole; {how}")
            return
        measure = self._measures.resolve(name, layers, path)
        if measure is not None and alone:
            yield QueryGroup(flow, measure, key, flow)
        elif measure is not None:
            yield QueryGroup(flow, measure, whole.agent)

    def _unknown(self, name: str, path: Path) -> None:
        known = [*self._slis, *(name for name in KNOWN if name not in self._slis)]
        self._document.blame(path, misnamed("the SLI", name, known), key=True)

    def _check_baselines(self, key: str, agent: AgentEntry) -> None:
        places: list[tuple[Path, Mapping[str, float]]] = [(("agents", key, "baselines"), agent.baselines)]
        places += [(("agents", key, "workflows", f, "baselines"), e.baselines) for f, e in agent.workflows.items()]
        known = {*self._slis, *agent.slis}
        for path, baselines in places:
            for name in baselines:
                if name not in known:
                    self._document.blame((*path, name), misnamed("the SLI", name, sorted(known)), key=True)


def _stands_alone(name: str, entry: SliEntry) -> bool:
    """An SLI that only one agent has: a known one, or one that says what it is. Else it is a misspelt override."""
    return name in KNOWN or bool(entry.template) or entry.better is not None


def _asks_itself(entry: SliEntry) -> bool:
    return bool(entry.texts() or entry.source or entry.tool)


def _agent(key: str, entry: AgentEntry, series: list[QueryGroup], ladder: Ladder) -> Agent:
    watched = [(one.flow, one.measure.sli) for one in series]
    plain = entry.model_dump(
        include={
            *("owner", "title", "deputy", "manager", "summary", "scope", "blast_radius", "stage", "fallback", "cost"),
            *("runbook", "containment", "channel"),
        }
    )
    return Agent(
        key=key,
        workflows=tuple(entry.workflows),
        tools=tuple(entry.tools),
        tool_rules=tuple(_tool(name, tool) for name, tool in entry.tools.items()),
        bounds=_bounds(entry),
        approvals=ApprovalPolicy(entry.approvals.expires_in, entry.approvals.two_above),
        redact_arguments=tuple(entry.redact_arguments),
        data_contracts=tuple(entry.data_contracts),
        top_failures=tuple(entry.top_failures),
        control=_control(entry, ladder),
        normal_rung=entry.normal_rung or ladder.names()[0],
        slis=tuple(watched),
        pinned=tuple(_pinned(entry, watched)),
        **plain,
    )


def _tool(name: str, entry: ToolEntry) -> ToolRule:
    return ToolRule(name, entry.writes, entry.reversible or "unknown", entry.amount)


def _bounds(entry: AgentEntry) -> TaskBounds:
    given = entry.bounds
    return TaskBounds(None if given.tools is None else tuple(given.tools), given.calls, given.amount)


def _pinned(entry: AgentEntry, watched: list[tuple[str, Sli]]) -> Iterator[tuple[str, str, float]]:
    """A workflow's own baseline, else the agent's, for each series that is watched."""
    for flow, sli in watched:
        own = entry.workflows[flow].baselines if flow else {}
        value = own.get(sli.name, entry.baselines.get(sli.name))
        if value is not None:
            yield flow, sli.name, value


def _control(entry: AgentEntry, ladder: Ladder) -> ControlSpec:
    given = entry.control
    names = ladder.names()
    fallback = given.fallback_rung or (FALLBACK_RUNG if FALLBACK_RUNG in names else names[-1])
    return ControlSpec(given.kind, given.model_extra or {}, given.not_after, fallback, given.confirm_within)


def _person(key: str, entry: PersonEntry) -> Person:
    ways = tuple(_way(way) for way in entry.ways)
    return Person(key, entry.name.strip(), entry.slack, entry.email, entry.phone, entry.tz, ways, _quiet(entry))


def _way(entry: WayEntry) -> Way:
    return Way(entry.kind, entry.target, entry.model_extra or {})


def _quiet(entry: PersonEntry) -> calendar.Quiet:
    """The person's quiet hours; what is no such hours was blamed where it stands."""
    with contextlib.suppress(ValueError):
        return calendar.quiet_hours(entry.quiet)
    return calendar.QUIET


def _escalation(file: FleetFile) -> EscalationPolicy:
    given = file.escalation
    times = (given.everyone_every, given.rounds, given.ack_reminder, given.ack_lapse)
    steps = tuple(EscalationStep(step.after, step.page) for step in given.steps)
    return EscalationPolicy(steps or EscalationPolicy().steps, *times)


def _alerts(file: FleetFile, kinds: Kinds) -> AlertRules:
    given = file.alerts
    listed = {name: entry for name, entry in given.senders.items() if entry.kind in kinds.alerts}
    titles = {name: kind.title for name, kind in kinds.alerts.items()}
    return AlertRules(
        labels=tuple(given.agent_labels) or LABELS,
        severities={word.strip().lower(): grade for word, grade in given.severities.items()},
        senders={name: AlertSender(entry.kind, entry.model_extra or {}) for name, entry in listed.items()},
        titles=titles | {name: kinds.alerts[entry.kind].title for name, entry in listed.items()},
    )
