"""The `rehearsal` section of a playbook file: its models, what refers to what in it, and the value it becomes.

Refused with file, line and column: an unknown rung, an inject for nobody or one that nothing sets off, an objective
that nothing measures or that speaks of evidence or a move that is not there, and a world that nobody can win.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from bot.config.fleet import StrictEntry
from bot.config.model_validation import shaped
from bot.config.problems import misnamed
from bot.config.value_types import Minutes, Name, RungName
from bot.config.yaml_document import Path, YamlDocument
from bot.core.model.cause import CauseKind
from bot.core.runbooks.rehearsal import (
    AUDIENCES,
    MEASURES,
    TIMED,
    TRIGGERS,
    Breakage,
    Contingency,
    EffectOfMove,
    ExerciseObjective,
    Expectation,
    GroundTruth,
    Hint,
    Inject,
    InjectEvidence,
    PlayerMove,
    Pull,
    Rehearsal,
    Shape,
    WorldSpec,
)

RUNG_SUBJECT = frozenset({"contained", "not-lowered"})
MOST_HINT_COST = 50


class ObjectiveEntry(StrictEntry):
    """`{id: contain, text: ..., measure: contained, within: 15m, rung: read-only}`."""

    id: Name
    text: str = Field(min_length=1)
    measure: str
    within: Minutes = 0.0
    rung: RungName | Literal[""] = ""
    evidence: str = ""
    move: str = ""


class GroundTruthEntry(StrictEntry):
    """What is really wrong."""

    cause: CauseKind
    also_right: list[CauseKind] = Field(default_factory=list)
    text: str = Field(min_length=1)


class ShapeEntry(StrictEntry):
    """One workflow when all is well. Shares in percent."""

    tasks: float = Field(gt=0)
    good: float = Field(gt=0, le=100)
    calls: float = Field(gt=0)
    escalated: float = Field(ge=0, le=100)
    pending: float = Field(ge=0)


class PullEntry(StrictEntry):
    """How one channel is pulled away from normal."""

    channel: Literal["tasks", "good", "calls", "escalated", "pending"]
    times: float = Field(default=1.0, ge=0)
    plus: float = 0.0
    delay: Minutes = 0.0
    ramp: Minutes = 0.0
    fade: Minutes = 0.0

    def value(self) -> Pull:
        """The value of the core."""
        return Pull(self.channel, self.times, self.plus, self.delay, self.ramp, self.fade)


class FaultEntry(StrictEntry):
    """When it breaks, how, and what is left of it on each rung."""

    after: Minutes
    pulls: list[PullEntry] = Field(default_factory=list)
    left: dict[RungName, float] = Field(default_factory=dict)


class MoveEntry(StrictEntry):
    """Something people can do outside the ladder."""

    id: Name
    text: str = Field(min_length=1)
    effect: EffectOfMove
    says: str = Field(min_length=1)
    takes: Minutes = 0.0
    pulls: list[PullEntry] = Field(default_factory=list)
    lasts: Minutes = 0.0
    left: float = Field(default=0.0, ge=0, le=1)


class WorldEntry(StrictEntry):
    """The simulated agent. `enough: none` where no rung helps."""

    workflows: dict[Name, ShapeEntry] = Field(min_length=1)
    instances: int = Field(default=2, ge=1, le=20)
    fault: FaultEntry
    enough: RungName
    moves: list[MoveEntry] = Field(default_factory=list)
    rungs: dict[RungName, list[PullEntry]] = Field(default_factory=dict)


class ContingencyEntry(StrictEntry):
    """What is said when nothing was done about an inject."""

    after: Minutes
    text: str = Field(min_length=1)


class InjectEntry(StrictEntry):
    """`{id: vip, at: 12m, as: Head of support, to: players, text: ..., expects: updated}`."""

    id: Name
    at: Minutes | None = None
    on: str = ""
    manual: bool = False
    sender: str = Field(default="", alias="as")
    to: str = ""
    text: str = Field(min_length=1)
    expects: str = ""
    contingency: ContingencyEntry | None = None


class EvidenceEntry(StrictEntry):
    """What is found by whoever looks."""

    id: Name
    title: str = Field(min_length=1)
    text: str = Field(min_length=1)


class HintEntry(StrictEntry):
    """Help, with its cost in points."""

    text: str = Field(min_length=1)
    cost: int = Field(ge=0, le=MOST_HINT_COST)


class RehearsalEntry(StrictEntry):
    """The whole section."""

    objectives: list[ObjectiveEntry] = Field(default_factory=list)
    briefing: str = Field(min_length=1)
    ground_truth: GroundTruthEntry
    world: WorldEntry
    injects: list[InjectEntry] = Field(default_factory=list)
    evidence: list[EvidenceEntry] = Field(default_factory=list)
    hints: list[HintEntry] = Field(default_factory=list)
    questions: list[str] = Field(default_factory=list)
    lasts: Minutes = 240.0


def read_rehearsal(
    document: YamlDocument, raw: Mapping[str, Any], prefix: Path, playbook: tuple[str, str], rungs: Sequence[str]
) -> Rehearsal | None:
    """The rehearsal at `prefix` of a playbook file; None where anything is wrong with it, which `document` then says.

    `playbook` is (name, title); `rungs` is the ladder, from the top down.
    """
    before = len(document.problems)
    entry = shaped(document, RehearsalEntry, raw, prefix, ())
    if entry is not None:
        document.settle()
        _Review(document, prefix, entry, rungs).run()
    if entry is None or len(document.problems) > before:
        return None
    return _value(entry, *playbook)


class _Review:
    """Holds the parts of a rehearsal against each other."""

    def __init__(self, document: YamlDocument, prefix: Path, entry: RehearsalEntry, rungs: Sequence[str]) -> None:
        self._document = document
        self._prefix = prefix
        self._entry = entry
        self._rungs = rungs

    def run(self) -> None:
        """Blame whatever does not fit."""
        entry = self._entry
        self._filled(("objectives",), entry.objectives, "an exercise without an objective teaches nothing")
        self._filled(("evidence",), entry.evidence, "there has to be something to look at")
        self._filled(("questions",), entry.questions, "the hot wash needs a question")
        self._filled(("world", "fault", "pulls"), entry.world.fault.pulls, "a fault has to pull at something")
        for name, ids in (
            ("objectives", [one.id for one in entry.objectives]),
            ("injects", [one.id for one in entry.injects]),
            ("evidence", [one.id for one in entry.evidence]),
        ):
            self._once((name,), ids)
        self._once(("world", "moves"), [one.id for one in entry.world.moves])
        self._world(entry.world)
        for index, objective in enumerate(entry.objectives):
            self._objective(("objectives", index), objective)
        for index, inject in enumerate(entry.injects):
            self._inject(("injects", index), inject)

    def _blame(self, path: Path, text: str) -> None:
        self._document.blame((*self._prefix, *path), text)

    def _known(self, path: Path, what: str, word: str, options: Collection[str]) -> None:
        if word and word not in options:
            self._blame(path, misnamed(what, word, list(options)))

    def _filled(self, path: Path, found: Sequence[object], why: str) -> None:
        if not found:
            self._blame(path, why)

    def _once(self, path: Path, ids: Sequence[str]) -> None:
        times = Counter(ids)
        for index, each in enumerate(ids):
            if each and times[each] > 1 and index != ids.index(each):
                self._blame((*path, index, "id"), f"the id {each!r} stands twice; each needs its own")

    def _world(self, world: WorldEntry) -> None:
        if world.enough != "none":
            self._known(("world", "enough"), "the rung", world.enough, [*self._rungs, "none"])
        for rung in world.rungs:
            self._known(("world", "rungs", rung), "the rung", rung, self._rungs)
        for rung, left in world.fault.left.items():
            self._known(("world", "fault", "left", rung), "the rung", rung, self._rungs)
            if not 0 <= left <= 1:
                self._blame(("world", "fault", "left", rung), f"{left:g} is not a share; 0 to 1 is allowed")
        if not any(move.effect == "fixes" for move in world.moves):
            self._blame(("world", "moves"), "no move fixes the cause, so nobody can win; one needs `effect: fixes`")
        for index, move in enumerate(world.moves):
            if move.effect == "worsens" and not (move.pulls and move.lasts):
                self._blame(("world", "moves", index), "a move that worsens needs `pulls` and how long it `lasts`")

    def _objective(self, path: Path, one: ObjectiveEntry) -> None:
        if one.measure not in MEASURES:
            self._blame(
                (*path, "measure"), f"nothing measures this: {misnamed('the measure', one.measure, list(MEASURES))}"
            )
            return
        if one.measure in TIMED | {"cadence"} and not one.within:
            self._blame(path, f"{one.measure} needs `within`, such as 15m")
        self._subject(path, one.measure, {"rung": one.rung, "evidence": one.evidence, "move": one.move})

    def _subject(self, path: Path, measure: str, given: Mapping[str, str]) -> None:
        """What a measure is about has to be there, and nothing else may be named."""
        wanted = "evidence" if measure == "evidence" else "move" if measure in ("move", "not-moved") else ""
        allowed = {wanted} if wanted else {"rung"} if measure in RUNG_SUBJECT else set()
        for key, word in given.items():
            if word and key not in allowed:
                self._blame((*path, key), f"{measure} takes no `{key}`")
        must = wanted or ("rung" if measure == "not-lowered" else "")
        if must and not given[must]:
            self._blame(path, f"{measure} needs `{must}`: which one?")
        self._known((*path, "rung"), "the rung", given["rung"] if "rung" in allowed else "", self._rungs)
        ids = {
            "evidence": [one.id for one in self._entry.evidence],
            "move": [one.id for one in self._entry.world.moves],
        }
        if wanted:
            self._known((*path, wanted), f"the {wanted}", given[wanted], ids[wanted])

    def _inject(self, path: Path, one: InjectEntry) -> None:
        if not one.to:
            self._blame(path, f"an inject for nobody: `to` is one of {', '.join(AUDIENCES)}")
        self._known((*path, "to"), "an inject for nobody:", one.to, AUDIENCES)
        if not one.sender:
            self._blame(path, "`as` is missing: who says it?")
        ways = [one.at is not None, bool(one.on), one.manual]
        if sum(ways) != 1:
            self._blame(path, "nothing sets it off: exactly one of `at`, `on` and `manual: true` is needed")
        self._known((*path, "on"), "the event", one.on, TRIGGERS)
        if one.expects:
            self._expectation((*path, "expects"), one.expects)
        elif one.contingency is not None:
            self._blame(
                (*path, "contingency"), "a contingency needs `expects`: what has to happen for it to stay unsaid?"
            )

    def _expectation(self, path: Path, text: str) -> None:
        measure, _, subject = text.partition(" ")
        able = sorted(TIMED | {"followed-up"})
        if measure not in able:
            self._blame(path, misnamed("the measure", measure, able))
            return
        key = "rung" if measure in RUNG_SUBJECT else measure
        given = {"rung": "", "evidence": "", "move": ""}
        if subject and key in given:
            given[key] = subject
        elif subject:
            self._blame(path, f"{measure} takes no {subject!r}")
        self._subject(path[:-1], measure, given)


def _value(entry: RehearsalEntry, name: str, title: str) -> Rehearsal:
    truth = entry.ground_truth
    return Rehearsal(
        playbook=name,
        title=title,
        objectives=tuple(
            ExerciseObjective(one.id, one.text, one.measure, one.within, one.rung or one.evidence or one.move)
            for one in entry.objectives
        ),
        briefing=entry.briefing.strip(),
        ground_truth=GroundTruth(truth.cause, truth.text.strip(), tuple(truth.also_right)),
        world=_world(entry.world),
        injects=tuple(_inject(one) for one in entry.injects),
        evidence=tuple(InjectEvidence(one.id, one.title, one.text.strip()) for one in entry.evidence),
        hints=tuple(Hint(one.text.strip(), one.cost) for one in entry.hints),
        questions=tuple(entry.questions),
        lasts=entry.lasts,
    )


def _world(entry: WorldEntry) -> WorldSpec:
    return WorldSpec(
        workflows={
            name: Shape(one.tasks, one.good, one.calls, one.escalated, one.pending)
            for name, one in entry.workflows.items()
        },
        breakage=Breakage(entry.fault.after, tuple(pull.value() for pull in entry.fault.pulls), dict(entry.fault.left)),
        enough="" if entry.enough == "none" else entry.enough,
        moves=tuple(
            PlayerMove(
                one.id,
                one.text,
                one.effect,
                one.says.strip(),
                one.takes,
                tuple(pull.value() for pull in one.pulls),
                one.lasts,
                one.left,
            )
            for one in entry.moves
        ),
        instances=entry.instances,
        rungs={rung: tuple(pull.value() for pull in pulls) for rung, pulls in entry.rungs.items()},
    )


def _inject(one: InjectEntry) -> Inject:
    measure, _, subject = one.expects.partition(" ")
    after = one.contingency
    return Inject(
        id=one.id,
        sender=one.sender,
        to=one.to,
        text=one.text.strip(),
        at=one.at,
        on=one.on,
        manual=one.manual,
        expects=Expectation(measure, subject) if measure else None,
        contingency=Contingency(after.after, after.text.strip()) if after else None,
    )
