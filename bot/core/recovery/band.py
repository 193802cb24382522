"""One SLI against its recovery band, minute by minute (`product.md` section 8; `recovery` makes the clock of it).

*The window.* A minute is judged on the trailing `window`, clipped where the hold may begin, pooled as sum over sum and
one-sided.

- UNKNOWN: no answer for that very minute (nor a sample that still stands for it), no task in the window, or an answer
  in doubt (partial, doubled, frozen, ...): whatever it says, it proves neither that the agent is well nor that it is
  ill, and its tasks are weighed nowhere (`docs/design/product.md` section 4).
- BAD: past the limit by more than chance explains (`MINUTE_Z` standard errors, see `evidence.Levels.noise`).
- For up to `window` minutes after an instant fix the window still holds incident minutes. So a window past its limit
  is forgiven when its newest part alone has enough tasks to tell the baseline from the incident's own level (1 % / 5 %
  error) and is on the baseline's side: a long and a short window that must both be bad, as in chapter 5 of Google's
  SRE Workbook. At 100 tasks a minute that is the newest one to three minutes; below about 20 there is no such part.
- Where counts are unknown, limit and objective apply to every minute as they are.

*The weight of evidence.* A window of 50 tasks cannot tell a healthy agent from an ill one, and 30 such windows in a row
prove little. So all tasks since they last spoke for "ill" are weighed together as well: healthy, or still ill
(`evidence.Levels.weight`). Likelier ill: BAD, and the weighing begins anew. Not yet `TURNED` times likelier healthy:
UNKNOWN, and the clock does not start, so it does not flap while the agent is ill. From then on a minute is OK unless
its window or the weight turns; and the hold is proven when the weight reaches `recovery.PROOF` against the nearest
level that the incident may have had, or, after `recovery.PATIENCE` minutes in band, `recovery.PATIENT_PROOF` against
the likely one: where tasks are few, no test can do better, and a healthy agent must not wait for ever.

So the first OK minute comes at most `window` minutes after an instant fix, unless the tasks in it are too few to tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log
from typing import Literal, NamedTuple

from bot.core.detection.literal_rule import ROUNDING, Rows, answered, objective_limit, standing, worse
from bot.core.detection.sampling_error import Z_FIVE_PERCENT, Levels, about, band_limit, levels, meets
from bot.core.formatting.numbers import count, figure, label, pair
from bot.core.formatting.plurals import plural
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Call, Sli

MINUTE_Z = 2.8
"""Standard errors by which a minute may be past its limit by chance: 0.26 % one-sided. `product.md` section 8 says
about 2.6; in `bench/bench_recovery.py` 2.8 resets fewer healthy agents and, since the evidence is weighed as well,
passes no more ill ones."""

TURNED = 3.0
"""How many times likelier healthy than ill the tasks must be for the clock to start."""

Cause = Literal["ok", "turned", "data", "idle", "doubt", "baseline", "limit", "objective", "ill", "unsure"]


@dataclass(frozen=True, slots=True)
class Need:
    """One SLI that the clock looks at, with the baseline and the level of its incident, both frozen.

    `breached` False: one of the agent's other SLIs, which only matters when it is in breach itself. `exempt` says why
    it does not block now ("rises by itself on read-only"); it is shown all the same. Empty: it counts.
    """

    series: Series
    sli: Sli
    baseline: Baseline | None = None
    incident_value: float | None = None
    """The incident's own level, pooled over the breach; None: its objective stands in."""
    incident_n: float | None = None
    """Tasks behind `incident_value`. With it the level is taken for a measurement: with caution, and replaced by that
    of the minutes since `hold_from` once more tasks than these have shown it. None: the level is taken as it is."""
    breached: bool = True
    exempt: str = ""


class Glance(NamedTuple):
    """One SLI at one minute: the call, what caused it, and the numbers behind it (`allowed`: limit plus chance)."""

    call: Call
    cause: Cause
    value: float | None = None
    n: float | None = None
    allowed: float | None = None
    doubt: str = ""


class Numbers(NamedTuple):
    """What a card shows of one SLI, in its unit."""

    value: float | None
    baseline: float | None
    limit: float | None


class Proof(NamedTuple):
    """How many times likelier healthy than ill the tasks must be, as a logarithm; against which level of ill."""

    weight: float
    strictly: bool


LACKING: Mapping[str, str] = {"data": "no data", "idle": "no tasks", "baseline": "learning: no baseline yet"}

NO_DATA = Glance(Call.UNKNOWN, "data")


class Track:
    """The minutes `first` to `newest` of one series, summed up once so that any span of them is one subtraction.

    `look` goes through the minutes in order, and remembers since when the evidence is weighed.
    """

    def __init__(self, need: Need, rows: Mapping[int, MinuteRow], first: int, newest: int) -> None:
        self.need = need
        self.rows: Rows = rows
        self.first = first
        self.levels: Levels | None = levels(need.sli, need.baseline, need.incident_value, need.incident_n)
        self.enough = self.levels.enough if self.levels else 0.0
        known = [self._counted(rows.get(minute)) for minute in range(first, newest + 1)]
        self.tasks = list(accumulate((n for n, _ in known), initial=0.0))
        self.badness = list(accumulate((bad for _, bad in known), initial=0.0))
        self.since = first
        self.at = first
        """The newest minute that was looked at."""
        self.turned = False
        self.seen = NO_DATA
        self._peak = 0.0

    def extend(self, newest: int) -> None:
        """Take in the minutes up to `newest` as well: replay walks through time once and cannot know them before."""
        for minute in range(self.first + len(self.tasks) - 1, newest + 1):
            n, bad = self._counted(self.rows.get(minute))
            self.tasks.append(self.tasks[-1] + n)
            self.badness.append(self.badness[-1] + bad)

    def _counted(self, row: MinuteRow | None) -> tuple[float, float]:
        """(tasks, tasks * badness) of one row; nothing for a row without a count."""
        if self.levels is None or row is None or not row.n or row.value is None or row.doubt or not answered(row):
            return 0.0, 0.0
        return row.n, row.n * self.levels.badness(row.value)

    def _pooled(self, first: int, last: int) -> tuple[float, float]:
        """(mean badness, tasks) of the minutes first to last, both inclusive; mean 0 without tasks."""
        low, high = max(first - self.first, 0), last - self.first + 1
        n = self.tasks[high] - self.tasks[low]
        return (self.badness[high] - self.badness[low]) / n if n > 0 else 0.0, n

    def restart(self, minute: int) -> None:
        """Begin to weigh evidence anew with this minute."""
        self.since, self.turned = minute, False

    def look(self, minute: int) -> Glance:
        """Judge the next minute: its window, and the evidence up to it."""
        self.at = minute
        if self.levels is not None and self.need.incident_n is not None:
            self._learn(self.levels, minute, self.need.incident_n)
        self.seen = self.glance(minute)
        if self.levels is not None and self.seen.call is not Call.UNKNOWN and self.seen.n is not None:
            self.seen = self._weighed(self.levels, self.seen, minute)
        return self.seen

    def _learn(self, known: Levels, minute: int, incident_n: float) -> None:
        """Take the incident's level from the minutes up to the peak of its excess over the objective.

        While the agent is ill the excess grows, afterwards it shrinks: so its peak is where the illness ended.
        """
        objective = objective_limit(self.need.sli, self.need.baseline)
        line = known.limit if objective is None else known.badness(objective)
        mean, n = self._pooled(self.first, minute)
        if n > incident_n and n * (mean - line) > self._peak:
            self._peak = n * (mean - line)
            self.levels = levels(self.need.sli, self.need.baseline, known.value(mean), n) or known
            self.enough = self.levels.enough

    def _weighed(self, known: Levels, seen: Glance, minute: int) -> Glance:
        """Let the tasks since they last spoke for "ill" have their say on a minute whose window was judged."""
        mean, n = self._pooled(self.since, minute)
        weight = known.weight(mean, n) if n > 0 else 0.0
        if n > 0 and weight <= 0:
            self.restart(minute + 1)
            return seen if seen.call is Call.BAD else Glance(Call.BAD, "ill", known.value(mean), n)
        if seen.call is Call.BAD:
            self.turned = False
            return seen
        self.turned = self.turned or weight >= log(TURNED)
        return seen if self.turned else Glance(Call.UNKNOWN, "unsure", known.value(mean) if n > 0 else None, n)

    def glance(self, minute: int) -> Glance:
        """Judge the window of one minute."""
        row = standing(self.need.sli, self.rows, minute)
        if row is None or row.minute < self.first:
            return NO_DATA
        if row.doubt:
            return Glance(Call.UNKNOWN, "doubt", row.value, row.n, doubt=row.doubt)
        if not answered(row):
            return NO_DATA
        if self.levels is None:
            return Glance(Call.UNKNOWN, "baseline", row.value, row.n)
        if row.n is None:
            return self._plain(self.levels, row.value or 0.0)
        return self._sampled(self.levels, row.minute, minute)

    def _plain(self, known: Levels, value: float) -> Glance:
        """Judge a value whose count is unknown: the limit and the objective as they are."""
        sli, limit = self.need.sli, known.value(known.limit)
        if worse(sli.better, value, limit):
            return Glance(Call.BAD, "limit", value)
        if not meets(sli, value, self.need.baseline):
            return Glance(Call.BAD, "objective", value)
        return Glance(Call.OK, "ok", value)

    def _sampled(self, known: Levels, newest: int, minute: int) -> Glance:
        """Judge the window that ends with the row of `newest`, which speaks for `minute`."""
        oldest = max(self.first, min(newest, minute - self.need.sli.window + 1))
        mean, n = self._pooled(oldest, newest)
        if n <= 0:
            return Glance(Call.UNKNOWN, "idle", None, 0.0)
        allowed = known.limit + known.noise(MINUTE_Z, n)
        value, line = known.value(mean), known.value(allowed)
        if mean <= allowed + ROUNDING * abs(allowed):
            return Glance(Call.OK, "ok", value, n, line)
        turned = self._turned(known, oldest, newest)
        return turned if turned is not None else Glance(Call.BAD, "limit", value, n, line)

    def _turned(self, known: Levels, oldest: int, newest: int) -> Glance | None:
        """The newest part of the window, if it has enough tasks to tell and speaks for the baseline."""
        for first in range(newest, oldest, -1):
            mean, n = self._pooled(first, newest)
            if n > 0 and n >= self.enough:
                line = known.well_up_to(n)
                turned = mean <= line + ROUNDING * abs(line)
                return Glance(Call.OK, "turned", known.value(mean), n, known.value(line)) if turned else None
        return None

    def unproven(self, last: int, proofs: Sequence[Proof]) -> str:
        """What the tasks of the whole hold still lack, in words; "" when they prove recovery or have no counts.

        One of the proofs is enough.
        """
        if self.levels is None:
            return ""
        mean, n = self._pooled(self.since, last)
        if n <= 0:
            return ""
        sli, value = self.need.sli, self.levels.value(mean)
        line = self.levels.limit + Z_FIVE_PERCENT * self.levels.error(n)
        if mean > line + ROUNDING * abs(line):
            return self._over_the_hold(value, n, self.levels.value(self.levels.limit), "limit")
        objective = objective_limit(sli, self.need.baseline)
        if objective is not None and worse(sli.better, value, objective):
            return self._over_the_hold(value, n, objective, "objective")
        if any(self.levels.weight(mean, n, strictly=proof.strictly) >= proof.weight for proof in proofs):
            return ""
        owed = (self.levels.owed(mean, n, proof.weight, strictly=proof.strictly) for proof in proofs)
        return self._too_few(self.levels, min(owed))

    def _over_the_hold(self, value: float, n: float, line: float, what: str) -> str:
        shown, limit = pair(value, line, self.need.sli.unit)
        return f"{self.title} {shown} over the whole hold (n={count(n)}) is worse than its {what} {limit}"

    def _too_few(self, known: Levels, owed: float) -> str:
        return f"{self.title} needs about {plural(about(owed), 'more task')} to tell {self._between(known)}"

    def _between(self, known: Levels) -> str:
        """`3.0 % from 8.7 %`: the two levels between which the hold decides."""
        return " from ".join(figure(known.value(level), self.need.sli.unit) for level in (known.base, known.near))

    @property
    def title(self) -> str:
        """`HER`, or `HER (refund)` for one workflow."""
        workflow = self.need.series.workflow
        return f"{label(self.need.sli)} ({workflow})" if workflow else label(self.need.sli)

    @property
    def limit(self) -> float | None:
        """The recovery limit in the SLI's unit; without a baseline the objective."""
        baseline = self.need.baseline
        return band_limit(self.need.sli, baseline) if baseline else objective_limit(self.need.sli, None)

    def numbers(self, seen: Glance, newest: int) -> Numbers:  # noqa: ARG002 - a percentile has its own window
        """What a card shows of a glance at the minute `newest`."""
        baseline = self.need.baseline
        return Numbers(seen.value, baseline.value if baseline else None, self.limit)

    def why(self, seen: Glance) -> str:
        """A glance in words: "DQR 71.2 % is worse than its limit 82.8 % (77.1 % could be chance at n=200)"."""
        if seen.cause == "doubt":
            return f"{self.title}: in doubt: {seen.doubt}"
        if seen.cause in LACKING:
            return f"{self.title}: {LACKING[seen.cause]}"
        if self.levels is not None and seen.cause in {"ill", "unsure"}:
            return self._leaning(self.levels, seen)
        if seen.value is None:
            return f"{self.title}: no data"
        line = self._line_of(seen)
        if line is None:
            return f"{self.title} {figure(seen.value, self.need.sli.unit)}"
        shown, limit = pair(seen.value, line, self.need.sli.unit)
        if seen.call is Call.BAD:
            what = "objective" if seen.cause == "objective" else "limit"
            return f"{self.title} {shown} is worse than its {what} {limit}{self._chance(seen)}"
        return f"{self.title} {shown}, limit {limit}{self._in_band(seen, line)}"

    def _leaning(self, known: Levels, seen: Glance) -> str:
        tasks = f"n={count(seen.n or 0.0)}"
        if seen.cause == "unsure" or seen.value is None:
            return f"{self.title}: {tasks} so far is too few to tell {self._between(known)}"
        base, ill = (figure(known.value(level), self.need.sli.unit) for level in (known.base, known.near))
        shown = figure(seen.value, self.need.sli.unit)
        return f"{self.title} {shown} ({tasks}) is likelier still ill ({ill}) than back at its baseline {base}"

    def _line_of(self, seen: Glance) -> float | None:
        if seen.cause == "objective":
            return objective_limit(self.need.sli, self.need.baseline)
        return self.limit

    def _chance(self, seen: Glance) -> str:
        if seen.allowed is None or seen.n is None:
            return ""
        return f" ({figure(seen.allowed, self.need.sli.unit)} could be chance at n={count(seen.n)})"

    def _in_band(self, seen: Glance, line: float) -> str:
        if seen.n is None or seen.value is None:
            return ""
        if seen.cause == "turned":
            return f", n={count(seen.n)}: the newest tasks are back in band, older ones are still in the window"
        chance = worse(self.need.sli.better, seen.value, line)
        return f", n={count(seen.n)}{': past it by no more than chance' if chance else ''}"
