"""Facts about tools, measured in the agent's own tasks and apart from it, and about other agents at the same time.

*Apart* is what tells a tool's fault from the agent's: an SLI that names the tool (`tool:` in the fleet file), or what
other agents' tasks saw of the same tool in the same minutes.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bot.core.diagnosis.comparison import Comparison, Point, chance_of, means, shares, step
from bot.core.diagnosis.evidence import Evidence, ToolSeries
from bot.core.diagnosis.facts import Fact, primary_badness
from bot.core.formatting.numbers import clock_time
from bot.core.model.samples import minute_of
from bot.core.model.slis import Better, Breach
from bot.core.telemetry.task_records import TaskRecord

ERRORS_TIMES, ERRORS_BY = 1.8, 0.03
"""A tool's share of failed calls is up when it is at least so many times as high, and by so much."""
LATE = 6
"""Minutes after the onset from which a tool's errors are a consequence rather than a cause."""
NEAR = 15
"""Minutes around the onset in which another agent's breach counts as the same time."""


def tools(material: Evidence) -> Iterator[Fact]:
    """Every tool that the agent called."""
    names = sorted({use.name for task in material.tasks for use in task.tools} | {one.tool for one in material.tools})
    verdicts = [verdict for name in names for verdict in _tool(material, name)]
    yield from verdicts
    apart = [fact for fact in verdicts if fact.sign == "tool-ill"]
    if apart and not any(fact.seen for fact in apart):
        yield Fact("tool-well", True, f"measured apart and well: {', '.join(fact.subject for fact in apart)}")
    ill = [fact.subject for fact in apart if fact.seen]
    if len(ill) > 1:
        yield Fact("several-tools", True, f"several tools at once: {', '.join(ill)}")


def _tool(material: Evidence, name: str) -> Iterator[Fact]:
    own = _errors(material, material.tasks, name)
    if own.known:
        words = f"{name} fails {_percent(own.before)} of calls before, {_percent(own.after)} now"
        risen = own.rose(ERRORS_TIMES, ERRORS_BY)
        yield Fact("tool-errors", risen, words, name)
        if risen:
            yield from _late(material, name)
    yield from _apart(material, name)
    yield from _with_and_without(material, name)


def _errors(material: Evidence, tasks: Sequence[TaskRecord], name: str) -> Comparison:
    """Failed calls of calls, before and after."""
    sides = []
    for side in material.split(tasks):
        uses = [use for task in side for use in task.tools if use.name == name]
        sides.append((float(sum(min(use.errors, use.calls) for use in uses)), float(sum(use.calls for use in uses))))
    return shares(*sides)


def _late(material: Evidence, name: str) -> Iterator[Fact]:
    """When the errors began, against when the agent went bad."""
    by_minute: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for task in material.tasks:
        for use in task.tools:
            if use.name == name:
                row = by_minute[minute_of(task.at)]
                row[0] += min(use.errors, use.calls)
                row[1] += use.calls
    found = step([Point(minute, failed / calls, calls) for minute, (failed, calls) in by_minute.items() if calls])
    if found is not None:
        late = found.minute > material.onset + LATE
        yield Fact("tool-late", late, f"{name}'s errors began at {clock_time(found.minute)}", name)


def _apart(material: Evidence, name: str) -> Iterator[Fact]:
    """The tool where this agent has no part in it: in an SLI of its own, and for all other agents together."""
    found = [(f"by {one.series}", _series(material, one)) for one in material.tools if one.tool == name]
    others_ = [other for other in material.neighbours if any(use.name == name for t in other.tasks for use in t.tools)]
    if others_:
        everybody = [task for other in others_ for task in other.tasks]
        found.append((f"for {', '.join(other.agent for other in others_)}", _errors(material, everybody, name)))
    known = [(where, contrast) for where, contrast in found if contrast.known]
    ill = [(where, contrast) for where, contrast in known if _ill(contrast)]
    if ill:
        told = "; ".join(f"{where} {_percent(c.before)} -> {_percent(c.after)} failed" for where, c in ill)
        yield Fact("tool-ill", True, f"{name} measured apart: {told}", name)
    elif known:
        yield Fact("tool-ill", False, f"{name} is well {known[0][0]}: {_percent(known[0][1].after)} failed", name)


def _ill(found: Comparison) -> bool:
    """More failures than chance, and more than a handful: five tools and several callers are looked at."""
    failed = round(found.after * found.n_after)
    usual = (found.before * found.n_before + 0.5) / found.n_before * found.n_after
    return failed >= LEAST_FAILED and found.rose(ERRORS_TIMES, ERRORS_BY) and chance_of(failed, usual) <= RARE


LEAST_FAILED, RARE = 4, 1e-5


def _series(material: Evidence, one: ToolSeries) -> Comparison:
    """Failed calls of calls in an SLI of the tool's success. Minutes without a count stand for ten calls."""
    sides = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for row in one.rows:
        if row.value is None or not (material.early(row.minute) or material.late(row.minute)):
            continue
        n = 10.0 if row.n is None else row.n
        side = sides[material.early(row.minute)]
        side[0] += n * (1 - row.value / 100)
        side[1] += n
    return shares((sides[True][0], sides[True][1]), (sides[False][0], sides[False][1]))


def _with_and_without(material: Evidence, name: str) -> Iterator[Fact]:
    """Whether the tasks that used the tool are the bad ones, more than they were before."""
    bad = primary_badness(material)

    def split(tasks: Sequence[TaskRecord]) -> Comparison:
        told = [
            (any(use.name == name for use in task.tools), value) for task in tasks if (value := bad(task)) is not None
        ]
        return means([value for used, value in told if not used], [value for used, value in told if used])

    before, after = (split([task for task in side if task.tools]) for side in material.split(material.tasks))
    if after.known:
        extra = after.after - after.before - (before.after - before.before if before.known else 0.0)
        worse = after.rose(times=1.4) and extra > 0.5 * (after.after - after.before)
        yield Fact(
            "bad-with-tool", worse, f"tasks with {name} against without: {after.after:.2f} / {after.before:.2f}", name
        )


def others(material: Evidence) -> Iterator[Fact]:
    """Whether other agents went bad at the same time."""
    if not material.neighbours:
        return
    hit = [
        other.agent
        for other in material.neighbours
        if any(_at_once(material, breach) and _beyond_chance(breach) for breach in other.breaches)
    ]
    if hit:
        yield Fact("other-agents", True, f"bad at the same time: {', '.join(sorted(hit))}")
        if len(hit) > 1:
            yield Fact("many-agents", True, f"{len(hit)} of {len(material.neighbours)} other agents")
    else:
        names = ", ".join(sorted(other.agent for other in material.neighbours))
        yield Fact("other-agents", False, f"other agents are as before: {names}")


def _at_once(material: Evidence, breach: Breach) -> bool:
    return material.onset - NEAR <= breach.first_bad <= material.onset + NEAR


def _beyond_chance(breach: Breach) -> bool:
    """A rare ratio of a quiet agent passes its line by luck now and then; that is no sign of anything shared."""
    if breach.sli.kind != "ratio" or not breach.n or breach.baseline is None:
        return True
    lower = breach.sli.better is Better.LOWER
    bad, usual = (v if lower else 100 - v for v in (breach.value, breach.baseline.value))
    return chance_of(round(bad / 100 * breach.n), max(usual, 0.2) / 100 * breach.n) <= LUCK


LUCK = 1e-4


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
