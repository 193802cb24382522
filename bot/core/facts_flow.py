"""Facts about what flows through: load, requests for approval, and the people who decide them."""

from collections.abc import Iterator, Sequence
from math import sqrt

from bot.core.contrast import Contrast, means, shares
from bot.core.facts import Fact, badness
from bot.core.material import Material
from bot.core.model import minute_of
from bot.core.tasks import TaskRecord

LOAD_TIMES = 1.3
FOLLOWS, APART = 0.45, 0.2
SLOWER, FEWER = 1.5, 0.7
LEAST_REQUESTS = 8


def flow(material: Material) -> Iterator[Fact]:
    """Load, requests and decisions."""
    yield from _load(material)
    yield from _requests(material)
    yield from _decisions(material)


def _load(material: Material) -> Iterator[Fact]:
    """Tasks a minute against the time before, and whether badness goes up and down with them."""
    before = [n for minute, n in material.arrivals.items() if material.early(minute)]
    after = [n for minute, n in material.arrivals.items() if material.late(minute) and minute < material.now]
    if len(before) < LEAST_REQUESTS or len(after) < 3:  # noqa: PLR2004 - minutes: fewer are no rate
        return
    found = _rates(before, after)
    up = found.z >= 3.5 and found.times >= LOAD_TIMES  # noqa: PLR2004 - as `contrast.CLEAR`
    yield Fact("load-up", up, f"{found.before:.0f} tasks a minute before, {found.after:.0f} now")
    follows = _correlation(material)
    if up and follows is not None and not APART < follows < FOLLOWS:
        yield Fact(
            "follows-load", follows >= FOLLOWS, f"badness and load move together by {follows:.2f} (1 is exactly)"
        )


def _rates(before: Sequence[float], after: Sequence[float]) -> Contrast:
    """Counts a minute: Poisson, so the variance is the mean, or what the minutes really show where that is more."""
    found = means(before, after)
    spread = sqrt(found.before / len(before) + found.after / len(after)) or 1.0
    z = (found.after - found.before) / spread
    return Contrast(found.before, found.after, min(z, found.z) if z > 0 else z, sum(before), sum(after))


def _correlation(material: Material) -> float | None:
    """Pearson's r between tasks in a minute and their mean badness, over all minutes that are compared."""
    bad = badness(material.primary)
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


def _requests(material: Material) -> Iterator[Fact]:
    """The share of tasks that ask for a person's approval."""
    asked = [sum(_asked_in(material, task, early) for task in material.tasks) for early in (True, False)]
    begun = [
        sum(n for minute, n in material.arrivals.items() if side(minute)) for side in (material.early, material.late)
    ]
    found = shares((asked[0], max(begun[0], asked[0])), (asked[1], max(begun[1], asked[1])))
    if found.known and sum(asked) >= LEAST_REQUESTS:
        words = f"asks for approval: {100 * found.before:.1f} % of tasks before, {100 * found.after:.1f} % now"
        yield Fact("more-requests", found.rose(times=1.4, by=0.02), words)


def _asked_in(material: Material, task: TaskRecord, early: bool) -> bool:
    if task.queued_at is None:
        return False
    minute = minute_of(task.queued_at)
    return material.early(minute) if early else material.late(minute)


def _decisions(material: Material) -> Iterator[Fact]:
    """How long people took, and how many requests they decided for each that came."""
    waits, rates = [], []
    for side in (material.early, material.late):
        decided = [t for t in material.tasks if t.queued_at is not None and not t.waits and side(minute_of(t.at))]
        came = sum(1 for t in material.tasks if t.queued_at is not None and side(minute_of(t.queued_at)))
        waits.append([(t.at - t.queued_at).total_seconds() / 60 for t in decided if t.queued_at is not None])
        rates.append((len(decided), came))
    if min(rates[0]) < LEAST_REQUESTS or rates[1][1] < LEAST_REQUESTS // 2:
        return
    longer = means(*waits)
    usual, now = (decided / max(came, 1) for decided, came in rates)
    expected = usual * rates[1][1]
    fewer = now <= FEWER * usual and expected - rates[1][0] >= 3 * sqrt(max(expected, 1.0))
    slow = fewer or longer.rose(times=SLOWER, by=0.5)
    words = f"{rates[1][0]} decisions for {rates[1][1]} requests; before {usual:.2f} for each"
    if longer.known:
        words += f"; {longer.before:.1f} min to decide before, {longer.after:.1f} now"
    yield Fact("slow-decisions", slow, words)
