"""Which rung the rules propose, and how severe an incident is (`product.md` sections 5 and 7).

Containment rules. The most restrictive one that fires and names a rung below the present one is proposed:

| signal | line | rung | source |
|---|---|---|---|
| DQR | 15 % down from baseline | `watched` | constraint level 1 |
| TIE | 1.5x baseline | `watched` | constraint level 1 |
| DQR | 25 % down from baseline | `approval` | level 2 |
| TIE | 2x baseline | `approval` | level 2 |
| HER | above twice its objective | `read-only` | level 3 |
| any | `read-only` for 30 min without recovery | `suspended` | level 4 |

A ladder of another make that lacks a rung gets the next lower one of the default order that it has; a rule without
such a rung is skipped. Where no rule fires, the next rung down is proposed, in words that cannot be taken for a rule.
A fault of a tool is no reason to demote the agent by rule; attribution knows that, not this table.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from bot.core.detection.literal_rule import ROUNDING
from bot.core.formatting.numbers import TRADE_NAMES, figure, short
from bot.core.incident.events import Suggestion
from bot.core.model.rungs import DEFAULT_LADDER, Ladder

ONE_DOWN = "one rung down"
"""How the words of a suggestion begin that no rule stands behind; see `is_rule`."""

READ_ONLY_MINUTES = 30
"""Minutes on `read-only` without recovery after which the agent is suspended (`product.md` section 7)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One breached SLI as the rules see it. Numbers in its unit; None where not known.

    `minutes_on_read_only`: how long the agent has been on `read-only` with this SLI not back in its band; 0 on any
    other rung.
    """

    sli: str
    value: float | None
    baseline: float | None = None
    objective: float | None = None
    minutes_on_read_only: float = 0.0
    title: str = ""
    unit: str = ""

    @property
    def label(self) -> str:
        """`TIE` for the four of the trade, else the title."""
        return self.sli.upper() if self.sli.lower() in TRADE_NAMES else self.title or self.sli


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. `fires` returns the rule in words with its numbers, or ""."""

    sli: str
    """Lower-case name, "" for any."""
    rung: str
    fires: Callable[[Reading], str]


class Fired(NamedTuple):
    """A rule that fired: the rung it names on this ladder, and why."""

    rung: str
    words: str


def down_from_baseline(share: float) -> Callable[[Reading], str]:
    """Fires at `share` below baseline or worse, for an SLI that is better higher."""

    def fires(reading: Reading) -> str:
        if reading.value is None or not reading.baseline or reading.baseline < 0:
            return ""
        down = 1 - reading.value / reading.baseline
        if down < share * (1 - ROUNDING):
            return ""
        return f"{_now(reading)} is down {100 * down:.0f} % from baseline {figure(reading.baseline, reading.unit)}"

    return fires


def times_baseline(times: float) -> Callable[[Reading], str]:
    """Fires at `times` the baseline or more. A baseline of 0 has no multiple."""

    def fires(reading: Reading) -> str:
        if reading.value is None or not reading.baseline or reading.baseline < 0:
            return ""
        multiple = reading.value / reading.baseline
        if multiple < times * (1 - ROUNDING):
            return ""
        return f"{_now(reading)} is {multiple:.1f}x baseline {figure(reading.baseline, '')}"

    return fires


def times_objective(times: float) -> Callable[[Reading], str]:
    """Fires above `times` the objective; on it is not above."""

    def fires(reading: Reading) -> str:
        if reading.value is None or reading.objective is None:
            return ""
        if reading.value <= times * reading.objective * (1 + ROUNDING):
            return ""
        return f"{_now(reading)} is above {short(times)}x its objective {figure(reading.objective, reading.unit)}"

    return fires


def too_long_on_read_only(reading: Reading) -> str:
    """Fires after READ_ONLY_MINUTES on `read-only` without recovery."""
    if reading.minutes_on_read_only < READ_ONLY_MINUTES:
        return ""
    return f"{reading.label} has not recovered in {reading.minutes_on_read_only:.0f} min on read-only"


RULES: tuple[Rule, ...] = (
    Rule("dqr", "watched", down_from_baseline(0.15)),
    Rule("tie", "watched", times_baseline(1.5)),
    Rule("dqr", "approval", down_from_baseline(0.25)),
    Rule("tie", "approval", times_baseline(2.0)),
    Rule("her", "read-only", times_objective(2.0)),
    Rule("", "suspended", too_long_on_read_only),
)


def suggest(ladder: Ladder, rung: str, readings: Sequence[Reading]) -> Suggestion | None:
    """Return the rung to step down to from `rung`, with the rule in words; None where nothing lower is called for.

    Rules that fired but name no rung below the present one are obeyed already: no suggestion. `auto` is left False,
    because only the agent's `containment` can say; and only a real rule may be applied by itself (`is_rule`).
    Raises KeyError for a rung that is not on the ladder.
    """
    present = ladder.depth(rung)
    found = tuple(fired(ladder, readings))
    lower = [one for one in found if ladder.depth(one.rung) > present]
    if lower:
        # of equals the last of the table: the gravest rule, where a short ladder has one rung for several
        deepest = max(reversed(lower), key=lambda one: ladder.depth(one.rung))
        return Suggestion(deepest.rung, deepest.words)
    below = ladder.below(rung)
    if found or below is None or not readings:
        return None
    return Suggestion(below.name, _one_down(readings))


def fired(ladder: Ladder, readings: Sequence[Reading]) -> Iterator[Fired]:
    """Every rule that fires and has a rung on this ladder, in the order of the table."""
    for rule in RULES:
        target = _rung_for(ladder, rule.rung)
        for reading in readings:
            if target and rule.sli in {"", reading.sli.lower()} and (why := _words(rule, reading)):
                stands_in = "" if target == rule.rung else f" (this ladder has no {rule.rung})"
                yield Fired(target, f"{why} -> {target}{stands_in}")


def is_rule(suggestion: Suggestion) -> bool:
    """True where a rule stands behind a suggestion, so that `containment: auto` may apply it."""
    return not suggestion.rule.startswith(ONE_DOWN)


def _words(rule: Rule, reading: Reading) -> str:
    if reading.value is not None and not isfinite(reading.value):
        return ""
    return rule.fires(reading)


def _rung_for(ladder: Ladder, wanted: str) -> str:
    """The wanted rung, or the next lower one of the default order that this ladder has; "" where it has none."""
    names = ladder.names()
    lower = DEFAULT_LADDER.names()[DEFAULT_LADDER.depth(wanted) :]
    return next((name for name in lower if name in names), "")


def _one_down(readings: Sequence[Reading]) -> str:
    ruled = {rule.sli for rule in RULES if rule.sli}
    named = [reading for reading in readings if reading.sli.lower() in ruled]
    if not named:
        return f"{ONE_DOWN}: no rule names a rung for {' and '.join(reading.label for reading in readings)}"
    return f"{ONE_DOWN}: {' and '.join(map(_now, named))} has not reached the line of a rule"


def _now(reading: Reading) -> str:
    return reading.label if reading.value is None else f"{reading.label} {figure(reading.value, reading.unit)}"
