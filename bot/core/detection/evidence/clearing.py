"""When a breach is over: two looks, a minute apart, that tell the agent from an ill one (`docs/design/detection.md`).

From the newest minute backwards, tasks are weighed: how much likelier are they from an agent on its objective than from
one that is ill? The first window that says one of the two a thousand times likelier decides. Back on the good side of
the objective is enough: an SLI between normal and objective neither stays in breach nor, judged by where it settled,
breaches again. *Ill* is the level of the breach, but no nearer to the objective than a fifth past it and no
farther than four fifths: an agent that went from 18 % to 9 % is not well.
"""

from collections.abc import Sequence
from math import exp, inf, log, sqrt

from bot.core.detection.evidence.learned import LEAST_SHARE, LearnedBaseline, unlearned
from bot.core.detection.evidence.plain import Look, looks
from bot.core.detection.evidence.track import JudgedSeries, Minute
from bot.core.detection.evidence.windows import HOUR

SURE = log(1000)
"""Evidence at which a look decides: an ill agent is looked at every minute for hours, and must not get through."""

LOOKS = 2
"""Clear looks in a row that end a breach."""

NEAR, FAR = 1.2, 1.8
"""Times the objective (of a share: its odds) that an ill agent is taken to be at, at least and at most."""


def clear_since(
    track: JudgedSeries, minutes: Sequence[Minute], newest: int, ill: float, learned: LearnedBaseline | None = None
) -> int | None:
    """The minute from which a breach at the level `ill` (the SLI's unit) is over, as seen at `newest`; None: it is not.

    Hand it to `judge` as `since` from then on, or the ill minutes still in its windows would breach again.
    """
    known = learned or unlearned(track)
    starts = [_clear(track, minutes, newest - back, ill, known) for back in range(LOOKS)]
    found = [start for start in starts if start is not None]
    return max(found) if len(found) == LOOKS else None


def _clear(
    track: JudgedSeries, minutes: Sequence[Minute], newest: int, ill: float, learned: LearnedBaseline
) -> int | None:
    """The first minute of the window that says the agent is well; None where none does, or one says it is ill."""
    for look in looks(track, minutes, newest, learned, weighed="none"):
        weight = _weight(track, learned, look, ill) if look.n else 0.0
        good = look.n > 0 and not look.past
        if abs(weight) >= SURE or look.minutes == HOUR:
            return newest - look.minutes + 1 if good and weight > -SURE else None
    return None


def _weight(track: JudgedSeries, learned: LearnedBaseline, look: Look, ill: float) -> float:
    """Logarithm of how much likelier a window is from an agent on its objective than from an ill one."""
    if learned.kind == "share":
        return _share_weight(track, learned, look, ill)
    line = learned.score(track.line)
    unit = max(line, sqrt(learned.windows[0].wander), LEAST_SHARE)
    bound = (log(NEAR), log(FAR)) if learned.logarithmic else ((NEAR - 1) * unit, (FAR - 1) * unit)
    far = min(max(learned.score(track.bad(ill)) - line, bound[0]), bound[1])
    noise = next(window for window in learned.windows if window.minutes == look.minutes)
    variance = learned.scatter / look.n + noise.sudden
    lean = far * (line + far / 2 - look.score / look.n)
    return lean / variance if variance > 0 else inf if lean > 0 else -inf


def _share_weight(track: JudgedSeries, learned: LearnedBaseline, look: Look, ill: float) -> float:
    line = _odds(track.line)
    sick = min(max(_odds(track.bad(ill)), NEAR * line), FAR * line)
    bad_task, good_task = log(line * (1 + sick) / (sick * (1 + line))), log((1 + sick) / (1 + line))
    return (look.x * bad_task + (look.n - look.x) * good_task) / learned.scatter


def _odds(share: float) -> float:
    inside = min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)
    return exp(log(inside) - log(1 - inside))
