"""The numbers on cards: each SLI now against objective, baseline and band; the rung and who has read it back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from bot.core.cards import words
from bot.core.cards.fleet import AgentRow
from bot.core.cards.parts import ConfirmState, Proposal, RungLine, SliLine
from bot.core.detection import literal_rule
from bot.core.formatting.plurals import plural
from bot.core.incident.incident import Incident, IncidentState
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import RungState
from bot.core.model.samples import Series, minute_of, minute_start
from bot.core.model.slis import Baseline, Breach, Call, Sli
from bot.core.paging.override import OnCallOverride, stand_in
from bot.core.recovery import recovery_clock
from bot.engine.baselines import Baselines, Rows
from bot.engine.detection.findings import QUIET
from bot.engine.incidents.monitor import applies
from bot.engine.incidents.opener import stuck_for, suggest, worst_of
from bot.ports.controls import RungCache
from bot.ports.store import Store

LOOK_BACK = 30
STALE_SHOWN = 15
"""Minutes for which a number that is older than it is due is still shown, with its age."""
MOST_NUMBERED = 50
"""Agents of a list that are shown with their numbers; a message has no room for more."""
BaselineOf = Callable[[Agent, Series, Sli, datetime], Baseline | None]

Status = Literal["breach", "in-band", "out-of-band", "ok", "unknown", "exempt", "old"]


class SliLines:
    """Reads minutes and rungs for cards."""

    def __init__(self, store: Store, history: Baselines, rung_cache: RungCache, fleet: Callable[[], Fleet]) -> None:
        self._store = store
        self._history = history
        self._rung_cache = rung_cache
        self._fleet = fleet

    def lines(
        self, agent: Agent, incident: Incident | None, now: datetime, *, breached_only: bool = False
    ) -> tuple[SliLine, ...]:
        """Every SLI of an agent, the breached ones first."""
        newest = minute_of(now)
        rows = self._history.rows([agent.key], newest - look_back([agent]), newest)
        found = self._lines(agent, incident, rows, self._history.current, now)
        breached = {breach.series for breach in incident.breaches} if incident else frozenset()
        return tuple(
            line for line in found if not breached_only or Series(agent.key, line.workflow, line.name) in breached
        )

    def _lines(
        self, agent: Agent, incident: Incident | None, rows: Mapping[Series, Rows], normal: BaselineOf, now: datetime
    ) -> tuple[SliLine, ...]:
        breaches = {breach.series: breach for breach in incident.breaches} if incident else {}
        found = []
        for workflow, sli in agent.slis:
            series = Series(agent.key, workflow, sli.name)
            breach = breaches.get(series)
            baseline = breach.baseline if breach else normal(agent, series, sli, now)
            shown = breach.judged_as(sli) if breach is not None else sli
            found.append((breach is None, self._line(series, shown, rows.get(series, {}), breach, baseline, now)))
        return tuple(line for _, line in sorted(found, key=lambda pair: pair[0]))

    def _line(
        self, series: Series, sli: Sli, own: Rows, breach: Breach | None, baseline: Baseline | None, now: datetime
    ) -> SliLine:
        latest = max(own, default=0)
        measured = literal_rule.measure(sli, own, latest) if own else literal_rule.NOTHING
        call = literal_rule.call_of(sli, measured, literal_rule.objective_limit(sli, baseline))
        line = self._plain(series, sli, baseline, measured.value, measured.n)
        age = age_if_old(sli, latest, now) if measured.value is not None else None
        line = replace(line, why=breach.why if breach else "", doubt=measured.doubt, age=age)
        return replace(line, status=_status(breach, call, sli, line))

    def _plain(
        self, series: Series, sli: Sli, baseline: Baseline | None, value: float | None, n: float | None
    ) -> SliLine:
        return SliLine(
            series.sli,
            sli.title,
            series.workflow,
            sli.unit,
            value,
            n,
            literal_rule.objective_words(sli, baseline),
            baseline.value if baseline else None,
            recovery_clock.band_limit(sli, baseline) if baseline else None,
            sli.better.value,
            "unknown",
        )

    def band_lines(
        self, agent: Agent, incident: Incident, clock: recovery_clock.RecoveryClock | None
    ) -> tuple[SliLine, ...]:
        """The lines of the recovery card: what the clock itself saw."""
        if clock is None:
            return ()
        breaches = {breach.series: breach for breach in incident.breaches}
        found: list[tuple[bool, SliLine]] = []
        for band in clock.lines:
            breach = breaches.get(band.series)
            sli = breach.sli if breach else agent.sli(band.series.workflow, band.series.sli)
            if sli is not None:
                found.append((breach is None, _band_line(band, sli, breach)))
        return tuple(line for _, line in sorted(found, key=lambda pair: pair[0]))

    def words(self, agent: Agent, incident: Incident | None, now: datetime, only: str) -> list[str]:
        """SLIs in words, one line each. `only`: the name of one, or empty for all."""
        lines: Iterable[SliLine] = self.lines(agent, incident, now)
        return [_in_words(line) for line in lines if not only or line.name.lower() == only.lower()]

    def rung_line(self, incident: Incident) -> RungLine:
        """The rung as the incident knows it."""
        rungs = incident.rungs
        may = self._may(rungs.rung)
        said = self._rung_cache.readings(incident.agent, rungs.workflow)
        obeying = sum(applies(self._fleet().ladder, reading, rungs) for reading in said)
        return RungLine(
            rungs.rung,
            rungs.normal,
            may,
            rungs.state,
            rungs.seen,
            rungs.instances,
            rungs.seconds,
            rungs.epoch,
            len(said),
            obeying,
        )

    def past_rung(self, incident: Incident, state: RungState) -> RungLine:
        """A rung that a newer change has replaced."""
        confirmed: ConfirmState = "confirmed" if state.confirmed_at else "none"
        took = (state.confirmed_at - state.changed_at).total_seconds() if state.confirmed_at else None
        normal = incident.rungs.normal
        return RungLine(state.rung, normal, self._may(state.rung), confirmed, seconds=took, epoch=state.epoch)

    def _rung_now(self, agent: Agent, rung: str) -> RungLine:
        """The rung outside an incident, and how many instances say that they are on it."""
        said = self._rung_cache.readings(agent.key)
        obeying = sum(reading.level == rung for reading in said)
        return RungLine(rung, agent.normal_rung, self._may(rung), live=len(said), obeying=obeying)

    def _may(self, name: str) -> str:
        return next((rung.may for rung in self._fleet().ladder if rung.name == name), "")

    def rung_words(self, incident: Incident, *, each: bool) -> list[str]:
        """The rung and its read-back in words; each instance on a line of its own if wanted."""
        rungs = incident.rungs
        states = {
            "none": "no change in this incident",
            "requested": "requested, not read back yet",
            "seen": f"read back by {rungs.seen} of {plural(rungs.instances, 'instance')}",
            "confirmed": f"confirmed by {rungs.seen} of {plural(rungs.instances, 'instance')}",
            "not-confirmed": f"NOT CONFIRMED ({rungs.seen} of {plural(rungs.instances, 'instance')})",
        }
        head = f"Rung: {rungs.rung}, {states[rungs.state]}; {words.live(self.rung_line(incident))}"
        if not each:
            return [head]
        said = self._rung_cache.readings(incident.agent, rungs.workflow)
        return [head, *(f"{r.instance}: {r.level} (epoch {r.epoch}) at {r.seen_at:%H:%M:%S}" for r in said[:10])]

    def proposal(self, agent: Agent, incident: Incident, now: datetime) -> Proposal | None:
        """The rung that the rules propose on the numbers of now; None where none is lower than the present one."""
        if (
            not incident.open
            or incident.tool_fault
            or incident.state in (IncidentState.RECOVERING, IncidentState.RECOVERED)
        ):
            return None
        lines = self.lines(agent, incident, now)
        latest = {(line.workflow, line.name): line.now for line in lines if line.age is None}
        breaches = [
            worst_of(breach, latest.get((breach.series.workflow, breach.series.sli))) for breach in incident.breaches
        ]
        stuck = stuck_for(incident, now)
        states = self._store.rungs(agent.key)
        found = suggest(self._fleet(), agent, incident.rungs.rung, breaches, states, stuck) if breaches else None
        if found is None:
            return None
        return Proposal(found.rung, self._may(found.rung), found.rule)

    def agent_row(self, agent: Agent, now: datetime) -> AgentRow:
        """One agent in a list, with its newest open incident."""
        open_ = self._store.open_incidents(agent.key)
        incident = open_[-1] if open_ else None
        owner = self._owner(agent, self._store.covers(now), now)
        lines, found = self.lines(agent, incident, now), self.findings([agent.key])
        return self._row(agent, owner, incident, self._store.rung(agent.key), lines, found.get(agent.key, ()))

    def findings(self, agents: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Open findings by agent, in sentences; of "" those that are no agent's of ours."""
        found: dict[str, tuple[str, ...]] = {}
        for ticket in self._store.tickets(agents):
            if ticket.alert in QUIET:
                found[ticket.series.agent] = (*found.get(ticket.series.agent, ()), ticket.text)
        return found

    def rows(self, agents: Iterable[Agent], now: datetime) -> tuple[AgentRow, ...]:
        """Many agents: those with an incident or off their normal rung first. Numbers for the first 50 only.

        What is stored is read at once, and no baseline is computed: a fleet of thousands must not keep the database.
        """
        incidents = {incident.agent: incident for incident in self._store.open_incidents()}
        rungs = {state.agent: state for state in self._store.rungs() if not state.workflow}

        def calm(agent: Agent) -> tuple[bool, bool]:
            state = rungs.get(agent.key)
            return agent.key not in incidents, state is None or state.rung == agent.normal_rung

        ordered = sorted(agents, key=calm)
        covers = self._store.covers(now)
        newest, first = minute_of(now), [agent.key for agent in ordered[:MOST_NUMBERED]]
        findings = self.findings(first) if first else {}
        back = look_back(ordered[:MOST_NUMBERED])
        minutes = self._history.rows(first, newest - back, newest) if first else {}
        return tuple(
            self._row(
                agent,
                self._owner(agent, covers, now),
                incidents.get(agent.key),
                rungs.get(agent.key),
                self._lines(agent, incidents.get(agent.key), minutes, self._history.remembered, now)
                if place < MOST_NUMBERED
                else (),
                findings.get(agent.key, ()),
            )
            for place, agent in enumerate(ordered)
        )

    def _owner(self, agent: Agent, covers: Sequence[OnCallOverride], now: datetime) -> str:
        """The owner's name, and who has their pager meanwhile."""
        people = self._fleet().people
        name = people[agent.owner].name if agent.owner in people else agent.owner
        by = stand_in(covers, agent.owner, now)
        if by == agent.owner or by not in people:
            return name
        until = min(cover.until for cover in covers if cover.person == agent.owner and cover.holds(now))
        return f"{name} ({people[by].name} covers until {until:%H:%M} UTC)"

    def _row(
        self,
        agent: Agent,
        owner: str,
        incident: Incident | None,
        state: RungState | None,
        lines: tuple[SliLine, ...],
        findings: tuple[str, ...],
    ) -> AgentRow:
        rung = state.rung if state else agent.normal_rung
        line = self.rung_line(incident) if incident and incident.rungs.rung == rung else None
        return AgentRow(
            agent.key,
            owner,
            line or self._rung_now(agent, rung),
            lines,
            incident=incident.number if incident else "",
            since=state.changed_at if state else None,
            by=state.by if state else "",
            until=state.until if state else None,
            findings=findings,
        )


def harm(line: SliLine) -> tuple[bool, float]:
    """How bad a line is beside others: past its limit first, then how many tasks are off what is normal for it."""
    off = abs((line.now or 0.0) - (line.baseline or 0.0))
    return line.status in ("breach", "out-of-band"), off * (line.n or 1.0)


def look_back(agents: Iterable[Agent]) -> int:
    """Minutes of which the newest numbers of these agents are shown: long enough for an SLI that is asked seldom."""
    due = ((sli.every + sli.settle) // 60 for agent in agents for _, sli in agent.slis)
    return max(LOOK_BACK, *(minutes + STALE_SHOWN for minutes in due), 0)


def age_if_old(sli: Sli, minute: int, now: datetime) -> float | None:
    """Seconds since the end of a minute, where a newer one is due (`every` and `settle` are over); else None."""
    age = (now - minute_start(minute + 1)).total_seconds()
    return age if age > sli.every + sli.settle else None


def _status(breach: Breach | None, call: Call, sli: Sli, line: SliLine) -> Status:
    """What may be said of the number; what is old says nothing of now, and what is in doubt is never called good."""
    if line.age is not None:
        return "old"
    if call is Call.UNKNOWN or (line.doubt and call is Call.OK):
        return "unknown"
    if breach is None:
        return "ok" if call is Call.OK else "out-of-band"
    if call is Call.BAD:
        return "breach"
    inside = line.band is None or line.now is None or not literal_rule.worse(sli.better, line.now, line.band)
    return "in-band" if inside else "out-of-band"


def _band_line(band: recovery_clock.BandLine, sli: Sli, breach: Breach | None) -> SliLine:
    status: Status = "unknown"
    if band.exempt:
        status = "exempt"
    elif band.call is Call.OK:
        status = "in-band" if breach else "ok"
    elif band.call is Call.BAD:
        status = "out-of-band"
    objective = literal_rule.objective_words(sli, breach.baseline if breach else None)
    return SliLine(
        band.series.sli,
        sli.title,
        band.series.workflow,
        sli.unit,
        band.now,
        band.n,
        objective,
        band.baseline,
        band.limit,
        sli.better.value,
        status,
        band.exempt or band.why,
    )


def _in_words(line: SliLine) -> str:
    scope = f" ({line.workflow})" if line.workflow else ""
    parts = [words.value(line), words.age(line), words.limit(line), words.normal(line)]
    meaning = "" if line.status == "unknown" and line.now is None else words.meaning(line)
    parts += [meaning, words.doubt(line)]
    return f"{words.name_of(line)}{scope}: {', '.join(part for part in parts if part)}"
