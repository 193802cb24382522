"""One incident in its surroundings: the failing agent, its neighbours, tools, people, and what was deployed meanwhile.

Distractors are part of it: harmless changes in the two days before, now and then one within the last hours, a
neighbour with a trouble of its own. So is missing evidence: reporters that do not count, tools nobody probes, no other
agent, no version strings.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bench.incidents.agents import TOOLS, Draft, Habits, Random, call_errors, draft, habits
from bench.incidents.faults import MODES, Fault
from bot.core.model.posted_change import ChangeKind, PostedChange
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.telemetry.task_records import TaskRecord, ToolUse

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HISTORY = 130
"""Minutes of normal work before the onset."""
KIND_OF: dict[str, ChangeKind] = {
    "code": "deploy",
    "prompt": "prompt",
    "model": "model",
    "schema": "tool-schema",
    "policy": "policy",
}
TRUTH = "change-of-truth"
SUMMARIES: dict[ChangeKind, tuple[str, ...]] = {
    "deploy": ("connection pool", "log format", "summary of long chats", "retry rules", "cache key"),
    "prompt": ("shorter refusals", "tone of voice", "one more example"),
    "model": ("provider's new snapshot", "smaller model for drafts"),
    "tool-schema": ("optional field added", "enum renamed", "clearer description"),
    "policy": ("limit for new customers", "audit of large amounts"),
}


@dataclass
class Sight:
    """What can be seen at all in this incident."""

    tools: bool
    counts: bool
    guard: bool
    versions: bool
    health: bool
    neighbours: bool


@dataclass
class Scenario:
    """One labelled incident. `truth` is (kind, subject)."""

    mode: str
    cause: str
    seed: int
    random: Random
    fault: Fault
    sight: Sight
    own: Habits
    others: dict[str, Habits]
    changes: list[PostedChange]
    waiting: deque[TaskRecord] = field(default_factory=deque)
    serial: int = 0
    known: int = 0

    @property
    def truth(self) -> tuple[str, str]:
        """What is behind it."""
        if self.cause == "tool":
            return "tool", self.fault.tool
        return (self.cause, TRUTH) if self.cause in KIND_OF else (self.cause, "")


def scenario(mode: str, seed: int, random: Random) -> Scenario:
    """Draw one. The four causes of a mode come round with the seeds."""
    model, causes = MODES[mode]
    cause = causes[seed % len(causes)]
    errors = {tool: random.uniform(0.004, 0.02) for tool in TOOLS}
    seen = [random.random() < chance for chance in (0.88, 0.9, 0.93, 0.8, 0.75, 0.8)]
    made = Scenario(
        mode,
        cause,
        seed,
        random,
        model(random, cause),
        Sight(*seen),
        habits(random, (20, 34), errors),
        {name: habits(random, (4, 8), errors) for name in ("kyc", "support")},
        [],
    )
    made.changes = [*_distractors(random), *_true_change(made)]
    return made


def _distractors(random: Random) -> list[PostedChange]:
    found = []
    spans = [random.uniform(3 * 60, 48 * 60) for _ in range(int(random.poisson(2.5)))]
    if random.random() < 0.35:
        spans.append(random.uniform(12, 180))
    for nth, ago in enumerate(spans):
        kind: ChangeKind = random.choice(list(SUMMARIES), p=(0.5, 0.15, 0.05, 0.15, 0.15))
        agents = (("refunds",), ("kyc",), ())[int(random.choice(3, p=(0.5, 0.3, 0.2)))]
        tools = (str(random.choice(TOOLS)),) if kind == "tool-schema" else ()
        found.append(_change(random, f"d-{nth}", kind, -ago, agents, tools))
    return found


def _true_change(made: Scenario) -> list[PostedChange]:
    """What was changed, posted minutes before it bites: at once, or after a slow roll-out."""
    kind = KIND_OF.get(made.cause)
    if kind is None:
        return []
    random = made.random
    ago = random.uniform(0, 8) if random.random() < 0.8 else random.uniform(10, 45)
    tool = "ledger.adjust" if made.mode == "tool-misuse" else made.fault.tool
    tools = (tool,) if kind == "tool-schema" and random.random() < 0.85 else ()
    agents = ("refunds",) if random.random() < 0.8 else ()
    return [_change(random, TRUTH, kind, -ago, agents, tools)]


def _change(
    random: Random, name: str, kind: ChangeKind, minutes: float, agents: tuple[str, ...], tools: tuple[str, ...]
) -> PostedChange:
    versions = {"model": "acme-large-0918", "prompt": "v12"} if name == TRUTH else {"model": "m-0", "prompt": "p-0"}
    version = f"{versions[kind]}" if kind in versions else ""
    version += f"-{name}" if version and name != TRUTH else ""
    at = START + timedelta(minutes=minutes)
    return PostedChange(name, kind, at, str(random.choice(SUMMARIES[kind])), agents, (), tools, version)


def records(made: Scenario, minute: int) -> list[TaskRecord]:
    """What is reported in one minute (0 is the onset), by all agents, in order of time."""
    level = made.fault.level(minute)
    at = START + timedelta(minutes=minute)
    found = list(_own(made, at, level))
    found += _decided(made, at, level)
    if made.sight.neighbours:
        for name, agent in made.others.items():
            found += _others(made, name, agent, at, level)
    return sorted(found, key=lambda record: record.at)


def _own(made: Scenario, at: datetime, level: float) -> Iterator[TaskRecord]:
    random, fault = made.random, made.fault
    rates = {**made.own.errors, **fault.tool_errors(level)}
    for _ in range(int(random.poisson(made.own.rate * fault.load(level)))):
        task = draft(random, made.own)
        task.model, task.prompt = _version(made, "model", at), _version(made, "prompt", at)
        fault.bend(task, level)
        call_errors(random, task, rates)
        moment = at + timedelta(seconds=random.uniform(0, 59))
        if random.random() < task.pends:
            pending = _record(made, "refunds", task, moment, pending=True)
            made.waiting.append(pending)
            yield pending
        else:
            yield _record(made, "refunds", task, moment)


def _version(made: Scenario, kind: ChangeKind, at: datetime) -> str:
    """What runs at a moment: what was last changed before it, harmless or not. A regression is rolled out by itself."""
    old = made.own.model if kind == "model" else made.own.prompt
    done = [
        change
        for change in made.changes
        if change.kind == kind and change.touches("refunds") and change.at <= at
        if not (change.id == TRUTH and made.mode == "model-or-prompt-regression")
    ]
    return max(done, key=lambda change: change.at).version if done else old


def _decided(made: Scenario, at: datetime, level: float) -> Iterator[TaskRecord]:
    """People decide the oldest requests, a few minutes after they came, as many as they can."""
    random = made.random
    usual = made.own.rate * made.own.pends * 1.25
    able = int(random.poisson(usual * made.fault.decisions(level)))
    while made.waiting and able > 0:
        if (at - made.waiting[0].at).total_seconds() < random.uniform(60, 300):
            break
        asked = made.waiting.popleft()
        able -= 1
        moment = at + timedelta(seconds=random.uniform(0, 59))
        yield _ended(asked, moment)


def _ended(asked: TaskRecord, moment: datetime) -> TaskRecord:
    return replace(asked, at=moment, pending_approval=False, completed=True)


def _others(made: Scenario, name: str, agent: Habits, at: datetime, level: float) -> Iterator[TaskRecord]:
    random = made.random
    rates = {**agent.errors, **made.fault.tool_errors(level)}
    ill = list(made.fault.tool_errors(level))
    for _ in range(int(random.poisson(agent.rate))):
        task = draft(random, agent)
        for tool in ill:
            if tool in task.calls and random.random() < rates[tool]:
                task.escalate += 0.2
                task.succeed *= 0.5
        call_errors(random, task, rates)
        yield _record(made, name, task, at + timedelta(seconds=random.uniform(0, 59)))


def _record(made: Scenario, agent: str, task: Draft, at: datetime, *, pending: bool = False) -> TaskRecord:
    random, sight = made.random, made.sight
    made.serial += 1
    judged = random.random() < 0.9
    uses = tuple(ToolUse(tool, count, min(task.errors.get(tool, 0), count)) for tool, count in task.calls.items())
    return TaskRecord(
        task_id=f"t{made.serial}",
        agent=agent,
        workflow=task.flow,
        at=at,
        tool_calls=task.total,
        required_escalation=random.random() < task.escalate,
        pending_approval=pending,
        completed=not pending,
        decision_correct=(random.random() < max(task.good, 0.02)) if judged else None,
        success=random.random() < max(task.succeed, 0.05),
        cost=round(task.price * max(task.total, 1), 5),
        tools=uses if sight.tools else (),
        invalid_calls=task.invalid if sight.counts else None,
        denied_calls=task.denied if sight.counts else None,
        repeated_calls=task.repeated if sight.counts else None,
        replans=task.replans if sight.counts else None,
        flagged=task.flagged if sight.guard else None,
        context_use=round(task.context, 3),
        model=task.model if sight.versions else "",
        prompt=task.prompt if sight.versions else "",
    )


def health(made: Scenario, minute: int) -> list[MinuteRow]:
    """What probes and other callers say of each tool in one minute: its success in per cent, of so many calls."""
    if not made.sight.health:
        return []
    rates = {**made.own.errors, **made.fault.tool_errors(made.fault.level(minute))}
    rows = []
    for tool in TOOLS:
        n = int(made.random.poisson(25)) + 1
        failed = int(made.random.binomial(n, min(rates[tool], 1.0)))
        rows.append(MinuteRow(_health_of(tool), minute_of(START) + minute, 100 * (1 - failed / n), float(n)))
    return rows


def _health_of(tool: str) -> Series:
    return Series("refunds", "", f"{tool}-ok")
