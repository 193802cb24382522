"""Detection: fresh minutes become breaches, breaches become incidents (`product.md` section 4).

Everything is read from stored minutes, so a sample that comes late, twice or after a restart leads to the same answer.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.detection import evidence_rule, literal_rule, rule_in_force
from bot.core.detection.evidence.allowance import Allowance
from bot.core.incident.events import Breached, Cleared, Event, PagingBegan, RecoveryReset, Reopened, Sighted
from bot.core.incident.incident import IllegalMove, Incident, IncidentState
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import BOT
from bot.core.model.samples import Series, minute_of
from bot.core.model.slis import Baseline, Breach, Sli
from bot.engine.autonomy.moved_by_rung import MovedByRung, moved_by_rung
from bot.engine.baselines import Baselines, Rows
from bot.engine.detection.running_minute import LOOK_EVERY, RunningMinute, Slots
from bot.engine.detection.silent_failures import SilentFailures
from bot.engine.detection.suspects import STALE_AFTER, Suspects, watched
from bot.engine.incidents.opener import IncidentOpener, severity
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.errors import Conflict
from bot.ports.store import Store

LOOK_BACK = 90
"""Minutes of history that the literal rule reads: the longest sustain, pooling and a long run of bad minutes."""
SILENCE_SLACK = 10
"""Minutes by which a silence that a person cancelled may still look new: settling and the tick's own pace."""
BLIND_AFTER = 5
"""Minutes UNKNOWN that make an agent blind (`product.md` section 4)."""
STRIPES = 64
RELAPSE_WITHIN = timedelta(hours=2)
"""A breach this soon after resolving reopens the same incident (`product.md` section 4)."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of one agent at one moment."""

    agent: Agent
    judged: frozenset[Series]
    """Those of its series that are judged now."""
    rows: Mapping[Series, Rows]
    now: datetime
    received_at: datetime
    rung: str
    by_rung: MovedByRung
    running: bool
    """Whether the minute that is not over yet is looked at now."""
    slots: Slots
    """Its seconds, of the series whose task records tell them."""

    def read(self, series: Series, sli: Sli) -> Rows:
        """The minutes of a series that say something about the agent, and not about its rung."""
        return self.by_rung.read(series, sli, self.rows.get(series, {}))

    def excused(self, series: Series, sli: Sli) -> bool:
        """Whether the rung moves the SLI by itself now: that is no breach."""
        return self.by_rung.moves(series, sli)


class Detector:
    """Judges agents whose minutes moved, and looks for agents that went silent."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        history: Baselines,
        opener: IncidentOpener,
        fleet: Callable[[], Fleet],
        clock: Clock,
        silent_failures: SilentFailures,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._silent_failures = silent_failures
        self._history = history
        self._opener = opener
        self._fleet = fleet
        self._clock = clock
        began = minute_of(clock.now())
        self._watched_since = {series: began for agent in fleet().agents.values() for series, _ in watched(agent)}
        """Series -> the minute from which on its silence counts: our start, or when the fleet file first named it."""
        self._locks = [threading.Lock() for _ in range(STRIPES)]
        self._running = RunningMinute(store, fleet)
        self._suspects = Suspects(store, history, silent_failures)

    def watch_anew(self) -> None:
        """Count silence from now on: the clock was set, or this process stood still, and nobody asked meanwhile."""
        now = minute_of(self._clock.now())
        self._watched_since = dict.fromkeys(self._watched_since, now)

    def evaluate(self, agents: Collection[str], received_at: datetime) -> None:
        """Judge these agents now. `received_at`: when the sample that caused it arrived."""
        fleet = self._fleet()
        known = [fleet.agents[key] for key in agents if key in fleet.agents]
        now = self._clock.now()
        newest = minute_of(now)
        running = self._running.due(known, now)
        slots = self._running.slots([agent for agent in known if agent.key in running], now)
        suspects = self._suspects.of(known, now, slots)
        known = [agent for agent in known if agent.key in suspects]
        back = max((_look_back(agent) for agent in known), default=0)
        asked = [series for agent in known for series in suspects[agent.key]]
        rows = self._history.rows_of(asked, newest - back, newest + 1) if asked else {}

        def judge(agent: Agent) -> None:
            with self._locks[hash(agent.key) % STRIPES]:
                by_rung = moved_by_rung(self._store, self._fleet().ladder, agent, now)
                rung, due = self._opener.rung(agent), agent.key in running
                self._judge(_Look(agent, suspects[agent.key], rows, now, received_at, rung, by_rung, due, slots))

        run_all(known, judge)

    def _judge(self, look: _Look) -> None:
        open_ = [incident for incident in self._store.open_incidents(look.agent.key) if incident.kind != "blind"]
        fresh: list[tuple[Breach, ...]] = []
        for workflow, sli in look.agent.slis:
            series = Series(look.agent.key, workflow, sli.name)
            if series not in look.judged:
                continue
            known = _breach_of(open_, series)
            found = self._examine(look, series, sli, known)
            if isinstance(found, Breach):
                fresh.append((found,))
            elif isinstance(found, Cleared):
                self._tell(open_[0].id, found)
        fresh += self._silent_failed(look, open_, {breach.series for (breach,) in fresh})
        for breaches in fresh:
            self._breached(look, breaches)

    def _silent_failed(
        self, look: _Look, open_: Sequence[Incident], fresh: Collection[Series]
    ) -> Sequence[tuple[Breach, ...]]:
        """Silent failures that nothing says yet: of SLIs that are not in breach, whose rung does not move them."""
        agent = look.agent
        if len(look.judged) < len(agent.slis):
            return ()  # nothing of the kind was suspected
        since = self._well_since(look, None)
        rows: dict[Series, Rows] = {}
        for workflow, sli in agent.slis:
            series = Series(agent.key, workflow, sli.name)
            known = _breach_of(open_, series)
            ill = series in fresh or (known is not None and known.cleared_at is None)
            if not look.excused(series, sli) and not (ill and sli.watch == "both"):
                rows[series] = look.read(series, sli)
            if known is not None and known.cleared_at is not None:
                since = max(since or 0, minute_of(known.cleared_at))
        return self._silent_failures.look(agent, rows, look.now, self._allowance(agent), since)

    def _examine(self, look: _Look, series: Series, sli: Sli, known: Breach | None) -> Breach | Cleared | None:
        """One series: a new breach, a clearing of a known one, or nothing to tell."""
        rows = look.read(series, sli)
        newest = max(rows, default=0)
        if minute_of(look.now) - newest > STALE_AFTER + literal_rule.reach(sli):
            return None
        baseline = known.baseline if known else None
        if known is None and (sli.objective.relative or sli.rule == "evidence"):
            baseline = self._history.for_judging(look.agent, series, sli, look.now)
        excused = look.excused(series, sli)
        if known is not None and known.cleared_at is None:
            # what fell, and rises because of the rung, is not over
            held = excused and known.fell
            why = "" if held else rule_in_force.cleared(sli, rows, minute_of(look.now) - 1, known)
            return Cleared(look.now, BOT, series, why) if why else None
        if excused:
            return None
        run = self._run(look, series, sli, rows, baseline, known)
        return None if run is None else self._onset(look, series, sli, run, known, baseline)

    def _run(
        self, look: _Look, series: Series, sli: Sli, rows: Rows, baseline: Baseline | None, known: Breach | None
    ) -> literal_rule.Run | None:
        """A breach that ends now: by evidence where the SLI is judged so, over closed minutes and the running one."""
        newest, closed = max(rows, default=0), minute_of(look.now) - 1
        judged = evidence_rule.follows_evidence(sli, rows)
        since = self._well_since(look, known) if judged else None
        found = rule_in_force.breach(sli, rows, closed, baseline, self._allowance(look.agent), since)
        if found is not None or not judged or newest <= closed or not look.running:
            return found
        often = self._allowance(look.agent, 60 / LOOK_EVERY)
        seconds = look.by_rung.seconds(series, sli, look.slots.get(series, ()))
        if seconds and since is None and baseline is not None and baseline.noise:
            return evidence_rule.running_breach(sli, rows, seconds, baseline, often)
        return evidence_rule.breach(sli, rows, newest, baseline, often, since)

    def _allowance(self, agent: Agent, looks: float = 1.0) -> Allowance:
        return evidence_rule.allowance_of(self._fleet().false_pages, agent.slis, looks)

    def _well_since(self, look: _Look, known: Breach | None) -> int | None:
        """From when on minutes count: what was ill before a breach was over or an incident closed was told already."""
        if known is not None and known.cleared_at is not None:
            return minute_of(known.cleared_at)
        closed = self._store.last_closed(look.agent.key, "slo", look.now - timedelta(minutes=evidence_rule.LOOK_BACK))
        return None if closed is None or closed.resolved_at is None else minute_of(closed.resolved_at)

    def _onset(
        self,
        look: _Look,
        series: Series,
        sli: Sli,
        run: literal_rule.Run,
        known: Breach | None,
        judged_by: Baseline | None,
    ) -> Breach:
        """Freeze the baseline where the run began; a breach that comes back keeps the one it had."""
        frozen = known.baseline if known else self._history.freeze(look.agent, series, sli, run.first_bad, judged_by)
        last = run.last
        limit = literal_rule.objective_limit(sli, frozen)
        line = limit if limit is not None else last.limit or 0.0
        return Breach(
            series=series,
            sli=sli,
            first_bad=run.first_bad,
            detected_at=look.now,
            value=last.value if last.value is not None else line,
            limit=line,
            n=last.n,
            why=run.why,
            baseline=frozen,
            share=last.share,
        )

    def _breached(self, look: _Look, breaches: tuple[Breach, ...]) -> None:
        """Attach to the open incident, reopen one that just closed, or open a new one. The database settles races.

        Of a silent failure both breaches come together, with one reason.
        """
        first = min(breach.first_bad for breach in breaches)
        for _ in range(3):
            open_ = next((i for i in self._store.open_incidents(look.agent.key) if i.kind != "blind"), None)
            try:
                if open_ is not None:
                    self._attach(look, open_.id, breaches)
                elif self._cancelled(look.agent.key, "slo", first, look.now):
                    return
                elif closed := self._store.last_closed(look.agent.key, "slo", look.now - RELAPSE_WITHIN):
                    why = f"{breaches[0].why} {_ago(look.now, closed)} after resolving"
                    self._tell(closed.id, Reopened(look.now, BOT, why, breaches[0], look.rung))
                    self._attach(look, closed.id, breaches[1:])
                else:
                    self._opener.slo(look.agent, breaches, look.now, look.received_at)
            except Conflict:
                continue
            return

    def _cancelled(self, agent: str, kind: str, first: int, now: datetime) -> bool:
        """A person called this a false alarm. A run that began before that is the same alarm, not a new one."""
        found = self._store.last_closed(agent, kind, now - timedelta(days=1), "cancelled")
        return found is not None and found.resolved_at is not None and first <= minute_of(found.resolved_at)

    def _attach(self, look: _Look, incident_id: int, breaches: Sequence[Breach]) -> None:
        for breach in breaches:
            incident = self._store.incident(incident_id)
            known = _breach_of([incident], breach.series) if incident is not None else None
            if incident is None or (known is not None and known.cleared_at is None):
                continue
            grade = severity(self._fleet(), look.agent, look.rung, (*incident.breaches, breach))
            self._tell(incident.id, Breached(look.now, BOT, breach, severity=grade))

    def _tell(self, incident_id: int, event: Event) -> None:
        """Record an event of detection; one that no longer fits (a person was faster) is not news."""
        try:
            self._recorder.record(incident_id, lambda _: event)
        except IllegalMove:
            return

    def look_for_silence(self, troubles: Mapping[str, str]) -> None:
        """Open a blind incident for agents without data, and note where data came back. `troubles`: source -> words."""
        now = self._clock.now()
        fleet = self._fleet()
        newest = minute_of(now - timedelta(seconds=60)) - 1
        blind = {incident.agent for incident in self._store.open_incidents() if incident.kind == "blind"}
        settled = {_settled(sli, newest) for agent in fleet.agents.values() for _, sli in agent.slis}
        heard = {last: self._store.heard(last - BLIND_AFTER + 1, last) for last in settled}
        quiet = [agent for agent in fleet.agents.values() if agent.key in blind or _quiet(agent, heard, newest)]
        back = max((_silence(sli) for agent in quiet for _, sli in agent.slis), default=0)
        rows = self._history.rows([agent.key for agent in quiet], newest - back, newest) if quiet else {}
        for agent in fleet.agents.values():
            for series, _ in watched(agent):
                self._watched_since.setdefault(series, minute_of(now))

        def look(agent: Agent) -> None:
            known = agent.key in blind
            silent = [s for s, sli in watched(agent) if self._silent(s, sli, rows, newest, known=known)]
            if silent or agent.key in blind:
                doubts = [rows[series][max(rows[series])].doubt for series in silent if rows.get(series)]
                self._note_silence(agent, silent, self._trouble_of(agent, troubles, doubts), now)

        run_all(quiet, look)

    def _silent(self, series: Series, sli: Sli, rows: Mapping[Series, Rows], newest: int, *, known: bool) -> bool:
        """Whether a series says nothing. Of an agent that is `known` to be blind it does until something is heard."""
        settled = _settled(sli, newest)
        watched_for = settled - self._watched_since.setdefault(series, minute_of(self._clock.now())) + 1
        blind = literal_rule.blind_for(sli, rows.get(series, {}), settled)
        return (blind if known else min(blind, watched_for)) >= BLIND_AFTER

    def _note_silence(self, agent: Agent, silent: list[Series], trouble: str, now: datetime) -> None:
        incident = next((i for i in self._store.open_incidents(agent.key) if i.kind == "blind"), None)
        if silent and incident is None:
            if self._cancelled(agent.key, "blind", minute_of(now) - BLIND_AFTER - SILENCE_SLACK, now):
                return
            try:
                self._opener.blind(agent, silent, trouble, now)
            except Conflict:
                return
        elif silent and incident is not None and self._must_wake(agent, incident):
            why = f"{agent.key} was raised to {self._opener.rung(agent)} while nobody can see how it is doing."
            self._tell(incident.id, PagingBegan(now, BOT, why))
        elif not silent and incident is not None and incident.recovered_at is None:
            self._tell(incident.id, Sighted(now, BOT, f"{agent.key} reports every SLI again."))
        elif silent and incident is not None and incident.recovered_at is not None:
            names = ", ".join(sorted({series.sli.upper() for series in silent}))
            self._tell(incident.id, RecoveryReset(now, BOT, minute_of(now), f"no data on {names} again"))

    def _must_wake(self, agent: Agent, incident: Incident) -> bool:
        """True for one that pages nobody although the agent acts on its own again."""
        ladder, rung = self._fleet().ladder, self._opener.rung(agent)
        return not incident.pages and incident.state is IncidentState.PAGING and not ladder.rung(rung).waits_for_people

    def _trouble_of(self, agent: Agent, troubles: Mapping[str, str], doubts: Sequence[str]) -> str:
        """What the sources of this agent's SLIs did wrong, and why their answers could not be used, in words."""
        series = agent.series()
        asked = {query.source for query in self._fleet().queries if any(query.answers(one) for one in series)}
        told = [troubles[name] for name in sorted(asked) if name in troubles]
        return "; ".join(dict.fromkeys([*told, *(doubt for doubt in doubts if doubt)]))


def _look_back(agent: Agent) -> int:
    """Minutes that judging an agent reads."""
    return evidence_rule.LOOK_BACK if any(sli.rule == "evidence" for _, sli in agent.slis) else LOOK_BACK


def _silence(sli: Sli) -> int:
    """Minutes in which there must be an answer, or the series is silent."""
    return BLIND_AFTER + sli.settle // 60 + 2 * literal_rule.reach(sli)


def _settled(sli: Sli, newest: int) -> int:
    """The newest minute that a series should have told of by now."""
    return newest - (sli.settle // 60) - (literal_rule.reach(sli) - 1)


def _quiet(agent: Agent, heard: Mapping[int, Collection[Series]], newest: int) -> bool:
    """Whether some series may say nothing: it has no answer in the minutes that have to be silent for that."""
    return any(series not in heard[_settled(sli, newest)] for series, sli in watched(agent))


def _breach_of(incidents: Iterable[Incident], series: Series) -> Breach | None:
    return next((breach for incident in incidents for breach in incident.breaches if breach.series == series), None)


def _ago(now: datetime, incident: Incident) -> str:
    minutes = 0 if incident.resolved_at is None else int((now - incident.resolved_at).total_seconds() // 60)
    return f"{minutes} min"
