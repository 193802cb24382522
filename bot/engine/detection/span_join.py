"""The join of spans to tasks: from the database, so that it does not matter which replica a span reached, or when.

Spans are stored as they come (`SpanReceiver`). A trace is looked at when its outermost span has been there for a while,
and again whenever more comes: each look counts its runs afresh from all its spans, so late, reordered and repeated
spans, a restart and two replicas at once all end in the same rows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.core.model.fleet import Fleet
from bot.core.telemetry.traces.blind_spots import blind_spots
from bot.core.telemetry.traces.run_tasks import chains, task_of
from bot.core.telemetry.traces.runs import is_silent, judged, run_of
from bot.core.telemetry.traces.span_facts import EVALUATION, About, SpanFacts
from bot.core.telemetry.traces.span_owners import SpanOwners
from bot.core.telemetry.traces.span_tree import SpanGroup, forest
from bot.core.telemetry.traces.trace_rules import NO_RULES, TraceRules
from bot.engine.detection.findings import Findings
from bot.engine.detection.push_intake import PushIntake
from bot.engine.detection.span_counts import SpanCounts
from bot.ports.clock import Clock
from bot.ports.store import TaskStore, TraceStore
from bot.ports.store.traces import LookedAt, StoredRun, TraceClaim, TraceKey

AT_ONCE = 500
"""Traces that are looked at in one go."""
SEALINGS = 20
"""Times that so many traces are let go of in one go."""
BATCHES = 20
"""Times that so many are looked at before their minutes are computed, which costs more the more tasks these have."""
GOES = 6
"""Times in a tick that all this is done, while there is more: 60,000 traces in five seconds, however small they are."""
LEASE = 60.0
"""Seconds for which nobody else looks at a claimed trace."""
ROUNDS = 20
"""Runs that may go on with one another in one task."""
MOST_SPANS = 20_000
"""Spans of one trace that are read."""
IN_MEMORY = 50_000
"""Spans that are read at once, of however many traces."""


class JoinStore(TraceStore, TaskStore, Protocol):
    """Spans, runs and tasks."""


@dataclass(slots=True)
class _Look:
    """What one look at some traces found."""

    runs: dict[tuple[TraceKey, str], StoredRun] = field(default_factory=dict)
    gone: list[StoredRun] = field(default_factory=list)
    done: list[LookedAt] = field(default_factory=list)


class SpanJoin:
    """`tick` looks at what is due."""

    def __init__(
        self,
        store: JoinStore,
        intake: PushIntake,
        fleet: Callable[[], Fleet],
        clock: Clock,
        rules: Callable[[], TraceRules | None],
        counts: SpanCounts,
        findings: Findings,
    ) -> None:
        self._store = store
        self._intake = intake
        self._fleet = fleet
        self._clock = clock
        self._rules = rules
        self._counts = counts
        self._findings = findings

    def tick(self) -> None:
        """Count what is due, then let go of the spans of what is long over."""
        rules = self._rules()
        if rules is None:
            return
        now = self._clock.now().timestamp()
        for _ in range(GOES):
            if self._go(rules, now):
                break

    def _go(self, rules: TraceRules, now: float) -> bool:
        """Count, judge and let go, in bounded numbers; returns whether nothing more is due."""
        done: list[LookedAt] = []
        agents, minutes = set[str](), set[int]()
        over = False
        with self._store.yielding():  # a page goes before it; what is judged may be one
            for _ in range(BATCHES):
                claims = self._store.claim_traces(now, AT_ONCE, LEASE)
                found, touched = self._count(claims, rules, now, done)
                agents |= found
                minutes |= touched
                over = len(claims) < AT_ONCE
                if over:
                    break
        if minutes:
            self._intake.recount(agents & self._fleet().agents.keys(), sorted(minutes))
            self._tell_unknown(agents, rules)
        with self._store.yielding():
            self._store.finish_traces(done)  # only now: who dies before it leaves them due
            for _ in range(SEALINGS):
                if self._store.seal_traces(now - rules.late, AT_ONCE) < AT_ONCE:
                    return over
        return False

    def _count(
        self, claims: Sequence[TraceClaim], rules: TraceRules, now: float, done: list[LookedAt]
    ) -> tuple[set[str], set[int]]:
        """Count the runs of claimed traces; returns the agents and the minutes whose counts change."""
        if not claims:
            return set(), set()
        look = self._look(claims, rules, now)
        agents, minutes = set[str](), set[int]()
        for _ in range(3):  # another replica may have counted the other half of a task meanwhile
            related = self._related(look)
            found, touched = self._store_tasks(look, related, sampled=rules.sampled is not None)
            agents |= found
            minutes |= set(touched)
            if {(one.key, one.run.span) for one in self._related(look)} <= {(o.key, o.run.span) for o in related}:
                break
        done += look.done
        return agents, minutes

    def _tell_unknown(self, agents: Iterable[str], rules: TraceRules) -> None:
        """What spans cannot tell of agents whose spans come."""
        known = self._fleet().agents
        for spot in (spot for key in sorted(agents) if key in known for spot in blind_spots(known[key], rules)):
            self._findings.unsaid(*spot)

    def _look(self, claims: Sequence[TraceClaim], rules: TraceRules, now: float) -> _Look:
        """Read the spans of each trace and count its runs."""
        known: dict[TraceKey, list[StoredRun]] = {}
        for one in self._store.runs_of([claim.key for claim in claims]):
            known.setdefault(one.key, []).append(one)
        look, owners = _Look(), SpanOwners(rules, self._fleet())
        for some in _in_memory(claims):
            kept = self._store.spans_of([claim.key for claim in some], MOST_SPANS)
            for claim in some:
                spans, before = kept.get(claim.key, ()), known.get(claim.key, [])
                if claim.sealed:
                    self._look_again(look, claim, spans, before, rules)
                else:
                    self._look_at(look, claim, spans, before, owners, now)
        return look

    def _look_at(
        self,
        look: _Look,
        claim: TraceClaim,
        spans: Sequence[SpanFacts],
        before: Sequence[StoredRun],
        owners: SpanOwners,
        now: float,
    ) -> None:
        rules = owners.rules
        if is_silent(spans):
            over = now >= claim.last_at + rules.parents_within
            look.done.append(LookedAt(claim, claim.last_at + rules.parents_within, forget=over))
            return
        wood = forest(spans, owners.of(claim.key.writer), patient_since=now - rules.parents_within)
        found = [one for group in wood.groups if (one := self._run(claim.key, group, rules, before)) is not None]
        look.runs |= {(claim.key, one.run.span): one for one in found}
        look.gone += [one for one in before if (claim.key, one.run.span) not in look.runs]
        due = min((one.end + rules.parents_within for one in wood.waiting), default=None)
        if due is None and not wood.groups and now < claim.last_at + rules.parents_within:
            due = claim.last_at + rules.parents_within
        elif due is None and not wood.groups:
            self._counts.add("outside", spans[0].scope, "calls of models and tools that no agent's span is around")
        look.done.append(LookedAt(claim, None if due is None else max(due, now + 1)))

    def _run(self, key: TraceKey, group: SpanGroup, rules: TraceRules, before: Sequence[StoredRun]) -> StoredRun | None:
        """A run of an agent of ours; others are counted and shown."""
        root = group.root
        is_new = all(one.run.span != root.span for one in before)
        name = " / ".join(str(root.about[k]) for k in (About.SERVICE, About.AGENT, About.WORKFLOW) if k in root.about)
        if group.agent not in self._fleet().agents:
            why = f"the token is that of agent {key.writer}" if key.writer else "no agent of the fleet file"
            self._counts.add("stranger", name or root.name, why, int(is_new))
            if is_new and not key.writer:
                self._findings.named(name or root.name, "", "spans of its runs come in")
            return None
        if root.about.get(About.PART) and rules.sampled is None:
            self._counts.add("refused", group.agent, "runs of a sample whose share is not declared", int(is_new))
            return None
        self._counts.add("run", group.agent, f"{name or root.name}, {root.scope or 'no instrumentation'}", int(is_new))
        run = run_of(key.trace, group, rules, self._workflow)
        return StoredRun(key, run, run.key)

    def _look_again(
        self,
        look: _Look,
        claim: TraceClaim,
        spans: Sequence[SpanFacts],
        before: Sequence[StoredRun],
        rules: TraceRules,
    ) -> None:
        """Its spans are gone: an evaluation is still heard, anything else is too late."""
        look.done.append(LookedAt(claim))
        for one in spans:
            if one.role != EVALUATION:
                self._counts.add("late", one.scope, "spans of a run that was counted long ago")
                continue
            meant = [run for run in before if run.run.span == one.parent] or (before if len(before) == 1 else [])
            for run in meant:
                wanted = rules.agents.get(run.run.agent, NO_RULES).good
                good = judged(one, wanted) if wanted and wanted.name == one.about.get(About.EVALUATION) else None
                if good is not None:
                    look.runs[run.key, run.run.span] = replace(run, run=replace(run.run, good=good))

    def _workflow(self, agent: str, name: str) -> str:
        """A workflow in the words of the fleet file; one that it does not list counts for the agent alone."""
        fleet = self._fleet()
        flow = fleet.aliases.named(agent, name)[1]
        if flow in fleet.agents[agent].workflows:
            return flow
        self._findings.named(agent, flow, "spans of its runs come in")
        return ""

    def _related(self, look: _Look) -> list[StoredRun]:
        """Stored runs that may be one task with those of a look."""
        found: dict[tuple[TraceKey, str], StoredRun] = {}
        fresh: Iterable[StoredRun] = (*look.runs.values(), *look.gone)
        asked = set[tuple[str, str, str]]()
        gone = {(one.key, one.run.span) for one in look.gone}
        for _ in range(ROUNDS):
            offers = {(one.run.agent, one.run.wants) for one in fresh if one.run.wants}
            wants = {(one.run.agent, one.run.offers) for one in fresh if one.run.offers}
            offers = {each for each in offers if ("offers", *each) not in asked}
            wants = {each for each in wants if ("wants", *each) not in asked}
            if not offers and not wants:
                break
            asked |= {("offers", *each) for each in offers} | {("wants", *each) for each in wants}
            more = {(one.key, one.run.span): one for one in self._store.runs_known_by(offers, wants)}
            fresh = [one for place, one in more.items() if place not in found and place not in gone]
            found |= {(one.key, one.run.span): one for one in fresh}
        return [one for place, one in found.items() if place not in look.runs]

    def _store_tasks(
        self, look: _Look, related: Sequence[StoredRun], *, sampled: bool
    ) -> tuple[set[str], Sequence[int]]:
        """Make tasks of runs and store both; returns the agents and the minutes whose counts change."""
        places = {one.run.key: one for one in (*related, *look.runs.values())}
        made: list[StoredRun] = []
        records = []
        for chain in chains(one.run for one in places.values()):
            record = task_of(chain, sampled=sampled)
            records.append(record)
            made += [replace(places[run.key], task_id=record.task_id) for run in chain]
        before = [*look.gone, *related, *self._store.runs_of({one.key for one in look.runs.values()})]
        kept = {record.key for record in records}
        withdrawn = {(one.run.agent, one.task_id) for one in before} - kept
        minutes = self._store.put_runs(made, look.gone, records, withdrawn)
        return {agent for agent, _ in kept | withdrawn}, minutes


def _in_memory(claims: Sequence[TraceClaim]) -> Iterator[Sequence[TraceClaim]]:
    """The claims in groups whose spans may be read at once."""
    some: list[TraceClaim] = []
    spans = 0
    for claim in claims:
        count = min(claim.spans, MOST_SPANS)
        if some and spans + count > IN_MEMORY:
            yield some
            some, spans = [], 0
        some.append(claim)
        spans += count
    yield some
