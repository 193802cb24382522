"""May this agent go live? Every line of `product.md` section 11 with its evidence, or with what is missing.

A line is met only by evidence: what nobody has looked at is UNKNOWN, and unknown is not ready. *Stages*:

    demo                  nothing is asked of it
    beta                  it is measured, owned, has a runbook and a fallback, and its scope is written down
    production            every line has evidence
    reliable production   and it has been live for 90 days without a SEV1 or SEV2, with error budget left

The *stability window* is counted from go-live (the first recorded decision that put it into production) or from the
end of its last SEV1 or SEV2, whichever is later. Scope, blast radius, tools and stage change by decisions of people
that are recorded; a fleet file that says something nobody has decided is a line that is not met.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from bot.core.formatting.plurals import plural
from bot.core.model.fleet import Agent
from bot.core.model.slis import Call
from bot.core.runbooks.runbook import PHASES

Stage = Literal["demo", "beta", "production", "reliable production"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Rating = Literal["P", "S", "M", "U"]
"""Performed without challenges, with some, with major ones, unable (HSEEP)."""

EXERCISE_DAYS = 90
"""Days for which an exercise, a rehearsal or a look at somebody's ways is evidence."""
STABLE_DAYS = 90
BASELINE_DAYS = 30
REACHED_WITHIN = timedelta(days=2)
"""Ways are checked daily; evidence older than two rounds is none."""
REPORTING_WITHIN = timedelta(minutes=15)
COST_KEYS = ("usd_a_day", "usd_a_day_at_10x", "usd_a_day_at_100x")
"""What `cost` must hold: today's cost, and what a person worked out for ten and a hundred times the load. Prices step
at tiers and queues do not scale, so the bot does not multiply."""


class RehearsalFact(NamedTuple):
    """The result of one tabletop exercise: the worst rating of its objectives, and where its report is."""

    agent: str
    playbook: str
    at: datetime
    rating: Rating
    report: str = ""


class StepDown(NamedTuple):
    """A step down of the real agent that its instances read back: in an exercise, or because it was needed."""

    at: datetime
    rung: str


class ReachabilityFact(NamedTuple):
    """Whether a person can be reached, as last checked; `ok` None: never checked, or not lately enough to say."""

    person: str
    ok: bool | None
    """Whether nothing is missing."""
    why: str = ""
    at: datetime | None = None
    grave: bool = False
    """Where something is missing: no page would arrive at all. Somebody whom only Slack reaches can be reached."""


class ScopeDecision(NamedTuple):
    """A recorded human decision about what an agent is and may do. `terms` are those it was about (`terms_of`)."""

    agent: str
    at: datetime
    by: str
    stage: str
    terms: str
    reason: str


class ReportingFact(NamedTuple):
    """One SLI: when it last gave an answer, and on how many of the last 30 days it did."""

    name: str
    last: datetime | None
    days: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an agent, gathered by the engine. Everything that nobody has looked at is left empty."""

    agent: Agent
    slis: tuple[ReportingFact, ...] = ()
    owner: ReachabilityFact | None = None
    deputy: ReachabilityFact | None = None
    runbook_phases: frozenset[str] = frozenset()
    runbook_problems: tuple[str, ...] = ()
    step_downs: tuple[StepDown, ...] = ()
    rehearsals: tuple[RehearsalFact, ...] = ()
    decisions: tuple[ScopeDecision, ...] = ()
    last_severe: tuple[str, datetime] | None = None
    """Number and end of the newest SEV1 or SEV2 (its opening while it is open)."""
    budgets_gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadinessLine:
    """One question, the answer, and the evidence for it (or what is missing, and what would supply it)."""

    key: str
    title: str
    call: Call
    why: str
    stage: Stage = "production"
    """The lowest stage that needs it."""
    next: str = ""
    """The one thing to do about it; empty where it is met."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The whole answer. `reached`: the highest stage all of whose lines are met."""

    agent: str
    claimed: Stage
    reached: Stage
    lines: tuple[ReadinessLine, ...]
    headline: str
    stable_days: float | None
    """Days of the stability window; None where the agent is not live."""

    @property
    def production_ready(self) -> bool:
        """Every line has evidence."""
        return STAGES.index(self.reached) >= STAGES.index("production")

    @property
    def missing(self) -> tuple[ReadinessLine, ...]:
        """The lines that bar production."""
        return tuple(line for line in self.lines if line.call is not Call.OK and line.stage != "reliable production")


def terms_of(agent: Agent) -> str:
    """What a scope decision is about, as one text that can be compared and shown."""
    parts = {
        "stage": agent.stage,
        "scope": agent.scope,
        "blast radius": agent.blast_radius,
        "workflows": ", ".join(sorted(agent.workflows)),
        "tools": ", ".join(sorted(agent.tools)),
    }
    return "\n".join(f"{name}: {text}" for name, text in parts.items())


def changed_terms(before: str, after: str) -> tuple[str, ...]:
    """What differs between two terms, by name: "tools", "scope"."""
    old, new = (dict(line.split(": ", 1) for line in text.splitlines() if ": " in line) for text in (before, after))
    return tuple(name for name in new if old.get(name) != new[name])


def judge(facts: Facts, now: datetime) -> Readiness:
    """Every line with its answer, the stage that follows, and one sentence."""
    stable = stability(facts, now)
    lines = (
        *_measured(facts, now),
        *_owned(facts, now),
        *_written(facts),
        *_rehearsed(facts, now),
        *_steady(facts, stable),
    )
    reached = _reached(lines)
    return Readiness(facts.agent.key, facts.agent.stage, reached, lines, _headline(facts.agent, reached, lines), stable)


def stability(facts: Facts, now: datetime) -> float | None:
    """Days since go-live or the last SEV1 or SEV2; None where nobody has recorded a go-live."""
    live = went_live(facts.decisions)
    if live is None:
        return None
    since = max(live, facts.last_severe[1]) if facts.last_severe else live
    return max(0.0, (now - since) / timedelta(days=1))


def went_live(decisions: Sequence[ScopeDecision]) -> datetime | None:
    """The first decision of the newest unbroken run of decisions for production."""
    live: datetime | None = None
    for each in sorted(decisions, key=lambda one: one.at):
        live = (live or each.at) if each.stage == "production" else None
    return live


def _reached(lines: Sequence[ReadinessLine]) -> Stage:
    reached: Stage = "demo"
    for stage in STAGES[1:]:
        if any(line.call is not Call.OK for line in lines if line.stage == stage):
            break
        reached = stage
    return reached


def _headline(agent: Agent, reached: Stage, lines: Sequence[ReadinessLine]) -> str:
    short = [line for line in lines if line.call is not Call.OK and line.stage != "reliable production"]
    if not short:
        return f"{agent.key} is production-ready: every line has evidence." + (
            " It is in reliable production." if reached == "reliable production" else ""
        )
    claims = " The fleet file says production." if agent.stage == "production" else ""
    beta = " Everything for beta is there." if reached == "beta" else ""
    return f"{agent.key} is demo-ready: {len(short)} of {_asked(lines)} lines have no evidence yet.{beta}{claims}"


def _asked(lines: Sequence[ReadinessLine]) -> int:
    return sum(line.stage != "reliable production" for line in lines)


def _answer(
    key: str, title: str, lacks: Sequence[str], evidence: str, then: str, stage: Stage = "production"
) -> ReadinessLine:
    if lacks:
        return ReadinessLine(key, title, Call.BAD, "; ".join(lacks), stage, then)
    return ReadinessLine(key, title, Call.OK, evidence, stage)


def _measured(facts: Facts, now: datetime) -> tuple[ReadinessLine, ReadinessLine]:
    silent = [one.name for one in facts.slis if one.last is None or now - one.last > REPORTING_WITHIN]
    lacks = [f"no answer in the last 15 min: {', '.join(silent)}"] if silent else []
    live = _answer(
        "slis",
        "SLIs with objectives, live and reporting",
        lacks if facts.slis else ["it has no SLI"],
        f"{plural(len(facts.slis), 'SLI')} reporting",
        "Ask its sources: stepdown check --online" if facts.slis else _in_file(facts.agent, "slis"),
        "beta",
    )
    few = [f"{one.name} {one.days}" for one in facts.slis if one.days < BASELINE_DAYS]
    left = BASELINE_DAYS - min((one.days for one in facts.slis), default=0)
    then = f"Keep it reporting for {plural(left, 'more day')}" if facts.slis else _in_file(facts.agent, "slis")
    observed = _answer(
        "baseline",
        f"baseline observed for {BASELINE_DAYS} days",
        [f"days seen: {', '.join(few)}"] if few else [] if facts.slis else ["it has no SLI"],
        f"all SLIs on {BASELINE_DAYS} days",
        then,
    )
    return live, observed


def _in_file(agent: Agent, *settings: str) -> str:
    """What to write where: "Write `scope:` of refunds in the fleet file"."""
    return f"Write {', '.join(f'`{name}:`' for name in settings)} of {agent.key} in the fleet file"


def _owned(facts: Facts, now: datetime) -> tuple[ReadinessLine, ReadinessLine]:
    owner = _reach(facts.agent, "owner", "one owner, safely reachable", facts.owner, now)
    deputy = _reach(facts.agent, "deputy", "a deputy, safely reachable", facts.deputy, now)
    return owner, deputy


def _reach(
    agent: Agent, key: Literal["owner", "deputy"], title: str, found: ReachabilityFact | None, now: datetime
) -> ReadinessLine:
    person = agent.owner if key == "owner" else agent.deputy
    if not person:
        return ReadinessLine(key, title, Call.BAD, f"no {key} is named", "beta", _in_file(agent, key))
    if found is None or found.ok is None or (found.at is not None and now - found.at > REACHED_WITHIN):
        seen = f"; last checked {found.at:%Y-%m-%d}" if found and found.at else ""
        why = f"nobody has checked lately how {person} is reached{seen}"
        return ReadinessLine(key, title, Call.UNKNOWN, why, "beta", "Run the bot: it looks at start and once a day")
    if not found.ok:
        why = f"{person} cannot be reached: {found.why}" if found.grave else f"{person} {found.why}"
        then = f"Mend `people: {person}:` in the fleet file"
        return ReadinessLine(key, title, Call.BAD, why, "beta", then)
    return ReadinessLine(key, title, Call.OK, f"{person}: {found.why or 'reachable'}", "beta")


def _written(facts: Facts) -> tuple[ReadinessLine, ...]:
    agent = facts.agent
    return (
        _runbook(facts),
        _text(agent, "fallback", "a fallback for when it is off", agent.fallback, "beta"),
        _scope(agent),
        _decided(facts),
        _text(agent, "data_contracts", "data contracts named", ", ".join(agent.data_contracts)),
        _cost(agent),
    )


def _text(agent: Agent, key: str, title: str, text: str, stage: Stage = "production") -> ReadinessLine:
    lacks = [] if text.strip() else [f"`{key}` is empty"]
    return _answer(key, title, lacks, text.strip(), _in_file(agent, key), stage)


def _scope(agent: Agent) -> ReadinessLine:
    written = {"scope": agent.scope, "blast_radius": agent.blast_radius}
    empty = [name for name, text in written.items() if not text.strip()]
    lacks = [f"`{name}` is empty" for name in empty]
    return _answer("scope", "scope and blast radius written", lacks, agent.scope, _in_file(agent, *empty), "beta")


def _runbook(facts: Facts) -> ReadinessLine:
    silent = [phase for phase in PHASES if phase not in facts.runbook_phases]
    lacks = list(facts.runbook_problems[:3])
    if silent:
        lacks.append(f"runbook {facts.agent.runbook} says nothing of {', '.join(silent)}")
    title = "a runbook that answers detection, attribution, containment and recovery"
    evidence = f"runbook {facts.agent.runbook} passes its checks"
    then = f"Mend runbook {facts.agent.runbook}: stepdown check names each fault with its line"
    return _answer("runbook", title, lacks, evidence, then, "beta")


def _cost(agent: Agent) -> ReadinessLine:
    cost: Mapping[str, float] = agent.cost
    gone = [f"`cost.{key}`" for key in COST_KEYS if key not in cost]
    shown = ", ".join(f"{cost[key]:,.0f} USD" for key in COST_KEYS if key in cost)
    lacks = [f"{', '.join(gone)} missing"] if gone else []
    title, evidence = "cost worked out for 10x and 100x the load", f"a day at 1x, 10x, 100x: {shown}"
    return _answer("cost", title, lacks, evidence, _in_file(agent, "cost"))


def _decided(facts: Facts) -> ReadinessLine:
    title = "scope and stage are recorded decisions"
    newest = max(facts.decisions, key=lambda one: one.at, default=None)
    then = f"Record it: stepdown scope {facts.agent.key} --reason WHY"
    if newest is None:
        return ReadinessLine("decision", title, Call.BAD, "nobody has recorded one", next=then)
    changed = changed_terms(newest.terms, terms_of(facts.agent))
    if changed:
        said = f"{', '.join(changed)} changed in the fleet file since {newest.by} decided on {newest.at:%Y-%m-%d}"
        return ReadinessLine("decision", title, Call.BAD, said, next=then)
    return ReadinessLine("decision", title, Call.OK, f"{newest.by}, {newest.at:%Y-%m-%d}: {newest.reason}")


def _rehearsed(facts: Facts, now: datetime) -> tuple[ReadinessLine, ReadinessLine]:
    return _stepped_down(facts, now), _tabletop(facts, now)


def _stepped_down(facts: Facts, now: datetime) -> ReadinessLine:
    title = f"a step down confirmed by the agent itself in the last {EXERCISE_DAYS} days"
    newest = max(facts.step_downs, key=lambda one: one.at, default=None)
    tip = f'Drill it: stepdown step-down {facts.agent.key} --reason "drill"'
    if newest is None:
        return ReadinessLine("step_down", title, Call.BAD, "none is recorded", next=tip)
    said = f"{newest.rung}, read back {newest.at:%Y-%m-%d}"
    if now - newest.at > timedelta(days=EXERCISE_DAYS):
        old = f"the last is {(now - newest.at).days} days old ({said})"
        return ReadinessLine("step_down", title, Call.BAD, old, next=tip)
    return ReadinessLine("step_down", title, Call.OK, said)


def _tabletop(facts: Facts, now: datetime) -> ReadinessLine:
    title = f"tabletop of its two top failures in the last {EXERCISE_DAYS} days"
    wanted = facts.agent.top_failures
    if len(wanted) < 2:  # noqa: PLR2004 - `product.md` section 11 asks for two
        few = f"`top_failures` names {len(wanted)} of two playbooks"
        return ReadinessLine("tabletop", title, Call.BAD, few, next=_in_file(facts.agent, "top_failures"))
    newest = {one.playbook: one for one in sorted(facts.rehearsals, key=lambda one: one.at)}
    stale = {name: why for name in wanted if (why := _stale(name, newest.get(name), now))}
    then = f"Rehearse it in Slack: /tabletop start {next(iter(stale), '')} agent {facts.agent.key}"
    held = ", ".join(f"{name} {newest[name].rating} on {newest[name].at:%Y-%m-%d}" for name in wanted if name in newest)
    return _answer("tabletop", title, list(stale.values()), held, then)


def _stale(name: str, held: RehearsalFact | None, now: datetime) -> str:
    """Why a rehearsal is no evidence; "" where it is."""
    if held is None:
        return f"{name} was never rehearsed"
    if now - held.at > timedelta(days=EXERCISE_DAYS):
        return f"{name} was rehearsed {plural((now - held.at).days, 'day')} ago"
    if held.rating in {"M", "U"}:
        return f"{name} was rated {held.rating} on {held.at:%Y-%m-%d}: rehearse it again"
    return ""


def _steady(facts: Facts, stable: float | None) -> tuple[ReadinessLine, ReadinessLine]:
    title = f"{STABLE_DAYS} days live without a SEV1 or SEV2"
    if stable is None:
        then = f"Record the go-live: `stage: production`, then stepdown scope {facts.agent.key} --reason WHY"
        steady = ReadinessLine("stability", title, Call.BAD, "no go-live is recorded", "reliable production", then)
    else:
        since = f" since {facts.last_severe[0]}" if facts.last_severe and stable < STABLE_DAYS else ""
        said, lacks = f"{stable:.0f} of {STABLE_DAYS} days{since}", stable < STABLE_DAYS
        then = f"Only time helps: {plural(math.ceil(STABLE_DAYS - stable), 'more day')}"
        steady = _answer("stability", title, [said] if lacks else [], said, then, "reliable production")
    gone, then = facts.budgets_gone, f"See what spent it: stepdown budget {facts.agent.key}"
    left = _answer("budget", "error budget left", list(gone), "no budget is gone", then, "reliable production")
    return steady, left
