"""Which playbook fits an incident: its signals against what was seen (`docs/playbooks.md`).

A signal that was seen adds its strength, one that was looked for and is not there takes some of it away, one that could
not be looked for counts nothing; one that speaks `against` the mode takes its strength away. Strong 3 / -2, usual
1.5 / -0.75, weak 0.5 / -0.25: as in `weights.py`, a point doubles the odds, and a missing signal says less than a seen
one, since no incident shows all of its playbook.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

from bot.core.diagnosis.attribution import Match
from bot.core.diagnosis.comparison import CLEAR
from bot.core.diagnosis.evidence import Evidence, Moved
from bot.core.diagnosis.facts import Fact
from bot.core.model.slis import Better
from bot.core.runbooks.playbook import Playbook, Signal, Strength

POINTS: Mapping[Strength, tuple[float, float]] = {"strong": (3.0, -2.0), "usual": (1.5, -0.75), "weak": (0.5, -0.25)}
LEAST = 2.0
"""Points from which a playbook is suggested."""
SHOWN = 3
MOVES_BY = 0.10
"""Of normal: less is not a move."""
FIRST_WITHIN = 3
"""Minutes within which two SLIs moved at the same time."""


def matches(playbooks: Iterable[Playbook], material: Evidence, seen: Sequence[Fact]) -> tuple[Match, ...]:
    """The playbooks that fit, best first."""
    found = [_match(playbook, material, seen) for playbook in playbooks]
    fitting = [match for match in found if match.points >= LEAST and match.seen]
    return tuple(sorted(fitting, key=lambda match: (-match.points, match.name))[:SHOWN])


def _match(playbook: Playbook, material: Evidence, seen: Sequence[Fact]) -> Match:
    points = 0.0
    there: list[str] = []
    missing: list[str] = []
    for signal in playbook.signals:
        verdict = _sign(signal, seen) if signal.sign else _moved(signal, material)
        if verdict is None:
            continue
        if signal.against:
            points -= POINTS[signal.weight][0] if verdict else 0.0
        else:
            points += POINTS[signal.weight][0 if verdict else 1]
            (there if verdict else missing).append(signal.words)
    advice = playbook.containment.instead or playbook.containment.why
    rung = playbook.containment.rung
    return Match(playbook.name, playbook.title, playbook.runbook, points, tuple(there), tuple(missing), rung, advice)


def _sign(signal: Signal, seen: Sequence[Fact]) -> bool | None:
    found = [fact.seen for fact in seen if fact.sign == signal.sign]
    return any(found) if found else None


def _moved(signal: Signal, material: Evidence) -> bool | None:
    """Whether the SLI moved as the signal says; None where it is not watched or nothing is known of it."""
    own = [moved for moved in material.moves if moved.series.sli == signal.sli and _known(moved)]
    if not own:
        return None
    most = max(own, key=lambda moved: abs(_change(moved)))
    if signal.moves == "flat":
        return not (most.breached or _clear(most))
    up = _change(most) > 0
    if not (most.breached or _clear(most)) or up != (signal.moves == "up"):
        return False
    if signal.at_least is not None and most.normal:
        times = (most.now or 0.0) / most.normal
        if (times < signal.at_least) if signal.moves == "up" else (times > signal.at_least):
            return False
    return _in_order(signal, most, material)


def _known(moved: Moved) -> bool:
    return moved.now is not None and moved.normal is not None


def _change(moved: Moved) -> float:
    """Change as a share of normal (of one unit where normal is nothing)."""
    return ((moved.now or 0.0) - (moved.normal or 0.0)) / (abs(moved.normal or 0.0) or 1.0)


def _clear(moved: Moved) -> bool:
    """A move that is more than chance, in either direction."""
    if abs(_change(moved)) < MOVES_BY:
        return False
    if moved.sli.kind != "ratio" or not moved.n or moved.normal is None or moved.now is None:
        return True
    share = min(max(moved.normal / 100, 0.005), 0.995)
    return abs(moved.now - moved.normal) / 100 >= CLEAR * sqrt(share * (1 - share) / moved.n)


def _in_order(signal: Signal, moved: Moved, material: Evidence) -> bool:
    if signal.order == "any":
        return True
    starts = [other.step.minute for other in material.moves if other.step is not None and other.breached]
    if moved.step is None or not starts:
        return signal.order == "first" and moved.breached
    ahead = moved.step.minute - min(starts)
    return ahead <= FIRST_WITHIN if signal.order == "first" else ahead > 0


def worse(moved: Moved) -> bool:
    """Whether an SLI moved in its bad direction."""
    return _known(moved) and (_change(moved) > 0) == (moved.sli.better is Better.LOWER)
