"""The course of open incidents: the recovery clock, the read-back of rungs, and deadlines that have passed.

Each tick asks what stored minutes and stored deadlines say now; nothing is counted in memory.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.autonomy.moving_rung import moving_rung
from bot.core.detection import literal_rule
from bot.core.incident.effects import DrawCharts, EditCard
from bot.core.incident.events import (
    Event,
    Nudged,
    NudgeHeld,
    NudgeKind,
    RecoveryBegan,
    RecoveryHeld,
    RecoveryReset,
    RungConfirmed,
    RungLowered,
    RungSeen,
    TimerDue,
)
from bot.core.incident.incident import IllegalMove, Incident, IncidentState
from bot.core.incident.incident_rungs import IncidentRungs
from bot.core.model import calendar
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import BOT
from bot.core.model.rungs import InstanceReading, Ladder
from bot.core.model.samples import Series, minute_of
from bot.core.model.slis import Breach, Sli
from bot.core.recovery import recovery_clock
from bot.core.transitions import reminders
from bot.engine.baselines import Baselines, Rows
from bot.engine.incidents.card_refresh import CardRefresh
from bot.engine.incidents.doubts import LOOKED_AT, doubt_event, overdue
from bot.engine.incidents.opener import stuck_for, suggest, worst_of
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.incidents.restore_walk import RestoreWalk
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.controls import RungCache
from bot.ports.store import DueTimer, Store

JUDGED = frozenset(
    {IncidentState.RESPONDING, IncidentState.CONTAINED, IncidentState.RECOVERING, IncidentState.RECOVERED}
)
CHARTS_EVERY = 5
"""Good minutes after which the charts are drawn anew."""
HAND_OVER = 5.0
"""Seconds of wall time that a replica has for a deadline it took; then another one may take it."""
FIRST_LOOK = timedelta(seconds=45)
"""How long containment by rule waits for the first look at the evidence."""
LATEST_OF = 15
"""Minutes within which a value is still the latest."""
LONGEST = 6 * 60
"""Minutes of history that the recovery clock looks back over at most."""


class IncidentMonitor:
    """Judges recovery, confirms rungs, and hands due deadlines to the incidents they belong to."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        history: Baselines,
        rung_cache: RungCache,
        fleet: Callable[[], Fleet],
        clock: Clock,
        known_everywhere: Callable[[str, int], bool] = lambda _agent, _epoch: True,
    ) -> None:
        """`all_told` (agent, epoch): whether every replica knows that epoch and has passed on what instances said."""
        self._store = store
        self._recorder = recorder
        self._history = history
        self._rung_cache = rung_cache
        self._known_everywhere = known_everywhere
        self._restore_walk = RestoreWalk(store, recorder, fleet)
        self._fleet = fleet
        self._clock = clock
        self._shown: dict[int, str] = {}
        self._cards = CardRefresh(recorder)

    def clock_of(self, incident: Incident, now: datetime) -> recovery_clock.RecoveryClock | None:
        """The recovery clock of an incident at this moment; None where there is nothing to judge."""
        agent = self._fleet().agents.get(incident.agent)
        if agent is None or not incident.by_clock or not agent.slis:
            return None
        settle = max(sli.settle for _, sli in agent.slis)
        newest = minute_of(now - timedelta(seconds=settle)) - 1
        first = max(incident.hold_from, newest - LONGEST)
        window = max(max(sli.window, sli.long_window) + sli.sustain for _, sli in agent.slis)
        rows = _since_restore(incident, agent, self._history.rows([agent.key], first - window, newest))
        needs = self._needs(incident, agent, now)
        return recovery_clock.judge(needs, rows, hold_from=first, newest=newest)

    def _needs(self, incident: Incident, agent: Agent, now: datetime) -> Sequence[recovery_clock.Need]:
        by_series = {breach.series: breach for breach in incident.breaches}
        needs: list[recovery_clock.Need] = []
        for workflow, sli in agent.slis:
            series = Series(agent.key, workflow, sli.name)
            exempt = self._exempt(agent, workflow, sli)
            breach = by_series.pop(series, None)
            if breach is None:
                baseline = self._history.current(agent, series, sli, now)
                needs.append(recovery_clock.Need(series, sli, baseline, None, breached=False, exempt=exempt))
            else:
                needs.append(_need(breach, exempt))
        needs += [
            _need(breach, self._exempt(agent, breach.series.workflow, breach.sli)) for breach in by_series.values()
        ]
        return needs

    def _exempt(self, agent: Agent, workflow: str, sli: Sli) -> str:
        """HER and AQDD rise by themselves on rungs that wait for people: shown, but not blocking.

        It is the rung in force for the series' own workflow that counts: lowering one workflow excuses no other.
        """
        found = moving_rung(agent, self._fleet().ladder, self._store.rungs(agent.key), workflow)
        return found.words if sli.moved_by_approval and found is not None else ""

    def judge_all(self) -> None:
        """Judge every open incident, move those that moved, and bring their clocks up to date."""
        now = self._clock.now()
        found = self._store.open_incidents()
        run_all(found, lambda incident: self._judge(incident, now, len(found)))

    def _judge(self, incident: Incident, now: datetime, beside: int) -> None:
        self._contain_further(incident, now)
        self._note_doubt(incident, now, beside)
        self._cards.effect(incident, now)
        if incident.state not in JUDGED:
            return
        clock = self.clock_of(incident, now)
        if clock is not None:
            self._move(incident, clock, now)
            self._restore_walk.walk(incident, clock, now)
            self._show(incident, clock)

    def _note_doubt(self, incident: Incident, now: datetime, beside: int) -> None:
        agent = self._fleet().agents.get(incident.agent)
        if agent is None:
            return
        newest = minute_of(now)
        rows = self._history.rows([agent.key], newest - LOOKED_AT, newest)
        if doubt_event(incident, agent, rows, now) is not None:
            self._recorder.record(incident.id, lambda fresh: doubt_event(fresh, agent, rows, now))
        too_old = f"{overdue(agent, rows, now)}{self._lapsed(incident)}"
        self._cards.ages(incident, too_old, now)
        self._cards.numbers(incident, too_old, now, beside)

    def _lapsed(self, incident: Incident) -> str:
        """That a confirmed rung is not what live instances report now; empty while it is."""
        if incident.rungs.state != "confirmed":
            return ""
        said = self._rung_cache.readings(incident.agent, incident.rungs.workflow)
        held = bool(said) and all(applies(self._fleet().ladder, reading, incident.rungs) for reading in said)
        return "" if held else "|rung"

    def _move(self, incident: Incident, clock: recovery_clock.RecoveryClock, now: datetime) -> None:
        """Turn a clock into events. Two at most at once: it may have begun and held since the last look."""
        judged = (incident.hold_from, incident.breaches)

        def decide(fresh: Incident) -> Event | None:
            """The clock speaks of the incident as it was judged; one that moved on is judged at the next tick."""
            return _event(fresh, clock, now) if (fresh.hold_from, fresh.breaches) == judged else None

        for _ in range(2):
            if _event(incident, clock, now) is None:
                return
            try:
                incident = self._recorder.record(incident.id, decide)
            except IllegalMove:
                return

    def _show(self, incident: Incident, clock: recovery_clock.RecoveryClock) -> None:
        """Edit the recovery card when the sentence on it changed."""
        shown = f"{clock.sentence}|{[line.now for line in clock.lines]}"
        if incident.recovering_at is None or self._shown.get(incident.id) == shown:
            return
        self._shown[incident.id] = shown
        stamp = f"m{minute_of(self._clock.now())}-{clock.minutes}"
        self._recorder.refresh([EditCard(incident.id, "recovery", stamp), EditCard(incident.id, "incident", stamp)])
        if clock.minutes % CHARTS_EVERY == 0:
            self._recorder.refresh([DrawCharts(incident.id, stamp)])

    def _contain_further(self, incident: Incident, now: datetime) -> None:
        """Where the agent allows it, apply what the rules say of the numbers of now. The bot alone only ever lowers.

        A fault of a tool is no reason (`product.md` section 7), so the first look at the evidence is waited for, but
        not for long.
        """
        fleet = self._fleet()
        agent = fleet.agents.get(incident.agent)
        healing = incident.state in (IncidentState.RECOVERING, IncidentState.RECOVERED)
        if agent is None or agent.containment != "auto" or healing or not incident.breaches:
            return
        unseen = incident.assessment is None and abs(now - incident.opened_at) < FIRST_LOOK
        if not unseen and not incident.tool_fault:
            lower_for(self._store, self._recorder, fleet, agent, incident.id, now, self._latest(agent, incident, now))

    def _latest(self, agent: Agent, incident: Incident, now: datetime) -> Mapping[Series, float]:
        """What the breached SLIs show now, where they show anything."""
        newest = minute_of(now)
        rows = self._history.rows([agent.key], newest - LATEST_OF, newest)
        found: dict[Series, float] = {}
        for breach in incident.breaches:
            own = rows.get(breach.series, {})
            value = literal_rule.measure(breach.sli, own, max(own)).value if own else None
            if value is not None:
                found[breach.series] = value
        return found

    def read_back(self) -> None:
        """Compare what was requested with what instances say they apply.

        Every instance counts whose lease on its last rung has not run out (the rung cache drops the others): until then
        it may still act on that rung, however silent it is.
        """
        now = self._clock.now()
        waiting = ("requested", "seen", "not-confirmed")
        asked = [incident for incident in self._store.incidents(200) if incident.rungs.state in waiting]
        run_all(asked, lambda incident: self._read_back(incident, now))

    def _read_back(self, incident: Incident, now: datetime) -> None:
        judged = incident.rungs.epoch

        def decide(fresh: Incident) -> Event | None:
            """Readings are counted against the change they were asked about, and no other."""
            return self._confirmation(fresh, now) if fresh.rungs.epoch == judged else None

        if decide(incident) is None:
            return
        try:
            after = self._recorder.record(incident.id, decide)
        except IllegalMove:
            return
        if after.rungs.state == "confirmed" and after.rungs.epoch == judged:
            self._store.confirm_rung(incident.agent, judged, now)

    def _confirmation(self, incident: Incident, now: datetime) -> Event | None:
        rungs = incident.rungs
        said = self._rung_cache.readings(incident.agent, rungs.workflow)
        if rungs.state not in ("requested", "seen", "not-confirmed") or not said:
            return None
        ladder = self._fleet().ladder
        seen = sum(applies(ladder, reading, rungs) for reading in said)
        if seen == len(said) and self._known_everywhere(incident.agent, rungs.epoch):
            since = (now - rungs.requested_at).total_seconds() if rungs.requested_at else 0.0
            return RungConfirmed(now, BOT, rungs.epoch, seen, len(said), since)
        # growth only: replicas that see different instances for a while must not contradict each other each second
        if seen and (seen > rungs.seen or len(said) > rungs.instances) and incident.open:
            return RungSeen(now, BOT, rungs.epoch, seen, len(said))
        return None

    def deadlines(self) -> None:
        """Hand deadlines that have passed to their incidents."""
        now = self._clock.now()
        run_all(self._store.claim_timers(now, 200, HAND_OVER), lambda due: self._hand_over(due, now))

    def _hand_over(self, due: DueTimer, now: datetime) -> None:
        try:
            self._recorder.record(due.incident_id, lambda fresh: self._due(fresh, due.token, now))
        except IllegalMove:
            return

    def _due(self, incident: Incident, token: str, now: datetime) -> Event | None:
        """The event that a deadline is; a reminder that can wait is held until the person's morning."""
        timer = next((timer for timer in incident.timers if timer.token == token), None)
        kind = reminders.kind_of(token)
        if timer is None or kind is None:
            return None if timer is None else TimerDue(now, BOT, timer.kind, token)
        owed = reminders.occasion(incident, kind)
        if owed is None:
            return None
        quiet = self._quiet_until(incident, kind, now) if reminders.can_wait(incident, kind) else None
        return NudgeHeld(now, BOT, kind, owed.about, quiet) if quiet else Nudged(now, BOT, kind, owed.about)

    def _quiet_until(self, incident: Incident, kind: NudgeKind, now: datetime) -> datetime | None:
        """When whoever is to be reminded may be; None: now."""
        person = self._fleet().people.get(reminders.person_of(incident, kind))
        return calendar.quiet_until(now, person.tz, person.quiet) if person else calendar.quiet_until(now, "UTC")


def lower_for(
    store: Store,
    recorder: IncidentRecorder,
    fleet: Fleet,
    agent: Agent,
    incident_id: int,
    now: datetime,
    latest: Mapping[Series, float],
) -> None:
    """Apply the suggestion of the rules as the bot, if it is lower than where the agent is."""

    def decide(incident: Incident) -> Event | None:
        state = store.rung(agent.key)
        present = state.rung if state is not None else agent.normal_rung
        if present not in fleet.ladder.names():
            return None
        ill = [worst_of(b, latest.get(b.series)) for b in incident.breaches if b.cleared_at is None]
        found = suggest(fleet, agent, present, ill, store.rungs(agent.key), stuck_for(incident, now))
        if found is None or not found.auto or fleet.ladder.depth(found.rung) <= fleet.ladder.depth(present):
            return None
        return RungLowered(
            now,
            BOT,
            "",
            present,
            found.rung,
            store.epoch(agent.key) + 1,
            f"by rule: {found.rule}",
            confirm_within=agent.control.confirm_within,
        )

    recorder.record(incident_id, decide)


def applies(ladder: Ladder, reading: InstanceReading, rungs: IncidentRungs) -> bool:
    """True when an instance says that it obeys this change or a later one.

    After a step down a rung still lower (of its workflow, or because it was out of contact) is obeying too; so it is
    where state was lost and the rung stayed what it was.
    """
    names = ladder.names()
    if reading.epoch < rungs.epoch or reading.level not in names:
        return False
    wanted = ladder.or_bottom(rungs.rung)
    lowered = rungs.from_rung in names and ladder.depth(wanted) >= ladder.depth(rungs.from_rung)
    at_least = ladder.depth(reading.level) >= ladder.depth(wanted)
    return at_least if lowered else reading.level == wanted


def _since_restore(incident: Incident, agent: Agent, rows: Mapping[Series, Rows]) -> Mapping[Series, Rows]:
    """Leave out what HER and AQDD were before the last restore: a rung that waits for people drove them up."""
    if incident.rungs.raised_at is None:
        return rows
    moved = {sli.name for _, sli in agent.slis if sli.moved_by_approval}
    first = incident.hold_from
    return {
        series: {minute: row for minute, row in own.items() if minute >= first} if series.sli in moved else own
        for series, own in rows.items()
    }


def _need(breach: Breach, exempt: str) -> recovery_clock.Need:
    # the few tasks behind a fresh breach looked worse than the agent is: with n the clock learns its level
    return recovery_clock.Need(breach.series, breach.sli, breach.baseline, breach.level, breach.n, exempt=exempt)


def _event(incident: Incident, clock: recovery_clock.RecoveryClock, now: datetime) -> Event | None:
    """What the clock means for the incident's state; None when it means nothing new."""
    newest = clock.held_at or clock.in_band_since or minute_of(now)
    if incident.state in (IncidentState.RESPONDING, IncidentState.CONTAINED) and clock.state in ("running", "held"):
        return RecoveryBegan(now, BOT, newest, clock.sentence)
    if incident.state is IncidentState.RECOVERING and clock.state == "held":
        return RecoveryHeld(now, BOT, newest, clock.sentence)
    broken = clock.state == "reset" or (clock.state == "waiting" and clock.last_bad is not None)
    if incident.state in (IncidentState.RECOVERING, IncidentState.RECOVERED) and broken:
        return RecoveryReset(now, BOT, clock.last_bad or minute_of(now), clock.last_reset or clock.sentence)
    return None
