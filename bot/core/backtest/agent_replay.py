"""One agent's past, played again: what Stepdown would have said, minute by minute (`product.md` section 4 and 8). Pure.

The rules are not written a second time: breaches and clearing come from `detection`, baselines from `baseline`, the
clock from `recovery`. What stands here is only the
order of events that `engine.detection.detector` and `engine.incidents.monitor` give them
in a running bot, with these assumptions, since a recording holds no people and no minute that is not over:

- The running minute is not looked at; a bot to which records are pushed may page some seconds earlier.
- Nobody steps the agent down, so it stays on its normal rung, and every page is acknowledged at once.
- An incident whose recovery has held counts as resolved at the end of its hold. A breach within two hours reopens it.
- A series is watched from its first sample on. A blind incident ends when every SLI reports again.
- The minute m is known when m + 1 begins; recovery waits for the source's settle time.
- The baseline of now, for an objective that is a multiple of it, is that of the top of the hour. One that is not of the
  same hour of the day stays until its history has grown by a twentieth; for budgets one of this hour of the day stays
  for a week.
- After twelve hours of an incident its clock begins anew with the last six, so that memory stays bounded.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from bot.core.backtest.replay_rules import ReplayCase, ReplayRule, Spans
from bot.core.backtest.series_record import SeriesRecord
from bot.core.backtest.series_replay import SeriesReplay
from bot.core.backtest.silent_replay import SilentReplay
from bot.core.detection.evidence_rule import LOOK_BACK
from bot.core.detection.literal_rule import Run, objective_limit
from bot.core.formatting.numbers import label
from bot.core.model.fleet import Agent
from bot.core.model.samples import Series, minute_of, minute_start
from bot.core.model.slis import Breach, Call
from bot.core.recovery.recovery_clock import Hold, Need

EventKind = Literal[
    "breach", "cleared", "blind", "incident_opened", "recovery_began", "recovery_reset", "recovery_held", "reopened"
]
Kind = Literal["slo", "blind"]

RELAPSE_WITHIN = 120
"""Minutes in which a breach reopens what was resolved (`product.md` section 4)."""
LONGEST = 6 * 60
"""Minutes that the recovery clock looks back over at most, as in a running bot."""
NO_END = 2**40
REMEMBERED = 16 * 24 * 60
"""Minutes after which an old incident no longer matters to any baseline."""


class ReplayEvent(NamedTuple):
    """One event that would have been. `at`: the minute at whose beginning it would have been known."""

    at: int
    agent: str
    workflow: str
    sli: str
    event: EventKind
    reason: str
    incident: int
    kind: Kind = "slo"
    pages: bool = False
    onset: int = -1
    """The likeliest first bad minute of the breach that made the event; -1 for what no breach made."""


@dataclass(slots=True)
class _Incident:
    """The open incident of a kind."""

    number: int
    first_bad: int
    hold_from: int
    breaches: dict[Series, Breach] = field(default_factory=dict)
    hold: Hold | None = None
    recovering: bool = False


class AgentReplay:
    """The course of one agent by one rule. `number` gives the next incident's number.

    `waits`: its rung waits for people. Each minute, once every record is closed: `recover`, then `asks`, then `judge`
    when what was asked has been weighed.
    """

    def __init__(
        self,
        agent: Agent,
        records: Sequence[SeriesRecord],
        rule: ReplayRule,
        number: Callable[[], int],
        *,
        waits: bool,
    ) -> None:
        self.agent = agent
        pairs = zip(records, agent.slis, strict=True)
        self.watches = tuple(SeriesReplay(record, sli, agent) for record, (_, sli) in pairs)
        self._rule = rule
        if rule.counts_back:
            for watch in self.watches:
                watch.count_burning(rule.counts_back)
        self._number = number
        self._waits = waits
        self._settle = max((sli.settle for _, sli in agent.slis), default=0)
        self._slo: _Incident | None = None
        self._closed: tuple[_Incident, int] | None = None
        self._blind: _Incident | None = None
        self._silent: dict[Series, int] = {}
        self._spans: dict[int, tuple[int, int]] = {}
        self._silent_failures = SilentReplay(agent, self.watches) if rule.allowance is not None else None
        self._told: list[ReplayEvent] = []
        self._asked: list[ReplayCase] = []
        self._involved = False

    @property
    def open(self) -> int:
        """How many incidents are open: one of each kind at most."""
        return (self._slo is not None) + (self._blind is not None)

    def recover(self, minute: int) -> None:
        """Walk the recovery clock on, as a running bot does before it judges."""
        self._told = list(self._recover(self._slo, minute)) if self._slo is not None else []

    def asks(self, minute: int) -> list[ReplayCase]:
        """The series about which there may be something to say; those to be weighed are returned.

        As in a running bot, one SLI that looks bad has all of its agent's judged, and an open incident does too.
        """
        spans = list(self._spans.values())
        looked = self._calls(minute, spans)
        involved = self.open > 0 or any(
            self._rule.asks(watch, call, minute, spans, involved=False) for watch, _, call in looked
        )
        involved = involved or (self._silent_failures is not None and self._silent_failures.suspected(minute, spans))
        self._involved = involved
        self._asked = []
        for watch, known, call in looked if involved else ():
            if known is not None and known.cleared_at is None:
                self._asked.append(ReplayCase(watch, known, None))
            elif self._rule.asks(watch, call, minute, spans, involved=True) and not self._excused(watch):
                self._asked.append(self._case(watch, known, minute, spans))
        return [case for case in self._asked if self._rule.weighed(case.watch) and not _ill(case)]

    def _calls(self, minute: int, spans: Spans) -> list[tuple[SeriesReplay, Breach | None, Call]]:
        """The call on each series that said something in this minute, and the breach that is known of it."""
        slo, found = self._slo, list[tuple[SeriesReplay, Breach | None, Call]]()
        for watch in self.watches:
            if watch.record.seen:
                known = slo.breaches.get(watch.series) if slo is not None else None
                call = watch.judge(minute, known, spans)
                if watch.record.newest == minute:
                    found.append((watch, known, call))
        return found

    def _excused(self, watch: SeriesReplay) -> bool:
        """A rung that waits for people drives HER and AQDD up by itself; that is no new breach."""
        return self._waits and watch.sli.moved_by_approval

    def _case(self, watch: SeriesReplay, known: Breach | None, minute: int, spans: Spans) -> ReplayCase:
        if not self._rule.weighed(watch):
            return ReplayCase(watch, known, None)
        baseline = known.baseline if known is not None else watch.for_judging(minute, spans)
        return ReplayCase(watch, known, self._well_since(known, minute), baseline)

    def _well_since(self, known: Breach | None, minute: int) -> int | None:
        """From when on minutes count: what was ill before a breach was over or an incident closed was told already."""
        if known is not None and known.cleared_at is not None:
            return minute_of(known.cleared_at)
        closed = self._closed
        return closed[1] if closed is not None and minute + 1 - closed[1] <= LOOK_BACK else None

    def judge(self, minute: int) -> list[ReplayEvent]:
        """Judge the minute that is just over, now that what was asked has been weighed."""
        told, fresh = self._told, list[Breach]()
        for case in self._asked:
            if _ill(case):
                told += self._clearing(case, minute)
            elif (breach := self._found(case, minute)) is not None:
                fresh.append(breach)
        for each in [*fresh, *self._silent_failed(minute, fresh)]:
            told += self._breached(each, minute)
        silent = [watch for watch in self.watches if watch.record.silent]
        if silent or self._silent:
            told += self._note_silence(silent, minute)
        return told

    def _silent_failed(self, minute: int, fresh: Sequence[Breach]) -> list[Breach]:
        """Silent failures that nothing says yet: of SLIs that are not in breach, and that the rung does not move."""
        asked, allowance = self._silent_failures, self._rule.allowance
        if not self._involved or asked is None or allowance is None:
            return []
        known = {} if self._slo is None else self._slo.breaches
        ill = {each.series for each in (*fresh, *(one for one in known.values() if one.cleared_at is None))}
        left_out = {
            watch.series
            for watch in self.watches
            if self._excused(watch) or (watch.sli.watch == "both" and watch.series in ill)
        }
        told = [minute_of(one.cleared_at) for one in known.values() if one.cleared_at is not None]
        since = max((each for each in (self._well_since(None, minute), *told) if each is not None), default=None)
        found = asked.found(minute, list(self._spans.values()), allowance, since, left_out)
        return [each for breaches in found for each in breaches if each.series not in ill]

    def _say(
        self, series: Series, event: EventKind, reason: str, minute: int, incident: _Incident, onset: int = -1
    ) -> ReplayEvent:
        kind: Kind = "blind" if incident is self._blind else "slo"
        pages = event == "reopened" or (event == "incident_opened" and (kind == "slo" or not self._waits))
        return ReplayEvent(minute + 1, *series, event, reason, incident.number, kind, pages, onset)

    def _found(self, case: ReplayCase, minute: int) -> Breach | None:
        spans = list(self._spans.values())
        run = self._rule.breach(case, minute, spans)
        return None if run is None else self._onset(case, run, minute, spans)

    def _clearing(self, case: ReplayCase, minute: int) -> Iterator[ReplayEvent]:
        known, slo = case.known, self._slo
        why = self._rule.cleared(case.watch, known, minute) if known is not None else ""
        if why and known is not None and slo is not None:
            slo.breaches[case.watch.series] = replace(known, cleared_at=minute_start(minute + 1))
            yield self._say(case.watch.series, "cleared", why, minute, slo)

    def _onset(self, case: ReplayCase, run: Run, minute: int, spans: Spans) -> Breach:
        """Freeze the baseline where the run began; a breach that comes back keeps the one it had."""
        watch, known = case.watch, case.known
        frozen = known.baseline if known else watch.frozen(run.first_bad, spans)
        if frozen is not None and known is None and case.baseline is not None:
            frozen = replace(frozen, noise=case.baseline.noise, noise_until=case.baseline.noise_until)
        limit = objective_limit(watch.sli, frozen)
        line = limit if limit is not None else run.last.limit or 0.0
        return Breach(
            series=watch.series,
            sli=watch.sli,
            first_bad=run.first_bad,
            detected_at=minute_start(minute + 1),
            value=run.last.value if run.last.value is not None else line,
            limit=line,
            n=run.last.n,
            why=run.why,
            baseline=frozen,
        )

    def _breached(self, breach: Breach, minute: int) -> Iterator[ReplayEvent]:
        """Attach to the open incident, reopen one that just closed, or open a new one."""
        told: tuple[EventKind, str] | None = None
        if self._slo is None:
            told = self._reopened(breach, minute) or self._opened(breach)
        incident = self._slo
        if incident is None:  # just opened above; this is for the type checker
            return
        incident.breaches[breach.series] = breach
        incident.hold = None
        yield self._say(breach.series, "breach", breach.why, minute, incident, breach.first_bad)
        if told is not None:
            yield self._say(breach.series, *told, minute, incident, breach.first_bad)

    def _opened(self, breach: Breach) -> tuple[EventKind, str]:
        self._slo = _Incident(self._number(), breach.first_bad, breach.first_bad)
        self._keep_span(self._slo, NO_END)
        return "incident_opened", breach.why

    def _reopened(self, breach: Breach, minute: int) -> tuple[EventKind, str] | None:
        if self._closed is None or minute + 1 - self._closed[1] > RELAPSE_WITHIN:
            return None
        self._slo, closed_at = self._closed
        self._closed = None
        self._slo.hold_from, self._slo.recovering = breach.first_bad, False
        self._keep_span(self._slo, NO_END)
        return "reopened", f"{breach.why} {minute + 1 - closed_at} min after resolving"

    def _keep_span(self, incident: _Incident, end: int) -> None:
        """Remember when the agent had an incident: baselines leave that time out."""
        oldest = incident.first_bad - REMEMBERED
        self._spans = {number: span for number, span in self._spans.items() if span[1] > oldest}
        self._spans[incident.number] = (incident.first_bad, end)

    def _recover(self, incident: _Incident, minute: int) -> Iterator[ReplayEvent]:
        """Walk the recovery clock on to the newest settled minute, and tell what it means."""
        newest = ((minute + 1) * 60 - self._settle) // 60 - 1
        if newest < incident.hold_from:
            return
        hold = incident.hold
        if hold is None or newest - hold.first > 2 * LONGEST:
            hold = incident.hold = self._hold(incident, max(incident.hold_from, newest - LONGEST), minute)
        hold.walk_on(newest)
        state = hold.state
        signal = next(iter(incident.breaches))
        if not incident.recovering and state in {"running", "held"}:
            incident.recovering = True
            began = next(move for move in reversed(hold.moves) if move.kind == "began")
            yield self._say(signal, "recovery_began", began.why, minute, incident)
        if incident.recovering and state == "held":
            yield self._say(signal, "recovery_held", hold.moves[-1].why, minute, incident)
            self._close(incident, minute)
        elif incident.recovering and (state == "reset" or (state == "waiting" and hold.last_bad is not None)):
            incident.recovering = False
            yield self._say(hold.blamed or signal, "recovery_reset", hold.last_reset or hold.why(), minute, incident)

    def _hold(self, incident: _Incident, first: int, minute: int) -> Hold:
        spans = list(self._spans.values())
        for watch in self.watches:
            watch.renew(minute, spans)
        needs = [self._need(watch, incident.breaches.get(watch.series)) for watch in self.watches]
        return Hold(needs, {watch.series: watch.record.past for watch in self.watches}, first, first - 1)

    def _need(self, watch: SeriesReplay, breach: Breach | None) -> Need:
        exempt = "rises by itself on this rung" if self._waits and watch.sli.moved_by_approval else ""
        if breach is None:
            return Need(watch.series, watch.sli, watch.baseline, breached=False, exempt=exempt)
        return Need(breach.series, breach.sli, breach.baseline, breach.level, breach.n, exempt=exempt)

    def _close(self, incident: _Incident, minute: int) -> None:
        """The end of the hold counts as resolved."""
        incident.hold = None
        self._slo, self._closed = None, (incident, minute + 1)
        self._keep_span(incident, minute + 2)

    def _note_silence(self, silent: Sequence[SeriesReplay], minute: int) -> Iterator[ReplayEvent]:
        """Open a blind incident where an SLI went silent, and end it where all of them report again."""
        opened = self._blind is None
        if self._blind is None:
            self._blind = _Incident(self._number(), minute + 1, minute + 1)
            self._keep_span(self._blind, NO_END)
        fresh = [watch for watch in silent if watch.series not in self._silent]
        for watch in fresh:
            self._silent[watch.series] = minute + 1
            yield self._say(watch.series, "blind", f"{label(watch.sli)}: no data for 5 min", minute, self._blind)
        if opened:
            names = ", ".join(sorted({watch.sli.name.upper() for watch in silent}))
            yield self._say(fresh[0].series, "incident_opened", f"no data on {names} for 5 min", minute, self._blind)
        elif not silent:
            yield from self._sighted(self._blind, minute)

    def _sighted(self, blind: _Incident, minute: int) -> Iterator[ReplayEvent]:
        for series, since in self._silent.items():
            why = f"{series.sli.upper()} reports again after {minute + 1 - since} min blind"
            yield self._say(series, "cleared", why, minute, blind)
        self._keep_span(blind, minute + 2)
        self._silent.clear()
        self._blind = None


def _ill(case: ReplayCase) -> bool:
    """Whether it is a breach that is going on."""
    return case.known is not None and case.known.cleared_at is None
