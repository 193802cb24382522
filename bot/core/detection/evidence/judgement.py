"""Judges one SLI at one minute and says why, in a sentence for a lock screen (`docs/design/detection.md`)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.learned import LearnedBaseline, unlearned
from bot.core.detection.evidence.plain import Look, looks, onset, second_looks, strongest
from bot.core.detection.evidence.track import JudgedSeries, Minute, Slot
from bot.core.detection.evidence.windows import LONG, SLOT

Call = Literal["breach", "quiet", "unknown"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one SLI was at one minute. Values in the SLI's unit; of the window with the most evidence past the line."""

    call: Call
    """`unknown`: no task in six hours."""
    evidence: float = 0.0
    threshold: float = 0.0
    minutes: int = 0
    """The window that speaks."""
    value: float = 0.0
    n: float = 0.0
    bad: float | None = None
    """Bad tasks, of a share."""
    normal: float | None = None
    """None while learning."""
    objective: float = 0.0
    onset: int | None = None
    """The likeliest first bad minute; None without a breach."""
    pages_by_chance: float = 0.0
    """Pages a month that this agent would send by chance, were this much evidence enough."""
    seconds: int = 0
    """The window in seconds where the running minute spoke; `minutes` is then 0."""
    drift: bool = False
    """Whether only the six-hour window could prove it."""

    @property
    def breach(self) -> bool:
        """Whether somebody is to be paged."""
        return self.call == "breach"


def judge(
    track: JudgedSeries,
    minutes: Sequence[Minute],
    newest: int,
    learned: LearnedBaseline | None = None,
    allowance: Allowance | None = None,
    since: int | None = None,
) -> Judgement:
    """Judge the minute `newest` by the closed minutes up to it, in any order; those of 6 h matter, younger ones do not.

    Without `learned` the objective is what chance is measured against. `since`: the minute from which
    an earlier breach was over (`clearing.clear_since`): what lies before it was told already and is left out, and where
    the SLI has settled since then counts as normal. Drop it with the next baseline.
    """
    known, allowed = learned or unlearned(track), allowance or Allowance()
    looked = looks(track, minutes, newest, known, since, "past")
    if not any(look.n for look in looked):
        return Judgement("unknown", threshold=allowed.threshold, objective=track.objective)
    best = strongest(looked)
    if best is None or best.evidence < allowed.threshold:
        return _told("quiet", track, known, allowed, best or looked[-1], None)
    kept = [each for each in minutes if since is None or each.minute >= since]
    began = onset(track, kept, newest, best.minutes, known)
    return _told("breach", track, known, allowed, best, began)


def judge_running(
    track: JudgedSeries,
    slots: Sequence[Slot],
    minutes: Sequence[Minute],
    learned: LearnedBaseline,
    allowance: Allowance,
) -> Judgement:
    """Judge the slots that are not in a closed minute yet and those of the minute before, at the newest of them.

    Pages only: recovery and baselines stay with closed minutes. `allowance.looks_a_minute` must say how often this is
    asked. An SLI that is still learning is left to closed minutes.
    """
    looked = [] if learned.learning else second_looks(track, slots, minutes, learned)
    best = strongest(looked)
    if best is None or best.evidence < allowance.threshold:
        call: Call = "quiet" if any(look.n for look in looked) else "unknown"
        return Judgement(call, threshold=allowance.threshold, objective=track.objective)
    first = max(slot.second for slot in slots) - best.minutes + SLOT
    judged = _told("breach", track, learned, allowance, best, first // 60)
    return replace(judged, minutes=0, seconds=best.minutes)


def _told(
    call: Call, track: JudgedSeries, known: LearnedBaseline, allowed: Allowance, look: Look, began: int | None
) -> Judgement:
    return Judgement(
        call,
        evidence=look.evidence if look.may_breach else 0.0,
        threshold=allowed.threshold,
        minutes=look.minutes,
        value=track.shown(look.x / look.n) if look.n else 0.0,
        n=look.n,
        bad=look.x if track.kind == "share" else None,
        normal=None if known.learning else track.shown(known.level),
        objective=track.objective,
        onset=began,
        pages_by_chance=allowed.pages_by_chance(look.evidence),
        drift=look.minutes == LONG,
    )
