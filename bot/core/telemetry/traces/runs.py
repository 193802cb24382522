"""What one run came to, counted once: tools, tokens, cost, repeated calls, escalation, waiting.

Naive sums over spans are wrong by a factor of two or three: roots and their children say the same of themselves, two
instrumentations speak of one call, an agent repeats the sum of its models' tokens. The rules against that:

- a tool's span below a tool's span of the same name is the same call, and so are two with one call id
- tokens and cost come from models' spans, of nested ones from the outermost that tells; from the agent's own only where
  no model's span tells
- a handoff is no tool call; a call that only waits for a person is none either, since it is made again when they agree
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.telemetry.traces.span_facts import (
    AGENT,
    EVALUATION,
    HANDOFF,
    MODEL,
    OTHER,
    PERSON,
    TOOL,
    WORK,
    About,
    SpanFacts,
)
from bot.core.telemetry.traces.span_tree import SpanGroup
from bot.core.telemetry.traces.trace_rules import NO_RULES, AgentRules, GoodEvaluation, Markers, TraceRules, fits

TOOLS: Final = 100
"""Tools of one run that are told apart."""
DEEP: Final = 200
"""Spans around one that are looked at, between it and its agent; frameworks nest some twenty."""
NAME: Final = 200
"""Characters of a foreign name that are kept."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that was made. `arguments` is a digest, "" where the span does not tell."""

    tool: str
    call: str
    failed: bool
    arguments: str


@dataclass(frozen=True, slots=True)
class AgentRun:
    """One run of one agent, as its spans tell. None: they do not."""

    trace: str
    span: str
    agent: str
    workflow: str
    session: str
    start: float
    end: float
    failed: bool | None
    calls: tuple[ToolCall, ...]
    steps: int
    """Calls of models and tools."""
    tokens: int | None
    cost: float | None
    model: str
    prompt: str
    escalated: bool | None
    waits: bool | None
    """Whether its last step is to wait for a person; None where nobody said how that shows."""
    good: bool | None
    stopped: bool
    """Whether it ended to be resumed: it waits for somebody or something."""
    offers: str
    """What a run that resumes it can be known by; "" where it did not stop or nothing tells."""
    wants: str
    """What a run that it resumes can be known by."""

    @property
    def key(self) -> str:
        """What tells it from every other run."""
        return f"{self.trace}:{self.span}"


def run_of(trace: str, group: SpanGroup, rules: TraceRules, workflow: Callable[[str, str], str]) -> AgentRun:
    """Count one run. `workflow`: (agent, its name for a workflow) -> ours."""
    own = rules.agents.get(group.agent, NO_RULES)
    root, spans = group.root, group.spans
    by_id = {one.span: one for one in spans}
    asked = [one for one in spans if one.role == MODEL]
    marks = _wait_marks(spans, asked, own)
    tools = [one for one in spans if one.role == TOOL and one.span not in marks and not _repeats(one, by_id, marks)]
    models = [one for one in asked if not _inside(one, by_id, MODEL)]
    telling = _telling(models, asked, by_id)
    calls, stops = _calls(tools), _stops(spans, asked, marks, root)
    session = _first(spans, About.SESSION)
    return AgentRun(
        trace,
        root.span,
        group.agent,
        workflow(group.agent, _first(spans, About.WORKFLOW)),
        session,
        root.start,
        root.end,
        None if root.about.get(About.NO_STATUS) and not root.failed else root.failed,
        calls,
        len(models) + len(calls),
        _tokens(telling, root),
        _cost(telling, root, rules),
        _first(models, About.MODEL),
        _first(spans, About.PROMPT),
        None if own.escalates is None else any(_marked(one, own.escalates) for one in spans),
        None if stops and root.about.get(About.UNSEEN) else _waits(stops, spans, asked, own),
        _good(spans, own.good),
        bool(stops),
        _offered(session, next((one for one in spans if one.span in marks), None), models) if stops else "",
        _key(session, None if session else _begins_with(spans)),
    )


def _offered(session: str, mark: SpanFacts | None, models: Sequence[SpanFacts]) -> str:
    """What a run that goes on with a stopped one is known by; where no span is the wait, what the model asked for."""
    asked = models[-1].about.get(About.ASKED) if models else None
    if session or mark is not None or asked is None:
        return _key(session, mark)
    return f"call id {asked}"


def _key(session: str, call: SpanFacts | None) -> str:
    """A session, or without one the very call that was waited for: it is made anew when the run goes on."""
    if session:
        return f"session {session}"
    if call is not None and call.about.get(About.CALL):
        return f"call id {call.about[About.CALL]}"
    arguments = call.about.get(About.ARGUMENTS) if call is not None else None
    return f"call {call.about.get(About.TOOL)} {arguments}" if call is not None and arguments else ""


def _begins_with(spans: Sequence[SpanFacts]) -> SpanFacts | None:
    """The tool that was called before any model was asked."""
    first = next((one for one in spans if one.role in {MODEL, TOOL}), None)
    return first if first is not None and first.role == TOOL else None


def _first(spans: Iterable[SpanFacts], key: str) -> str:
    """What the oldest span that says it says."""
    for one in spans:
        if key in one.about and (found := one.about[key]):
            return str(found)[:NAME]
    return ""


def _above(one: SpanFacts, by_id: Mapping[str, SpanFacts]) -> Sequence[SpanFacts]:
    """The spans around one, up to the next agent and no more than DEEP; a ring ends it."""
    here = by_id.get(one.parent)
    if here is None or here.role == AGENT:
        return ()
    seen = {one.span}
    found: list[SpanFacts] = []
    while here is not None and here.span not in seen and here.role != AGENT and len(found) < DEEP:
        found.append(here)
        seen.add(here.span)
        here = by_id.get(here.parent)
    return found


def _inside(one: SpanFacts, by_id: Mapping[str, SpanFacts], role: str) -> bool:
    return any(above.role == role for above in _above(one, by_id))


def _repeats(one: SpanFacts, by_id: Mapping[str, SpanFacts], marks: set[str]) -> bool:
    """Whether a tool's span speaks of the call that a span around it speaks of already."""
    around = _above(one, by_id)
    if not around:
        return False
    name = one.about.get(About.TOOL)
    return any(above.span in marks or (above.role == TOOL and above.about.get(About.TOOL) == name) for above in around)


def _calls(tools: Sequence[SpanFacts]) -> tuple[ToolCall, ...]:
    """Each call once: of spans with one call id the one that ended last."""
    found: dict[str, SpanFacts] = {}
    for one in tools:
        key = str(one.about.get(About.CALL) or one.span)
        before = found.get(key)
        if before is None or one.end >= before.end:
            found[key] = one
    return tuple(
        ToolCall(
            str(one.about.get(About.TOOL) or one.name)[:NAME],
            str(one.about.get(About.CALL) or ""),
            one.failed,
            str(one.about.get(About.ARGUMENTS) or ""),
        )
        for one in found.values()
    )


def _usage(one: SpanFacts) -> int | None:
    read, written = one.about.get(About.INPUT), one.about.get(About.OUTPUT)
    if not isinstance(read, int):
        return written if isinstance(written, int) else None
    return read + written if isinstance(written, int) else read


def _telling(
    models: Sequence[SpanFacts], asked: Sequence[SpanFacts], by_id: Mapping[str, SpanFacts]
) -> list[SpanFacts]:
    """The models' spans that tokens are taken from: the outermost, or what is inside where that tells nothing."""
    inside: dict[str, list[SpanFacts]] = {}
    for one in asked if len(models) < len(asked) else ():
        for above in _above(one, by_id) if _usage(one) is not None else ():
            inside.setdefault(above.span, []).append(one)
    found: list[SpanFacts] = []
    for one in models:
        found += [one] if _usage(one) is not None or About.COST in one.about else inside.get(one.span, [])
    return found


def _tokens(telling: Sequence[SpanFacts], root: SpanFacts) -> int | None:
    given = [used for one in telling if (used := _usage(one)) is not None]
    return sum(given) if given else _usage(root)


def _cost(telling: Sequence[SpanFacts], root: SpanFacts, rules: TraceRules) -> float | None:
    """What the spans say it cost, else by the price table; None as soon as one call's cost is not known."""
    costs = [_one_cost(one, rules) for one in telling or [root]]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def _one_cost(one: SpanFacts, rules: TraceRules) -> float | None:
    said = one.about.get(About.COST)
    if isinstance(said, int | float):
        return float(said)
    price = rules.price_of(str(one.about.get(About.MODEL, ""))) if rules.prices else None
    if price is None or _usage(one) is None:
        return None
    parts = ((About.INPUT, price.input), (About.OUTPUT, price.output))
    return sum(float(used) * each / 1e6 for key, each in parts if isinstance(used := one.about.get(key), int))


def _marked(one: SpanFacts, markers: Markers) -> bool:
    """Whether a span is one of these signs."""
    if one.role == TOOL and fits(str(one.about.get(About.TOOL, "")), markers.tools):
        return True
    if one.role == HANDOFF and fits(str(one.about.get(About.TARGET, "")), markers.handoffs):
        return True
    return fits(one.error, markers.errors) or fits(one.name, markers.spans)


def _last_ask(asked: Sequence[SpanFacts]) -> float:
    """When a model was asked last."""
    return max((one.start for one in asked), default=float("-inf"))


def _wait_marks(spans: Sequence[SpanFacts], asked: Sequence[SpanFacts], own: AgentRules) -> set[str]:
    """Spans that are the wait itself, made anew once a person agreed: no call of a tool, no error."""
    last = _last_ask(asked)
    return {
        one.span
        for one in spans
        if one.about.get(About.STOPS)
        or (one.end > last and (one.about.get(About.SILENT) or (own.waits is not None and _marked(one, own.waits))))
    }


def _stops(spans: Sequence[SpanFacts], asked: Sequence[SpanFacts], marks: set[str], root: SpanFacts) -> str:
    """What the run stopped to wait for: PERSON or WORK; "" where it did not stop."""
    last = _last_ask(asked)
    signs = [one for one in spans if one.span in marks and one.end > last] if marks else []
    if any(one.about.get(About.STOPS) != WORK for one in signs):
        return PERSON
    return WORK if signs or (not root.failed and _unanswered(spans, asked)) else ""


def _unanswered(spans: Sequence[SpanFacts], asked: Sequence[SpanFacts]) -> bool:
    """Whether the model asked for tools last, and none was called."""
    newest = max(asked, key=lambda one: one.start, default=None)
    if newest is None or not newest.about.get(About.ASKS):
        return False
    return not any(one.role in {TOOL, HANDOFF} and one.end > newest.start for one in spans)


def _waits(stops: str, spans: Sequence[SpanFacts], asked: Sequence[SpanFacts], own: AgentRules) -> bool | None:
    """Whether it waits for a person; None where nothing tells and nobody said how that shows."""
    if stops == PERSON:
        return True
    if own.waits is None:
        return None
    return own.waits.unanswered_calls and bool(stops) and _unanswered(spans, asked)


def _good(spans: Sequence[SpanFacts], wanted: GoodEvaluation | None) -> bool | None:
    """What the newest evaluation of that name says."""
    if wanted is None:
        return None
    said = [one for one in spans if one.role == EVALUATION and one.about.get(About.EVALUATION) == wanted.name]
    return next((verdict for one in reversed(said) if (verdict := judged(one, wanted)) is not None), None)


def judged(one: SpanFacts, wanted: GoodEvaluation) -> bool | None:
    """One evaluation by its label or its score; None where it has neither."""
    label, score = one.about.get(About.LABEL), one.about.get(About.SCORE)
    if wanted.labels and label is not None:
        return str(label) in wanted.labels
    if wanted.at_least is not None and isinstance(score, int | float):
        return float(score) >= wanted.at_least
    return None


def repeated(calls: Sequence[ToolCall]) -> int | None:
    """Calls that repeat an earlier one, same tool and same arguments; None where the spans do not tell arguments."""
    if any(not one.arguments for one in calls):
        return None
    return len(calls) - len({(one.tool, one.arguments) for one in calls})


def is_silent(spans: Iterable[SpanFacts]) -> bool:
    """Whether nothing among them is of an agent."""
    return all(one.role == OTHER for one in spans)
