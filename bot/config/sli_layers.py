"""One SLI as it applies in one place: defaults, fleet, agent and workflow laid over each other, and what answers it.

A later layer replaces a field; of query texts (`good`, `total`, ...) it replaces the whole set, since a `good` of one
place and a `total` of another make no ratio.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from math import ceil
from typing import Any, NamedTuple

from bot.config.defaults import KNOWN
from bot.config.fleet import PARTS, NumberQueries, SliEntry, SourceEntry
from bot.config.kinds.query_check import query_faults
from bot.config.kinds.rules import Kinds, SourceRules
from bot.config.problems import misnamed
from bot.config.value_types import ObjectiveText
from bot.config.yaml_document import Path, YamlDocument
from bot.core.budgets import budget
from bot.core.model.slis import USUAL_SUSTAIN, Better, BurnAlert, Scale, Sli
from bot.core.telemetry.plausibility import REMEDY

SECONDS_A_MINUTE = 60
PLAIN = (
    "rule",
    "watch",
    "sustain",
    "long_window",
    "every",
    "tolerance",
    "min_count",
    "window",
    "moved_by_approval",
    "slice_target",
)
"""Fields that mean the same in the file and in the model."""
SHORT_SUSTAIN = (
    "has no effect: evidence needs no such wait (`rule: literal` counts minutes; a longer `sustain` counts too)"
)
LITERAL_WATCH = "has no effect: `rule: literal` knows one direction"
TAILS: Mapping[str, tuple[str, str]] = {
    "tool_calls": ("tool calls", "calls"),
    "cost": ("cost", "USD"),
    "duration": ("time", "s"),
}
"""What `of` may name: in words, and its unit."""
TAIL_TASKS = 3
"""Tasks past a percentile that a value should rest on: 60 tasks for a p95, 300 for a p99."""
_OTHER = {"bad": "good: count it with `good`", "good": "bad: count it with `bad`"}


class LayeredQuery(NamedTuple):
    """What answers an SLI: its texts, what the source lists of it, and where in the file the texts stand."""

    source: str
    texts: Mapping[str, str]
    listed: NumberQueries | None
    path: Path


@dataclass(frozen=True, slots=True)
class LayeredSli:
    """A resolved SLI with its query: the source, texts by role, and labels. No texts: the values are pushed."""

    sli: Sli
    source: str
    texts: Mapping[str, str]
    by: Mapping[str, str]
    polled: bool

    @property
    def split(self) -> bool:
        """True where each workflow is measured by itself."""
        return "workflow" in self.by

    @property
    def follows_labels(self) -> bool:
        """True where the text leaves it to us which labels it is split by."""
        return any("$by" in text for text in self.texts.values())


def laid_over(under: SliEntry, over: SliEntry) -> SliEntry:
    """One layer over another."""
    own: dict[str, Any] = {name: getattr(over, name) for name in over.model_fields_set}
    if over.texts() or own.get("source", under.source) != under.source:
        # another source speaks another language, so its texts are its own too
        own = {**dict.fromkeys(PARTS, ""), "values_in": None, **own}
    return under.model_copy(update=own)


class SliLayers:
    """Resolves SLIs; whatever is wrong is blamed on the path of the layer that asked."""

    def __init__(self, document: YamlDocument, sources: Mapping[str, SourceEntry], kinds: Kinds) -> None:
        self._document = document
        self._sources = sources
        self._kinds = kinds.sources

    def resolve(self, name: str, layers: list[SliEntry], path: Path) -> LayeredSli | None:
        """The SLI `name` under these layers, lowest first; None (and a problem) where it makes no sense."""
        entry = reduce(laid_over, layers)
        template = entry.template or (name if name in KNOWN else "")
        if template and template not in KNOWN:
            self._document.blame((*path, "template"), misnamed("the template", template, list(KNOWN)))
            return None
        full = reduce(laid_over, layers, KNOWN[template]) if template else entry
        if self._undefined(name, full, path):
            return None
        measure = self._measure(name, template, full, path)
        faults = _faults(name, full, measure)
        for field, fault in faults:
            self._document.blame((*path, field) if field else path, fault)
        if entry.rule != "literal" and entry.sustain is not None and entry.sustain <= USUAL_SUSTAIN:
            self._document.warn((*path, "sustain"), SHORT_SUSTAIN)
        if entry.rule == "literal" and entry.watch == "both":
            self._document.warn((*path, "watch"), LITERAL_WATCH)
        return None if faults else measure

    def _undefined(self, name: str, entry: SliEntry, path: Path) -> bool:
        """Blame an SLI that nobody has said the meaning of: a misspelt one, or one of the fleet's own."""
        lacking = [field for field in ("better", "objective") if getattr(entry, field) is None]
        to_blame = [field for field in lacking if (*path, field) not in self._document.blamed]
        if to_blame:
            own = f"an SLI of your own needs {' and '.join(f'`{field}`' for field in to_blame)}"
            unknown = misnamed("the SLI", name, list(KNOWN)) + "; " if len(lacking) > 1 else ""
            self._document.blame(path, unknown + own, key=bool(unknown))
        return bool(lacking)

    def _measure(self, name: str, template: str, entry: SliEntry, path: Path) -> LayeredSli | None:
        source = self._source(name, template, entry, path)
        if source is None:
            return None
        kind = self._kinds[self._sources[source].kind]
        texts, by = self._texts(source, name, template, entry), self._labels(source, name, entry, kind)
        listed = self._sources[source].slis.get(name)
        where = ("sources", source, "slis", name) if listed and listed.texts() and not entry.texts() else path
        if entry.percentile and not kind.tells_tasks:
            self._document.blame((*path, "percentile"), self._no_tasks(source, kind.name))
            return None
        if not self._query_works(source, name, texts, by, where):
            return None
        settle = self._sources[source].settle
        scale = self._scale(name, template, entry, LayeredQuery(source, texts, listed, where))
        sli = replace(_sli(name, entry, texts, settle, polled=kind.polled), values_in=scale)
        return LayeredSli(sli, source, texts, by, kind.polled)

    def _scale(self, name: str, template: str, entry: SliEntry, query: "LayeredQuery") -> Scale:
        """Percent or fraction, where a source writes a share itself; refused where it has no effect, else asked for."""
        listed, kind = query.listed, self._kinds[self._sources[query.source].kind]
        theirs = listed.values_in if listed and not entry.texts() else None
        said = entry.values_in or theirs
        if theirs and theirs != said:
            self._document.blame((*query.path, "values_in"), f"says {theirs}, and the SLI says {said}; say it once")
        known = template in kind.names and not (entry.texts() or (listed and listed.texts()))
        if said and (why := _no_scale(entry, query.texts, known=known)):
            self._document.blame((*query.path, "values_in"), why)
        elif not said and kind.polled and _is_share(entry) and "value" in query.texts and not known:
            self._document.warn((*query.path, "value"), f"is {name} 97 or 0.97 when 97 of 100 are meant? {REMEDY}")
        return said or ""

    def _source(self, name: str, template: str, entry: SliEntry, path: Path) -> str | None:
        """The source that answers: the one that is named, that names the SLI, or the only one there is."""
        known = self._sources
        if entry.source:
            if entry.source in known:
                return entry.source if known[entry.source].kind in self._kinds else None
            self._document.blame((*path, "source"), misnamed("the source", entry.source, list(known)))
            return None
        usable = {key: source for key, source in known.items() if source.kind in self._kinds}
        listed = [key for key, source in usable.items() if name in source.slis]
        able = [key for key, source in usable.items() if template in self._kinds[source.kind].names]
        if entry.percentile:
            able = [key for key, source in usable.items() if self._kinds[source.kind].tells_tasks]
        found = next((keys for keys in (listed, able, list(usable)) if keys), [])
        if entry.texts() and len(usable) > 1:
            found = list(usable)
        if len(found) != 1 and (len(usable) == len(known)):
            several = f"{len(found)} sources could answer ({', '.join(found)}); say which with `source:`"
            self._document.blame(path, several if found else "nothing answers for it: there are no `sources`")
        return found[0] if len(found) == 1 else None

    def _texts(self, source: str, name: str, template: str, entry: SliEntry) -> dict[str, str]:
        kind = self._kinds[self._sources[source].kind]
        listed = self._sources[source].slis.get(name)
        texts = entry.texts() or (listed.texts() if listed else {}) or dict(kind.names.get(template, {}))
        return {role: text.replace("$tool", entry.tool) for role, text in texts.items()}

    def _labels(self, source: str, name: str, entry: SliEntry, kind: SourceRules) -> dict[str, str]:
        listed = self._sources[source].slis.get(name)
        given = entry.by or (listed.by if listed else {}) or kind.by
        return {label: theirs for label, theirs in given.items() if theirs}

    def _no_tasks(self, source: str, kind: str) -> str:
        """Why this source cannot answer for a percentile, and what can."""
        able = " or ".join(sorted(rules.name for rules in self._kinds.values() if rules.tells_tasks))
        return (
            f"a percentile is made of single tasks, and {source} ({kind}) does not tell them; name a source that does"
            f" (kind: {able}), or leave `percentile` out and ask this one for the finished number as `value`"
        )

    def _query_works(self, source: str, name: str, texts: Mapping[str, str], by: Mapping[str, str], path: Path) -> bool:
        """Check that the source understands every part, and that they make a value."""
        kind_name = self._sources[source].kind
        faults = query_faults(f"{source} ({kind_name})", self._kinds[kind_name], name, texts, by)
        for field, fault in faults:
            self._document.blame((*path, field) if field else path, fault)
        return not faults


def _sli(name: str, entry: SliEntry, texts: Mapping[str, str], settle: int, *, polled: bool) -> Sli:
    line = entry.objective or ObjectiveText(0, relative=False)
    # a share without counts cannot be pooled, so each of its minutes stands alone
    counted = "total" in texts or "count" in texts or not polled
    ratio = ("total" in texts or entry.kind == "ratio") and counted
    given = {"rule": "evidence"} | _of_tasks(entry)
    given |= {field: getattr(entry, field) for field in PLAIN if getattr(entry, field) is not None}
    return Sli(
        name=name,
        title=(entry.title or _tail_title(entry) or name).replace("$tool", entry.tool),
        unit=_unit(entry, texts),
        kind="ratio" if ratio else "gauge",
        better=Better(entry.better or Better.LOWER),
        objective=line.objective(),
        absolute_tolerance=entry.absolute_tolerance,
        settle=settle,
        burn_alerts=_burn_alerts(entry),
        tool=entry.tool,
        **given,
    )


def _of_tasks(entry: SliEntry) -> dict[str, Any]:
    """What is special of a percentile: a value that too few tasks are past says nothing."""
    if not entry.percentile or entry.of is None:
        return {}
    least = ceil(round(TAIL_TASKS * 100 / (100 - entry.percentile), 6))
    return {"percentile": entry.percentile, "of": entry.of, "min_count": least}


def _tail_title(entry: SliEntry) -> str:
    return f"p{entry.percentile:g} of {TAILS[entry.of][0]}" if entry.percentile and entry.of else ""


def _unit(entry: SliEntry, texts: Mapping[str, str]) -> str:
    if entry.unit is not None:
        return entry.unit
    if entry.percentile and entry.of:
        return TAILS[entry.of][1]
    return "%" if "total" in texts else ""


def _tail_faults(entry: SliEntry) -> list[tuple[str, str]]:
    """What is wrong with a percentile."""
    known = ", ".join(f"`{name}`" for name in TAILS)
    if entry.percentile is None:
        return [("of", "says what a percentile is of; add `percentile`, such as 95")] if entry.of else []
    found = [] if entry.of else [("percentile", f"say what it is a percentile of with `of`: one of {known}")]
    if entry.better == "higher":
        found.append(("better", "a percentile is watched for what takes too much, so lower is better"))
    if entry.watch == "both":
        found.append(("watch", "a percentile is watched in one direction; leave `watch` out"))
    if entry.kind == "ratio":
        found.append(("kind", "a percentile is no ratio; leave `kind` out"))
    return found


def _burn_alerts(entry: SliEntry) -> tuple[BurnAlert, ...] | None:
    if entry.burn_alerts is None:
        return None
    return tuple(BurnAlert(one.factor, one.over, one.and_over) for one in entry.burn_alerts)


def _budget_faults(entry: SliEntry, sli: Sli) -> list[tuple[str, str]]:
    """What is wrong with the error budget: a target that leaves none, an alert that can never ring."""
    found = [("slice_target", "100 % leaves no budget; write less, such as 99 %")] if sli.slice_target >= 1 else []
    for alert in sli.burn_alerts or ():
        found.append(("burn_alerts", budget.unreachable(alert, budget.target_of(sli))))
        if alert.and_over >= alert.over:
            found.append(("burn_alerts", "`and_over` is the short window: it must be shorter than `over`"))
    return found if entry.objective is not None else []


def _faults(name: str, entry: SliEntry, measure: LayeredSli | None) -> list[tuple[str, str]]:
    """What is wrong with the meaning of a laid-over SLI: (field, sentence)."""
    if entry.better is None or entry.objective is None:
        return []
    found = [("objective", entry.objective.fault(Better(entry.better), entry.unit or ""))]
    if entry.every and entry.every > SECONDS_A_MINUTE and entry.every % SECONDS_A_MINUTE:
        found.append(("every", "above a minute only whole minutes are allowed"))
    if entry.long_window and measure and entry.long_window <= measure.sli.sustain:
        found.append(("long_window", f"it must be longer than `sustain`, which is {measure.sli.sustain}m"))
    if "$tool" in f"{entry.title}{measure.texts if measure else ''}" and not entry.tool:
        found.append(("tool", "this template measures one tool; name it with `tool:`"))
    found += _tail_faults(entry)
    found += _budget_faults(entry, measure.sli) if measure is not None else []
    wrong = {Better.HIGHER: "bad", Better.LOWER: "good"}[Better(entry.better)]
    if measure and wrong in measure.texts:
        found.append((wrong, f"{entry.better} is better for {name}, so its share is of what is {_OTHER[wrong]}"))
    if measure and _can_be_zero(name, entry, measure) and entry.absolute_tolerance is None:
        why = f"the baseline of {name} can be 0, and 10 % of 0 is nothing"
        found.append(("", f"{why}; add `absolute_tolerance`, in {measure.sli.unit or 'its unit'}"))
    return [(field, fault) for field, fault in found if fault]


def _no_scale(entry: SliEntry, texts: Mapping[str, str], *, known: bool) -> str:
    """Why `values_in` would have no effect; empty where it has one."""
    if "total" in texts:
        return "has no effect: the share is counted from its parts"
    if not _is_share(entry):
        return f"only a share in % has it; this SLI is measured in {entry.unit or 'plain numbers'}"
    return "has no effect: the source's own way to answer for this SLI is known" if known else ""


def _is_share(entry: SliEntry) -> bool:
    return entry.unit == "%" or entry.kind == "ratio"


def _can_be_zero(name: str, entry: SliEntry, measure: LayeredSli) -> bool:
    """A bad share, a level such as a queue, or an amount of the fleet's own: nothing is what a good day looks like.

    The amounts for which there is a template (calls, cost or seconds per task) are never nothing while there are tasks.
    """
    level = measure.polled and "count" not in measure.texts
    own = measure.sli.objective.relative and (entry.template or name) not in KNOWN
    return measure.sli.better is Better.LOWER and (measure.sli.kind == "ratio" or level or own)
