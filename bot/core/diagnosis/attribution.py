"""Attribution: what is behind an incident, most likely first, each cause with its evidence (`docs/attribution.md`).

Three steps, all arithmetic, no model call. Facts are seen around the onset (`facts*.py`), each fact is worth so many
points for each cause (`weights.py`), and the points add up. A point doubles the odds. The share shown beside a cause is
its odds among all causes and one more: "something nobody looked at", at the points of STANDS_OUT.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.diagnosis.change_facts import suspects, timing, versions
from bot.core.diagnosis.evidence import Evidence
from bot.core.diagnosis.example_tasks import ExampleTask, examples
from bot.core.diagnosis.facts import Fact, by_length, by_workflow, counted, endings, guarded, mix, pinned, shape
from bot.core.diagnosis.flow_facts import flow
from bot.core.diagnosis.tool_facts import others, tools
from bot.core.diagnosis.weights import OTHERWISE, PRIORS, RULED_OUT_BY, STANDS_OUT, WEIGHTS, Weight
from bot.core.model.cause import CAUSE_WORDS, CauseKind
from bot.core.model.posted_change import CAUSE_OF, PostedChange
from bot.core.model.samples import minute_of

SURE_OF_TOOL = 0.8
"""Share from which rules leave the agent alone because of a tool: holding back wrongly is the worse mistake."""
NEAR, MOST_CHANGES = 6 * 60, 10
"""Minutes before the onset from which on changes are kept with an assessment, and how many."""
SHOWN = 5
"""Causes that an assessment keeps."""


@dataclass(frozen=True, slots=True)
class SupportingFact:
    """One fact as it counts for one cause: what was seen, and why that matters."""

    words: str
    points: float
    why: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """One possible cause. `subject` is the tool's name or the change's id, "" for causes there is only one of."""

    kind: CauseKind
    subject: str
    words: str
    points: float
    share: float
    grounds: tuple[SupportingFact, ...]
    ruled_out_by: str

    @property
    def key(self) -> tuple[CauseKind, str]:
        """What makes it the same cause."""
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Match:
    """A playbook that fits, how well, and the signals that were seen."""

    name: str
    title: str
    runbook: str
    points: float
    seen: tuple[str, ...]
    missing: tuple[str, ...] = ()
    rung: str = ""
    advice: str = ""
    """Why that rung, or what to do in place of a step down."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the bot makes of an incident at one moment. `onset` in minutes; `unseen` is what could not be looked at."""

    at: datetime
    onset: int
    causes: tuple[Suspect, ...] = ()
    matches: tuple[Match, ...] = ()
    unseen: tuple[str, ...] = ()
    changes: tuple[PostedChange, ...] = ()
    """What was changed in the hours around the onset, oldest first."""
    notes: tuple[str, ...] = ()
    """Facts that carry no points and still belong on the card, such as the pre-deployment baseline."""
    examples: tuple[ExampleTask, ...] = ()
    """Tasks since the onset whose traces show it, the worst first."""

    @property
    def top(self) -> Suspect | None:
        """The first cause where it stands out; None is an answer: nothing does."""
        first = self.causes[0] if self.causes else None
        return first if first is not None and first.points >= STANDS_OUT else None

    @property
    def tool_fault(self) -> str:
        """The tool that is at fault, where that is as good as sure: no reason to demote the agent by rule."""
        sure = self.top is not None and self.top.kind == "tool" and self.top.share >= SURE_OF_TOOL
        return self.top.subject if self.top is not None and sure else ""

    @property
    def sentence(self) -> str:
        """One line for a card or the timeline."""
        if self.top is None:
            return "Nothing stands out as the cause yet."
        why = max(self.top.grounds, key=lambda ground: ground.points, default=None)
        because = f" ({why.words})" if why is not None and why.points > 0 else ""
        return f"Looks like {self.top.words}{because}"


@dataclass(frozen=True, slots=True)
class _Candidate:
    kind: CauseKind
    subject: str
    words: str
    tools: tuple[str, ...] = ()


def facts(material: Evidence) -> tuple[Fact, ...]:
    """Everything that is seen, and everything that was looked for and is not there."""
    looks = (counted, guarded, by_workflow, by_length, endings, mix, shape, tools, others, versions, timing, flow)
    return tuple(fact for look in looks for fact in look(material))


def rank(material: Evidence, seen: Sequence[Fact]) -> tuple[Suspect, ...]:
    """Every cause that has anything to do with it, most likely first."""
    weighed = [(one, *_weigh(one, seen)) for one in _candidates(material, seen)]
    whole = 2.0**STANDS_OUT + sum(2.0**points for _, points, _ in weighed)
    found = [
        Suspect(one.kind, one.subject, one.words, points, 2.0**points / whole, grounds, RULED_OUT_BY[one.kind])
        for one, points, grounds in weighed
    ]
    return tuple(sorted(found, key=lambda suspect: (-suspect.points, suspect.kind, suspect.subject)))


def assess(material: Evidence, seen: Sequence[Fact], matches: tuple[Match, ...], now: datetime) -> Assessment:
    """The whole picture."""
    notes = tuple(fact.words for fact in pinned(material))
    near = sorted(
        (change for change in suspects(material) if minute_of(change.at) >= material.onset - NEAR),
        key=lambda change: change.at,
    )
    causes = rank(material, seen)[:SHOWN]
    changes = tuple(near[-MOST_CHANGES:])
    return Assessment(now, material.onset, causes, matches, unseen(seen), changes, notes, examples(material))


def _candidates(material: Evidence, seen: Sequence[Fact]) -> Iterator[_Candidate]:
    for kind in ("agent", "data", "load", "people", "shared"):
        yield _Candidate(kind, "", CAUSE_WORDS[kind])
    hints = ("tool-errors", "tool-ill", "bad-with-tool")
    for tool in sorted({fact.subject for fact in seen if fact.seen and fact.sign in hints}):
        yield _Candidate("tool", tool, f"the tool {tool}", (tool,))
    for change in suspects(material):
        kind = CAUSE_OF[change.kind]
        yield _Candidate(kind, change.id, f"the {change.words}", change.tools)


def _weigh(candidate: _Candidate, seen: Sequence[Fact]) -> tuple[float, tuple[SupportingFact, ...]]:
    found = [pair for row in WEIGHTS if candidate.kind in row.kinds for pair in _ground(row, candidate, seen)]
    groups = {row.group for row, _ in found} - {""}
    largest = [max((ground for row, ground in found if row.group == group), key=_size) for group in sorted(groups)]
    grounds = sorted((*(ground for row, ground in found if not row.group), *largest), key=_size, reverse=True)
    return PRIORS[candidate.kind] + sum(ground.points for ground in grounds), tuple(grounds)


def _size(ground: SupportingFact) -> float:
    return abs(ground.points)


def _ground(row: Weight, candidate: _Candidate, seen: Sequence[Fact]) -> Iterator[tuple[Weight, SupportingFact]]:
    """One row for one cause: seen once is seen, however many tools show it; absent only where it is absent of all."""
    own = [fact for fact in seen if fact.sign == row.sign and _concerns(row, candidate, fact)]
    there = next((fact for fact in own if fact.seen), None)
    told = there or next(iter(own), None)
    points = row.seen if there else row.absent
    if told is not None and points:
        words = told.words.removeprefix(f"{candidate.words.removeprefix('the ')}, ")  # a card names the cause once
        yield row, SupportingFact(words, points, row.why if there else OTHERWISE[row.kinds, row.sign])


def _concerns(row: Weight, candidate: _Candidate, fact: Fact) -> bool:
    if row.about == "subject":
        return fact.subject == candidate.subject
    if row.about == "kind":
        return fact.subject == candidate.kind
    return row.about == "any" or fact.subject in candidate.tools


LOOKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tools measured apart from the agent", ("tool-ill",)),
    ("calls of each tool in task records", ("tool-errors", "other-tools")),
    ("refused, denied and repeated calls in task records", ("invalid-calls", "repeated-calls", "denied-calls")),
    ("model and prompt versions in task records", ("new-version",)),
    ("changes, which nobody has posted in 30 days", ("recent-change",)),
    ("other agents", ("other-agents",)),
    ("what a guard finds in inputs", ("flagged-content",)),
    ("approvals", ("slow-decisions", "more-requests")),
)


def unseen(seen: Iterable[Fact]) -> tuple[str, ...]:
    """What could not be looked at, in words: an honest answer says what it rests on."""
    signs = {fact.sign for fact in seen}
    return tuple(what for what, needed in LOOKS if not signs & set(needed))
