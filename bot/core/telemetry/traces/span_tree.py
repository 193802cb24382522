"""The spans of one trace as a tree: which of them are runs, and to which run each other span belongs.

Spans come in any order and more than once, and some never come. So nothing here is kept from one look to the next: the
same set of spans makes the same runs, whenever and in whatever order they came.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from bot.core.telemetry.traces.span_facts import AGENT, CHAIN, HANDOFF, MODEL, REMOTE, TOOL, About, SpanFacts

_AGENTS = frozenset({AGENT, CHAIN})
LOST = frozenset({MODEL, TOOL, HANDOFF})
"""Roles of spans that belong to a run even where what was around them is missing."""
_AGE = attrgetter("start", "span")
Whose = Callable[[SpanFacts], str]
"""The agent of a span by the fleet file; "" where nobody knows it."""


@dataclass(slots=True)
class SpanGroup:
    """A run: its outermost span, and those that belong to it, oldest first."""

    root: SpanFacts
    agent: str
    spans: list[SpanFacts] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Forest:
    """The runs of a trace. `waiting`: outermost agent spans whose caller, in the same process, has not come yet."""

    groups: Sequence[SpanGroup]
    waiting: Sequence[SpanFacts] = ()


def forest(spans: Iterable[SpanFacts], whose: Whose, *, patient_since: float) -> Forest:
    """Group the spans of a trace. An agent's span that ended since `patient_since` (epoch) may still get its caller."""
    known: dict[str, SpanFacts] = {}
    for one in spans:
        before = known.get(one.span)
        if before is None or one.end > before.end:
            known[one.span] = one
    places = _Places(known, whose)
    groups: dict[str, SpanGroup] = {}
    waiting: list[SpanFacts] = []
    for one in sorted(known.values(), key=_AGE):
        root = places.root_of(one)
        if root is None:
            continue
        group = groups.get(root.span)
        if group is not None:
            group.spans.append(one)
        elif root.end < patient_since or not places.lacks_caller(root):
            groups[root.span] = SpanGroup(root, places.agent_of(root), [one])
        elif one is root:
            waiting.append(one)
    if len(groups) == 1 and not waiting:
        only = next(iter(groups.values()))
        if len(only.spans) < len(known):
            _adopt(only, known)
    return Forest(tuple(groups.values()), tuple(waiting))


def _adopt(only: SpanGroup, known: Mapping[str, SpanFacts]) -> None:
    """Take in what the only run of a trace did below a span that never came: one that was broken off is never sent.

    Only what the same instrumentation tells of the same process and time: another's may speak of a call that counts.
    """
    root, own = only.root, {one.span for one in only.spans}
    lost = [
        one
        for one in known.values()
        if one.span not in own
        and one.role in LOST
        and one.scope == root.scope
        and one.parent
        and one.parent not in known
        and one.parent_is != REMOTE
        and root.start <= one.start <= root.end
    ]
    if lost:
        only.spans = sorted([*only.spans, *lost], key=_AGE)


class _Places:
    """Where each span stands, worked out once."""

    def __init__(self, known: dict[str, SpanFacts], whose: Whose) -> None:
        self._known = known
        self._whose = whose
        self._children: dict[str, list[SpanFacts]] = {}
        self._roots: dict[str, SpanFacts | None] = {}
        self._agents: dict[str, str] = {}
        self._lacking: dict[str, bool] = {}

    def root_of(self, span: SpanFacts) -> SpanFacts | None:
        """The run that a span belongs to; None for one that no agent called. Deep traces need no deep stack."""
        if span.span in self._roots:
            return self._roots[span.span]
        if span.parent in self._roots and span.role not in _AGENTS:
            return self._roots.setdefault(span.span, self._roots[span.parent])
        path: list[SpanFacts] = []
        seen = set[str]()
        here: SpanFacts | None = span
        while here is not None and here.span not in self._roots and here.span not in seen:
            path.append(here)
            seen.add(here.span)
            here = self._known.get(here.parent)
        root = self._roots.get(here.span) if here is not None else None
        for one in reversed(path):
            if (root is None and one.role in _AGENTS) or (one.role == AGENT and self._is_other(one, root)):
                root = one
            self._roots[one.span] = root
        return root

    def agent_of(self, root: SpanFacts) -> str:
        """Whose run it is."""
        if root.span not in self._agents:
            self._agents[root.span] = self._whose(root) or self._by_first_agent(root)
        return self._agents[root.span]

    def lacks_caller(self, root: SpanFacts) -> bool:
        """Whether what a run was called from ran in the same process and has not come: it may be an agent as well."""
        path: list[str] = []
        here = root
        lacking = False
        while here.parent:
            if here.span in self._lacking:
                lacking = self._lacking[here.span]
                break
            self._lacking[here.span] = False  # what a ring says of itself
            path.append(here.span)
            above = self._known.get(here.parent)
            if above is None:
                lacking = here.parent_is != REMOTE
                break
            here = above
        self._lacking |= dict.fromkeys(path, lacking)
        return lacking

    def _is_other(self, one: SpanFacts, root: SpanFacts | None) -> bool:
        """Whether an agent's span inside a run is the run of another agent that is watched by itself."""
        if root is None:
            return True
        own = self._whose(one)
        return bool(own) and own != self.agent_of(root)

    def _by_first_agent(self, root: SpanFacts) -> str:
        """A root without a name of its own is that of the first agent named below it."""
        if root.about.get(About.AGENT):
            return ""
        below = list(self._below(root))
        seen = {root.span}
        first: SpanFacts | None = None
        while below:
            one = below.pop()
            if one.span in seen:
                continue
            seen.add(one.span)
            if one.role == AGENT and (first is None or one.start < first.start) and self._whose(one):
                first = one
            below += self._below(one)
        return self._whose(first) if first is not None else ""

    def _below(self, one: SpanFacts) -> Sequence[SpanFacts]:
        if not self._children:
            for each in self._known.values():
                self._children.setdefault(each.parent, []).append(each)
        return self._children.get(one.span, ())
