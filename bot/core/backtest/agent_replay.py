"""One agent's past, played again: what Stepdown would have said, minute by minute (`product.md` section 4 and 8). Pure.

The rules are not written a second time: breaches and clearing come from `detection`, baselines from `baseline`, the
clock from `recovery`. What stands here is only the
order of events that `engine.detection.detector` and `engine.incidents.monitor` give them
in a running bot, with these assumptions, since a recording holds no people:

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

from bot.core.backtest.series_replay import SeriesReplay
from bot.core.detection import literal_rule
from bot.core.formatting.numbers import label
from bot.core.model.fleet import Agent
from bot.core.model.samples import Series, minute_start
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
    """The course of one agent. `number` gives the next incident's number; `waits`: its rung waits for people."""

    def __init__(self, agent: Agent, number: Callable[[], int], *, waits: bool) -> None:
        self.agent = agent
        self.watches = tuple(SeriesReplay(Series(agent.key, flow, sli.name), sli, agent) for flow, sli in agent.slis)
        self._number = number
        self._waits = waits
        self._settle = max((sli.settle for _, sli in agent.slis), default=0)
        self._slo: _Incident | None = None
        self._closed: tuple[_Incident, int] | None = None
        self._blind: _Incident | None = None
        self._silent: dict[Series, int] = {}
        self._spans: dict[int, tuple[int, int]] = {}

    @property
    def open(self) -> int:
        """How many incidents are open: one of each kind at most."""
        return (self._slo is not None) + (self._blind is not None)

    def tick(self, minute: int) -> list[ReplayEvent]:
        """Judge the minute that is just over; all its samples were taken in before."""
        told = list(self._recover(self._slo, minute)) if self._slo is not None else []
        fresh: list[Breach] = []
        silent: list[SeriesReplay] = []
        spans = list(self._spans.values())
        for watch in self.watches:
            if not watch.seen:
                continue
            known = self._slo.breaches.get(watch.series) if self._slo is not None else None
            call = watch.judge(minute, known, spans)
            if (known is not None or call is Call.BAD) and watch.newest == minute:
                found = self._examine(watch, call, known, minute)
                told += [found] if isinstance(found, ReplayEvent) else []
                fresh += [found] if isinstance(found, Breach) else []
            if watch.silent(minute):
                silent.append(watch)
        for breach in fresh:
            told += self._breached(breach, minute)
        if silent or self._silent:
            told += self._note_silence(silent, minute)
        return told

    def _say(self, series: Series, event: EventKind, reason: str, minute: int, incident: _Incident) -> ReplayEvent:
        kind: Kind = "blind" if incident is self._blind else "slo"
        pages = event == "reopened" or (event == "incident_opened" and (kind == "slo" or not self._waits))
        return ReplayEvent(minute + 1, *series, event, reason, incident.number, kind, pages)

    def _examine(
        self, watch: SeriesReplay, call: Call, known: Breach | None, minute: int
    ) -> Breach | ReplayEvent | None:
        """One series that is BAD or in breach already: a new breach, the clearing of a known one, or nothing."""
        if known is not None and known.cleared_at is None:
            return self._clearing(watch, known, minute)
        if call is not Call.BAD or (self._waits and watch.sli.moved_by_approval):
            return None
        watch.renew(minute, list(self._spans.values()))
        run = literal_rule.breach(watch.sli, watch.recent, minute, known.baseline if known else watch.baseline)
        return None if run is None else self._onset(watch, run, known, minute)

    def _clearing(self, watch: SeriesReplay, known: Breach, minute: int) -> ReplayEvent | None:
        why = literal_rule.cleared(watch.sli, watch.recent, minute, known.baseline)
        if not why or self._slo is None:
            return None
        self._slo.breaches[watch.series] = replace(known, cleared_at=minute_start(minute + 1))
        return self._say(watch.series, "cleared", why, minute, self._slo)

    def _onset(self, watch: SeriesReplay, run: literal_rule.Run, known: Breach | None, minute: int) -> Breach:
        """Freeze the baseline where the run began; a breach that comes back keeps the one it had."""
        frozen = known.baseline if known else watch.frozen(run.first_bad, list(self._spans.values()))
        limit = literal_rule.objective_limit(watch.sli, frozen)
        return Breach(
            series=watch.series,
            sli=watch.sli,
            first_bad=run.first_bad,
            detected_at=minute_start(minute + 1),
            value=run.last.value if run.last.value is not None else float("nan"),
            limit=limit if limit is not None else run.last.limit or 0.0,
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
        yield self._say(breach.series, "breach", breach.why, minute, incident)
        if told is not None:
            yield self._say(breach.series, *told, minute, incident)

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
        return Hold(needs, {watch.series: watch.past for watch in self.watches}, first, first - 1)

    def _need(self, watch: SeriesReplay, breach: Breach | None) -> Need:
        exempt = "rises by itself on this rung" if self._waits and watch.sli.moved_by_approval else ""
        if breach is None:
            return Need(watch.series, watch.sli, watch.baseline, breached=False, exempt=exempt)
        return Need(breach.series, breach.sli, breach.baseline, breach.value, breach.n, exempt=exempt)

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
