"""The recovery clock: within 10 % of the baseline for 30 consecutive minutes (`product.md` section 8).

Computed afresh from stored minutes, from `hold_from` to the newest settled one, at every call. There is no counter
to lose: a restart, a late sample or another replica cannot change the answer.

*A minute* is BAD when one breached SLI is out of its band (see `band`) or any other SLI of the agent is in breach; OK
when every breached SLI is in band; else UNKNOWN, and so is a minute in doubt. Where no breached SLI counts (each is
exempt on this rung), it takes at least one SLI that is known to be OK: an idle agent never recovers.

*The clock* counts OK minutes. BAD resets it at once; UNKNOWN pauses it for up to two minutes and then resets it.

*The whole hold*, pooled, must be within the limit (1.64 standard errors at the pooled n), meet the objective, and be
4,000 times likelier from a healthy agent than from one still ill (1,200 times after 50 minutes in band; see `evidence`
for what counts as ill). Too few tasks for that, and the hold runs on and says how many it needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal, NamedTuple

from bot.core.detection.evidence_rule import follows_evidence
from bot.core.detection.literal_rule import Rows, call_of, long_call, measure, objective_limit, verdict
from bot.core.detection.sampling_error import band_limit
from bot.core.formatting.numbers import clock_time
from bot.core.model.samples import Series
from bot.core.model.slis import Call
from bot.core.recovery.band import LACKING, Glance, Need, Proof, Track
from bot.core.recovery.tail_track import track_of

__all__ = ["BandLine", "ClockChange", "Hold", "Need", "RecoveryClock", "band_limit", "judge", "moves"]

NEEDED = 30
"""Consecutive OK minutes that hold (`product.md` section 8)."""

GRACE = 2
"""UNKNOWN minutes in a row that only pause the clock (`product.md` section 8)."""

PROOF = Proof(log(4000), strictly=True)
"""How many times likelier healthy than ill the tasks of the hold must be: against the nearest level that the incident
may have had. Chosen by simulation (`bench/bench_recovery.py`, decision 12)."""

PATIENCE = 50
"""Minutes in band after which less will do."""

PATIENT_PROOF = Proof(log(1200), strictly=False)
"""Against the level that the incident likely had. With this alone more agents that are still mildly ill would pass at
20 tasks a minute; without it an agent with five tasks a minute that has recovered would wait beyond 75 minutes in a
third of all cases."""

ClockState = Literal["waiting", "running", "paused", "reset", "held"]


@dataclass(frozen=True, slots=True)
class BandLine:
    """One SLI on the card. `now` and `n` are those of its window at the newest minute; `limit` its recovery limit."""

    series: Series
    now: float | None
    n: float | None
    baseline: float | None
    limit: float | None
    call: Call
    why: str
    exempt: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryClock:
    """The recovery clock at the newest settled minute. Minutes are since the epoch.

    `waiting`: never in band since `hold_from`. `running` and `paused`: in a run of OK minutes that began with
    `in_band_since`. `reset`: such a run was broken, and `last_reset` says when and why. `held`: complete since
    `held_at`, and not broken since. `minutes` never exceeds `needed`; a hold that runs on says what it lacks.
    """

    state: ClockState
    minutes: int
    needed: int
    sentence: str
    in_band_since: int | None = None
    last_bad: int | None = None
    last_reset: str = ""
    held_at: int | None = None
    lines: tuple[BandLine, ...] = ()


class ClockChange(NamedTuple):
    """One turn of the clock, for the timeline and for replay. `minute` is the minute that brought it about."""

    minute: int
    kind: Literal["began", "reset", "held"]
    why: str


def judge(
    needs: Sequence[Need], rows: Mapping[Series, Rows], *, hold_from: int, newest: int, needed: int = NEEDED
) -> RecoveryClock:
    """The clock as it stands at `newest`, the newest settled minute, over the minutes from `hold_from` on.

    `rows` holds the stored minutes by series; a series that is not there has no data. For SLIs that are not part of
    the incident, rows from before `hold_from` count towards a breach that is going on, as in detection.
    """
    hold = _walked(needs, rows, hold_from, newest, needed)
    state = _state(hold)
    return RecoveryClock(
        state,
        min(hold.minutes, needed),
        needed,
        _sentence(hold, state, newest, needed),
        hold.began,
        hold.last_bad,
        hold.last_reset,
        hold.held_at,
        tuple(_line(hold, track, newest) for track in hold.tracks),
    )


def moves(
    needs: Sequence[Need], rows: Mapping[Series, Rows], *, hold_from: int, newest: int, needed: int = NEEDED
) -> tuple[ClockChange, ...]:
    """Every turn of the same clock on its way from `hold_from` to `newest`: began, reset, held."""
    return tuple(_walked(needs, rows, hold_from, newest, needed).moves)


def _walked(needs: Sequence[Need], rows: Mapping[Series, Rows], hold_from: int, newest: int, needed: int) -> "Hold":
    hold = Hold(needs, rows, hold_from, max(newest, hold_from - 1))
    for minute in range(hold_from, newest + 1):
        hold.advance(minute, needed)
    return hold


def _state(hold: "Hold") -> ClockState:
    if hold.held_at is not None:
        return "held"
    if hold.began is not None:
        return "paused" if hold.now.call is Call.UNKNOWN else "running"
    return "reset" if hold.last_reset else "waiting"


def _sentence(hold: "Hold", state: ClockState, newest: int, needed: int) -> str:
    """What a responder reads: why the clock runs, waits, or was reset."""
    reached = f"{min(hold.minutes, needed)} of {needed} min in band"
    if state == "held" and hold.held_at is not None:
        return f"held: {reached} at {clock_time(hold.held_at)}"
    if state == "running":
        return f"{reached}, running on: {hold.unproven}" if hold.unproven else reached
    if state == "paused":
        return f"paused: {hold.why()} for {hold.unknown} min; {reached}"
    why = hold.why() if hold.judged else "no settled minute to judge yet"
    if state == "waiting":
        return f"waiting: {why}"
    return hold.last_reset if hold.reset_at == newest else f"{hold.last_reset}; now {why}"


def _line(hold: "Hold", track: Track, newest: int) -> BandLine:
    """One SLI as the card shows it: breached ones against their band, the others against their objective."""
    need = track.need
    if need.breached:
        seen = track.seen if track in hold.counting else track.glance(newest)
        value, baseline, limit = track.numbers(seen, newest)
        return BandLine(need.series, value, seen.n, baseline, limit, seen.call, track.why(seen), need.exempt)
    found = verdict(need.sli, track.rows, newest, need.baseline)
    limit = objective_limit(need.sli, need.baseline)
    normal = need.baseline.value if need.baseline else None
    return BandLine(need.series, found.value, found.n, normal, limit, found.call, found.why, need.exempt)


class _Minute(NamedTuple):
    """The agent at one minute: the call, and the SLI and glance that decided it (no glance: in breach)."""

    call: Call
    track: Track | None = None
    seen: Glance | None = None


class Hold:
    """The clock's hands while the minutes go by: `judge` walks them over all minutes, replay on by one a minute."""

    def __init__(self, needs: Sequence[Need], rows: Mapping[Series, Rows], first: int, newest: int) -> None:
        tracks = [track_of(need, rows.get(need.series, {}), first, newest) for need in needs]
        self.tracks = tracks
        self.counting = [track for track in tracks if track.need.breached and not track.need.exempt]
        self.others = [_Other(track, first) for track in tracks if not track.need.breached and not track.need.exempt]
        self.began: int | None = None
        self.minutes = 0
        self.unknown = 0
        self.last_bad: int | None = None
        self.last_reset = ""
        self.reset_at: int | None = None
        self.held_at: int | None = None
        self.unproven = ""
        self.now = _Minute(Call.UNKNOWN)
        self.judged = False
        self.moves: list[ClockChange] = []
        self.first, self.newest = first, newest

    @property
    def blamed(self) -> Series | None:
        """The series that decided the newest minute; None where none did alone."""
        return self.now.track.need.series if self.now.track is not None else None

    @property
    def state(self) -> ClockState:
        """Where the clock stands after the newest minute it was walked over."""
        return _state(self)

    def walk_on(self, newest: int, needed: int = NEEDED) -> None:
        """Take in the minutes after those already walked, up to `newest`, as one call of `judge` would have."""
        for track in self.tracks:
            track.extend(newest)
        for minute in range(self.newest + 1, newest + 1):
            self.advance(minute, needed)
        self.newest = max(self.newest, newest)

    def look(self, minute: int) -> _Minute:
        """Judge the agent at a minute: BAD wins over UNKNOWN, UNKNOWN over OK."""
        in_breach = [other.track for other in self.others if other.in_breach(minute)]
        if in_breach:
            return _Minute(Call.BAD, in_breach[0])
        if not self.counting:
            return self._look_without_counting(minute)
        seen = [_Minute(glance.call, track, glance) for track in self.counting for glance in [track.look(minute)]]
        order = {Call.BAD: 0, Call.UNKNOWN: 1, Call.OK: 2}
        return min(seen, key=lambda one: order[one.call])

    def _look_without_counting(self, minute: int) -> _Minute:
        """No SLI counts: one that is known to be OK shows that the agent is at work."""
        if any(other.call is Call.OK for other in self.others):
            return _Minute(Call.OK)
        exempt = [track for track in self.tracks if track.need.exempt]
        return _Minute(Call.OK if any(track.glance(minute).call is Call.OK for track in exempt) else Call.UNKNOWN)

    def advance(self, minute: int, needed: int) -> None:
        """Move the clock on by one minute."""
        self.now, self.judged = self.look(minute), True
        self.unknown = self.unknown + 1 if self.now.call is Call.UNKNOWN else 0
        if self.now.call is Call.OK:
            self._count(minute, needed)
        elif self.now.call is Call.BAD:
            self.last_bad = minute
            self._reset(minute, self.why())
        elif self.unknown > GRACE:
            self._reset(minute, f"{self.why()} for {self.unknown} min")
            self._forget_the_silent(minute)

    def _forget_the_silent(self, minute: int) -> None:
        """What was weighed before a gap is not evidence for the time after it."""
        for track in self.counting:
            if track.seen.cause in LACKING or track.seen.cause == "doubt":
                track.restart(minute + 1)

    def _count(self, minute: int, needed: int) -> None:
        self.minutes += 1
        if self.began is None:
            self.began = minute
            self.moves.append(ClockChange(minute, "began", "every breached SLI is back in its recovery band"))
        if self.held_at is None and self.minutes >= needed:
            self._try_to_hold(minute, self.began, needed)

    def _try_to_hold(self, minute: int, began: int, needed: int) -> None:
        proofs = (PROOF, PATIENT_PROOF) if self.minutes >= PATIENCE else (PROOF,)
        lacks = (track.unproven(minute, proofs) for track in self.counting)
        self.unproven = next((words for words in lacks if words), "")
        if not self.unproven:
            self.held_at = minute
            self.moves.append(ClockChange(minute, "held", f"in band for {needed} minutes since {clock_time(began)}"))

    def _reset(self, minute: int, why: str) -> None:
        if self.began is not None:
            self.reset_at = minute
            self.last_reset = f"reset {clock_time(minute)}: {why}"
            self.moves.append(ClockChange(minute, "reset", why))
        self.began, self.held_at, self.minutes, self.unproven = None, None, 0, ""

    def why(self) -> str:
        """Say what decided the newest minute."""
        if self.now.track is None:
            return "no SLI that counts is known to be OK" if self.now.call is Call.UNKNOWN else ""
        if self.now.seen is not None:
            return self.now.track.why(self.now.seen)
        return f"{self.now.track.title} is in breach"


class _Other:
    """An SLI that is not part of the incident: how many BAD minutes in a row it has, and so whether it is in breach."""

    def __init__(self, track: Track, first: int) -> None:
        self.track = track
        self.limit = objective_limit(track.need.sli, track.need.baseline)
        self.streak = 0
        self.call = Call.UNKNOWN
        for minute in range(first - track.need.sli.sustain, first):
            self.in_breach(minute)

    def in_breach(self, minute: int) -> bool:
        """Take in one more minute, in order. True as `literal_rule.breach` would find a breach at it.

        What is judged by evidence is in breach once the detector has found it so, and then it is part of the incident:
        two minutes past its line are what a healthy agent shows by chance, and reset nothing.
        """
        sli = self.track.need.sli
        measured = measure(sli, self.track.rows, minute)
        found = call_of(sli, measured, self.limit)
        self.call = Call.UNKNOWN if measured.doubt and found is Call.OK else found
        self.streak = self.streak + 1 if self.call is Call.BAD else 0
        if follows_evidence(sli, self.track.rows):
            return False
        lasted = 0 < sli.sustain <= self.streak
        return lasted and long_call(sli, self.track.rows, minute, self.limit) is not Call.OK
