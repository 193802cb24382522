"""A rehearsal as a value: what is broken, what players are told, what happens when, and what counts (`exercises.md`).

Minutes are scenario minutes, floats. `GroundTruth`, `World`, the texts of injects, evidence and hints are for the
facilitator alone until they are given out; nothing that players are shown is built from the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.core.model.cause import CauseKind

MEASURES: Mapping[str, str] = {
    "acknowledged": "the first page was acknowledged",
    "declared": "somebody was named lead",
    "updated": "the first update went out",
    "contained": "the first rung that is enough was read back by the agent, or a move that contains was made",
    "least-drastic": "no rung lower than the least drastic one that is enough",
    "attributed": "the right cause was written down",
    "no-wrong-cause": "no wrong cause was written down",
    "evidence-first": "evidence was looked at before something was changed outside the ladder",
    "evidence": "this piece of evidence was looked at",
    "fixed": "the cause was mended",
    "move": "this move was made",
    "not-moved": "this move was not made",
    "not-lowered": "the agent was not stepped down below this rung",
    "recovered": "the numbers held for 30 minutes on the normal rung",
    "no-relapse": "no restore before the cause was mended",
    "cadence": "no longer than this between two updates until recovery",
    "followed-up": "follow-ups with an owner were written down",
    "no-hints": "no hint was taken",
    "asked-for-help": "one more person was paged by hand",
}
"""What an objective may be measured by, in the words of the report."""

TIMED = frozenset(
    {"acknowledged", "declared", "updated", "contained", "attributed", "evidence", "fixed", "move", "recovered"}
    | {"asked-for-help"}
)
"""Measures that need `within`: minutes from the first incident."""

TRIGGERS: Mapping[str, str] = {
    "opened": "the incident opened",
    "acknowledged": "somebody acknowledged",
    "stepped-down": "a rung was lowered",
    "contained": "it is contained",
    "attributed": "a cause was written down",
    "recovering": "the numbers came back into their band",
    "recovered": "the numbers held for 30 minutes",
    "restored": "a rung was restored",
    "relapsed": "the recovery clock was reset",
    "fixed": "the cause is mended",
}
"""What an inject may wait for."""

AUDIENCES = ("players", "owner", "deputy", "manager", "lead", "facilitator")
"""Whom an inject may be for. A role that nobody has is played by the first player."""

EffectOfMove = Literal["fixes", "contains", "nothing", "worsens"]


@dataclass(frozen=True, slots=True)
class ExerciseObjective:
    """What the team has to manage. `subject`: the rung, evidence or move that the measure is about, else empty."""

    id: str
    text: str
    measure: str
    within: float = 0.0
    subject: str = ""


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """What is really wrong."""

    cause: CauseKind
    text: str
    also_right: tuple[CauseKind, ...] = ()
    """Causes that are as good an answer: a tool's schema change may be named as the tool or as the schema."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One workflow when all is well. Shares in percent."""

    tasks: float
    good: float
    calls: float
    escalated: float
    pending: float


@dataclass(frozen=True, slots=True)
class Pull:
    """A channel at full strength becomes normal x `times` + `plus`; rates in percentage points."""

    channel: Literal["tasks", "good", "calls", "escalated", "pending"]
    times: float = 1.0
    plus: float = 0.0
    delay: float = 0.0
    ramp: float = 0.0
    fade: float = 0.0


@dataclass(frozen=True, slots=True)
class Breakage:
    """The fault: when it begins, how it pulls, and which share of it is left on a rung (others: all of it)."""

    after: float
    pulls: tuple[Pull, ...]
    left: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlayerMove:
    """Something people can do outside the ladder: a rollback, a restart, a breaker. `says` comes back when it is done.

    `worsens` brings `pulls` for `lasts` minutes, `contains` leaves `left` of the fault whatever the rung is.
    """

    id: str
    text: str
    effect: EffectOfMove
    says: str
    takes: float = 0.0
    pulls: tuple[Pull, ...] = ()
    lasts: float = 0.0
    left: float = 0.0


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """The simulated agent. `enough`: the least drastic rung that contains it, "" where no rung helps."""

    workflows: Mapping[str, Shape]
    breakage: Breakage
    enough: str
    moves: tuple[PlayerMove, ...]
    instances: int = 2
    rungs: Mapping[str, tuple[Pull, ...]] = field(default_factory=dict)
    """What a rung does to the numbers by itself, beside the usual."""

    def move(self, move_id: str) -> PlayerMove | None:
        """The move of that id, None where there is none."""
        return next((move for move in self.moves if move.id == move_id), None)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What players should do about an inject: a measure, and what it is about."""

    measure: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Contingency:
    """Said when the expected thing was not done `after` minutes later."""

    after: float
    text: str


@dataclass(frozen=True, slots=True)
class Inject:
    """A message into the drill. Exactly one of `at` (minutes after the fault began), `on` and `manual` is set."""

    id: str
    sender: str
    to: str
    text: str
    at: float | None = None
    on: str = ""
    manual: bool = False
    expects: Expectation | None = None
    contingency: Contingency | None = None

    @property
    def when(self) -> str:
        """`at 12 min`, `on acknowledged`, `by hand`."""
        return "by hand" if self.manual else f"on {self.on}" if self.on else f"at {self.at or 0:g} min"


@dataclass(frozen=True, slots=True)
class InjectEvidence:
    """What a player finds who looks there."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Hint:
    """Help, and how many points of the score it costs."""

    text: str
    cost: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The whole of it, under the playbook's name."""

    playbook: str
    title: str
    objectives: tuple[ExerciseObjective, ...]
    briefing: str
    ground_truth: GroundTruth
    world: WorldSpec
    injects: tuple[Inject, ...]
    evidence: tuple[InjectEvidence, ...]
    hints: tuple[Hint, ...]
    questions: tuple[str, ...]
    lasts: float = 240.0
    """Minutes after the start at which the drill ends by itself."""
