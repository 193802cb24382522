"""Facts about what flows through: load, requests for approval, and the people who decide them."""

from collections.abc import Callable, Iterator, Sequence
from math import sqrt

from bot.core.diagnosis.comparison import Comparison, means, shares
from bot.core.diagnosis.evidence import Evidence
from bot.core.diagnosis.facts import Fact, primary_badness
from bot.core.formatting.plurals import plural
from bot.core.model.samples import minute_of
from bot.core.telemetry.task_records import TaskRecord

LOAD_TIMES = 1.3
FOLLOWS, APART = 0.45, 0.2
SLOWER, FEWER = 1.5, 0.7
CLEARLY, PERHAPS = 3.0, 2.0
"""Missing decisions in standard errors: enough alone, and enough where each took longer too."""
LEAST_REQUESTS = 8


def flow(material: Evidence) -> Iterator[Fact]:
    """Load, requests and decisions."""
    yield from _load(material)
    yield from _requests(material)
    yield from _decisions(material)


def _load(material: Evidence) -> Iterator[Fact]:
    """Tasks a minute against the time before, and whether badness goes up and down with them."""
    before = [n for minute, n in material.arrivals.items() if material.early(minute)]
    after = [n for minute, n in material.arrivals.items() if material.late(minute) and minute < material.now]
    if len(before) < LEAST_REQUESTS or len(after) < 3:  # noqa: PLR2004 - minutes: fewer are no rate
        return
    found = _rates(before, after)
    up = found.z >= 3.5 and found.times >= LOAD_TIMES  # noqa: PLR2004 - as `contrast.CLEAR`
    yield Fact("load-up", up, f"{plural(found.before, 'task')} a minute before, {found.after:.0f} now")
    follows = _correlation(material)
    if up and follows is not None and not APART < follows < FOLLOWS:
        yield Fact(
            "follows-load", follows >= FOLLOWS, f"badness and load move together by {follows:.2f} (1 is exactly)"
        )


def _rates(before: Sequence[float], after: Sequence[float]) -> Comparison:
    """Counts a minute: Poisson, wider where the minutes before were more uneven than that."""
    found = means(before, after)
    uneven = sum((count - found.before) ** 2 for count in before) / len(before) / max(found.before, 0.1)
    spread = sqrt(max(uneven, 1.0) * max(found.before, 0.1) * (1 / len(before) + 1 / len(after)))
    return Comparison(found.before, found.after, (found.after - found.before) / spread, sum(before), sum(after))


def _correlation(material: Evidence) -> float | None:
    """Pearson's r between tasks in a minute and their mean badness, over all minutes that are compared."""
    bad = primary_badness(material)
    by_minute: dict[int, list[float]] = {}
    for task in material.tasks:
        if (value := bad(task)) is not None:
            by_minute.setdefault(minute_of(task.at), []).append(value)
    pairs = [(material.arrivals.get(at, float(len(v))), sum(v) / len(v)) for at, v in by_minute.items() if v]
    if len(pairs) < 3 * LEAST_REQUESTS:
        return None
    mean_x, mean_y = (sum(pair[i] for pair in pairs) / len(pairs) for i in (0, 1))
    over = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    under = sqrt(sum((x - mean_x) ** 2 for x, _ in pairs) * sum((y - mean_y) ** 2 for _, y in pairs))
    return over / under if under else None


def _requests(material: Evidence) -> Iterator[Fact]:
    """The share of tasks that ask for a person's approval."""
    asked = [sum(_asked_in(material, task, early) for task in material.tasks) for early in (True, False)]
    begun = [
        sum(n for minute, n in material.arrivals.items() if side(minute)) for side in (material.early, _late(material))
    ]
    found = shares((asked[0], max(begun[0], asked[0])), (asked[1], max(begun[1], asked[1])))
    if found.known and sum(asked) >= LEAST_REQUESTS:
        words = f"asks for approval: {100 * found.before:.1f} % of tasks before, {100 * found.after:.1f} % now"
        yield Fact("more-requests", found.rose(times=1.4, by=0.02), words)


def _asked_in(material: Evidence, task: TaskRecord, early: bool) -> bool:
    if task.queued_at is None:
        return False
    minute = minute_of(task.queued_at)
    return material.early(minute) if early else _late(material)(minute)


def _late(material: Evidence) -> Callable[[int], bool]:
    """After the onset, without the minutes in which the rung itself asked people."""
    return lambda minute: material.late(minute) and not material.moved_at("", minute)


def _decisions(material: Evidence) -> Iterator[Fact]:
    """Decisions a minute against the time before, and how long each took.

    Longer waits alone are not slow people: those in one queue wait for each other, so that a few requests close
    together look like many slow decisions. There must be fewer decisions too.
    """
    decided, came, waits = [], [], []
    sides = (material.early, _late(material))
    for side in sides:
        own = [t for t in material.tasks if t.queued_at is not None and not t.waits and side(minute_of(t.at))]
        decided.append(len(own))
        came.append(sum(t.queued_at is not None and side(minute_of(t.queued_at)) for t in material.tasks))
        waits.append([(t.at - t.queued_at).total_seconds() / 60 for t in own if t.queued_at is not None])
    spans = [sum(map(side, material.arrivals)) for side in sides]
    if min(decided[0], came[0]) < LEAST_REQUESTS or min(spans) < 3:  # noqa: PLR2004 - minutes: fewer are no rate
        return
    usual, asked = (count[0] / spans[0] * spans[1] for count in (decided, came))
    able = min(usual, came[1]) if came[1] < asked else usual
    missing = (able - decided[1]) / sqrt(max(able, 1.0)) if decided[1] <= FEWER * able else 0.0
    longer = means(*waits)
    slow = missing >= CLEARLY or (missing >= PERHAPS and longer.rose(times=SLOWER, by=0.5))
    words = f"{decided[1]} decisions in {spans[1]} min, {usual:.0f} would be usual, for {came[1]} requests"
    if longer.known:
        words += f"; {longer.before:.1f} min to decide before, {longer.after:.1f} now"
    yield Fact("slow-decisions", slow, words)
