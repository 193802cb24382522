"""The record of an exercise: the timelines of its incidents and its own acts, as one numbered list that can be asked.

People appear by role: the team is looked at, never a person. `Story` says when something first happened, for scoring
(`debrief`) and, while an exercise runs, for injects that wait for an answer.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.core.incident import events as ev
from bot.core.incident.timeline import SealedEntry
from bot.core.model.cause import KINDS
from bot.core.model.rungs import Ladder
from bot.core.runbooks.rehearsal import Rehearsal

ActKind = Literal[
    "started", "broke", "inject", "contingency", "evidence", "hint", "move", "moved", "fixed", "note", "paused",
    "resumed", "speed", "skipped", "rated", "revealed", "asked", "ended", "confidence", "answer",
]  # fmt: skip

_CAUSE = re.compile(r"(?:root )?cause\s*[:=]\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happened in the exercise beside its incidents. `who` is a person's key, `bot` or `facilitator`."""

    at: datetime
    who: str
    kind: ActKind
    text: str
    ref: str = ""
    """Id of the inject, evidence, move, hint or objective it is about."""
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the record. `n` counts from 1; `who` is a role."""

    n: int
    at: datetime
    who: str
    kind: str
    text: str
    event: ev.Event | Act | None = None


def record(
    entries: Sequence[SealedEntry],
    acts: Sequence[Act],
    roles: Mapping[str, str],
    names: Mapping[str, str] | None = None,
) -> tuple[LogRow, ...]:
    """Both logs as one, oldest first. `roles`: person key -> role; `names`: person key -> name, written as the role."""
    rows: list[tuple[datetime, int, str, str, str, ev.Event | Act | None]] = [
        (sealed.entry.at, 0, _role(sealed.entry.actor.key, roles), sealed.entry.kind, sealed.entry.text,
         sealed.entry.event)
        for sealed in entries
    ]  # fmt: skip
    rows += [(act.at, 1, _role(act.who, roles), act.kind, act.text, act) for act in acts]
    rows.sort(key=lambda row: (row[0], row[1]))
    spoken = _spoken(roles, names or {})
    return tuple(
        LogRow(n, at, who, kind, spoken(text), event) for n, (at, _, who, kind, text, event) in enumerate(rows, 1)
    )


def _spoken(roles: Mapping[str, str], names: Mapping[str, str]) -> Callable[[str], str]:
    """Writes a text with roles in place of people's names and keys."""
    known = {word: f"the {roles[key]}" for key, name in names.items() if key in roles for word in (name, key) if word}
    if not known:
        return lambda text: text
    longest = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])")
    return lambda text: pattern.sub(lambda found: known[found[1]], text)


def _role(key: str, roles: Mapping[str, str]) -> str:
    return roles.get(key, {"bot": "Stepdown", "facilitator": "facilitator"}.get(key, "responder"))


@dataclass(frozen=True, slots=True)
class _Stand:
    """Which rung was in force after a row."""

    row: LogRow
    rung: str


@dataclass
class ExerciseLog:
    """The record, asked. Built once for a debrief; in an exercise under way it says which injects were answered."""

    rehearsal: Rehearsal
    rows: Sequence[LogRow]
    ladder: Ladder
    _rungs: tuple[_Stand, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._rungs = tuple(self._stands())

    def _stands(self) -> Iterator[_Stand]:
        for row in self.rows:
            if isinstance(row.event, ev.RungLowered | ev.RungRaised):
                yield _Stand(row, row.event.to_rung)

    # What is there.

    @property
    def began(self) -> datetime | None:
        """When the first incident opened."""
        return next((row.at for row in self.rows if isinstance(row.event, ev.Opened)), None)

    def minutes(self, row: LogRow | None) -> float | None:
        """Scenario minutes from the first incident to a row; what came before counts as 0."""
        if row is None or self.began is None:
            return None
        return max(0.0, (row.at - self.began).total_seconds() / 60)

    def acts(self, kind: str, ref: str = "") -> Iterator[LogRow]:
        """Acts of a kind, of one thing where `ref` names it."""
        for row in self.rows:
            if isinstance(row.event, Act) and row.event.kind == kind and (not ref or row.event.ref == ref):
                yield row

    def _first(self, fits: Callable[[ev.Event | Act], bool]) -> LogRow | None:
        return next((row for row in self.rows if row.event is not None and fits(row.event)), None)

    def depth(self, rung: str) -> int:
        """How far down a rung is; one that is not on the ladder counts as below it."""
        return self.ladder.depth(rung) if rung in self.ladder.names() else len(self.ladder.names())

    def in_force(self, at_row: LogRow) -> str:
        """The rung in force at a row; "" before the first change."""
        return next((stand.rung for stand in reversed(self._rungs) if stand.row.n <= at_row.n), "")

    # The moments.

    def acknowledged(self) -> LogRow | None:
        """The first acknowledgement."""
        return self._first(lambda event: isinstance(event, ev.Acknowledged))

    def declared(self) -> LogRow | None:
        """The first lead."""
        return self._first(lambda event: isinstance(event, ev.RoleTaken) and event.role == "lead")

    def updates(self) -> list[LogRow]:
        """Every update."""
        return [row for row in self.rows if isinstance(row.event, ev.Noted) and row.event.sort == "update"]

    def sufficient(self) -> LogRow | None:
        """The read-back of the first rung that is enough."""
        enough = self.rehearsal.world.enough
        if not enough:
            return None
        for row in self.rows:
            if isinstance(row.event, ev.RungConfirmed) and self.depth(self.in_force(row)) >= self.depth(enough):
                return row if self.in_force(row) else None
        return None

    def contained(self) -> LogRow | None:
        """The first rung that is enough, or the first move that contains or fixes, whichever came first."""
        helps = {move.id for move in self.rehearsal.world.moves if move.effect in ("fixes", "contains")}
        moved = next((row for row in self.acts("moved") if isinstance(row.event, Act) and row.event.ref in helps), None)
        found = [row for row in (self.sufficient(), moved) if row is not None]
        return min(found, key=lambda row: row.n) if found else None

    def fixed(self) -> LogRow | None:
        """When the cause was gone."""
        return next(self.acts("fixed"), None)

    def causes(self) -> list[tuple[LogRow, str]]:
        """Each cause that was written down, by kind; words that name none are left out, `unknown` too."""
        found = [(row, cause_in(row.event)) for row in self.rows]
        return [(row, kind) for row, kind in found if kind and kind != "unknown"]

    def _right(self, kind: str) -> bool:
        truth = self.rehearsal.ground_truth
        return kind == truth.cause or kind in truth.also_right

    def attributed(self) -> LogRow | None:
        """The first right cause."""
        return next((row for row, kind in self.causes() if self._right(kind)), None)

    def wrong_causes(self) -> list[LogRow]:
        """Every wrong one."""
        return [row for row, kind in self.causes() if not self._right(kind)]

    def premature(self) -> list[LogRow]:
        """Restores before the cause was mended."""
        mended = self.fixed()
        raised = [row for row in self.rows if isinstance(row.event, ev.RungRaised)]
        return [row for row in raised if mended is None or row.at < mended.at]

    def recovered(self) -> LogRow | None:
        """The numbers held for 30 minutes on the normal rung, with the cause mended."""
        mended, normal, held = self.fixed(), self._normal(), False
        for row in self.rows:
            if isinstance(row.event, ev.RecoveryHeld):
                held = True
            elif isinstance(row.event, ev.RecoveryReset | ev.RungRaised | ev.RungLowered):
                held = False
            if held and mended is not None and row.n >= mended.n and self.in_force(row) in ("", normal):
                return row
        return None

    def _normal(self) -> str:
        opened = self._first(lambda event: isinstance(event, ev.Opened))
        event = opened.event if opened else None
        return event.normal_rung if isinstance(event, ev.Opened) else ""

    def lowest(self) -> LogRow | None:
        """The change to the lowest rung that was reached."""
        if not self._rungs:
            return None
        return max(self._rungs, key=lambda stand: (self.depth(stand.rung), -stand.row.n)).row

    def followups(self) -> list[LogRow]:
        """Every follow-up."""
        return [row for row in self.rows if isinstance(row.event, ev.Noted) and row.event.sort == "followup"]

    def calls(self) -> list[LogRow]:
        """Every page that somebody asked for by hand."""
        return [row for row in self.rows if isinstance(row.event, ev.PageAsked)]

    def evidence_came_first(self) -> bool:
        """Evidence was looked at, and before the first move."""
        looked, moved = next(self.acts("evidence"), None), next(self.acts("move"), None)
        return looked is not None and (moved is None or looked.n < moved.n)

    def moment(self, measure: str, subject: str = "") -> LogRow | None:
        """The row at which a measure was met, for those that have a moment. Raises KeyError for the others."""
        return self.moments(subject)[measure]()

    def happened(self, trigger: str) -> LogRow | None:
        """The first row of something that an inject may wait for (`rehearsal.TRIGGERS`)."""
        kinds: Mapping[str, type[ev.Event]] = {
            "opened": ev.Opened,
            "acknowledged": ev.Acknowledged,
            "stepped-down": ev.RungLowered,
            "recovering": ev.RecoveryBegan,
            "recovered": ev.RecoveryHeld,
            "restored": ev.RungRaised,
            "relapsed": ev.RecoveryReset,
        }
        if trigger in kinds:
            return self._first(lambda event: isinstance(event, kinds[trigger]))
        if trigger == "attributed":
            return next((row for row, _ in self.causes()), None)
        return self.moment(trigger)

    def met(self, measure: str, subject: str, since: datetime) -> LogRow | None:
        """The row by which something expected at `since` was done. What can be done again has to be done after it."""
        again = {"updated": self.updates(), "followed-up": self.followups(), "asked-for-help": self.calls()}
        if measure in again:
            return next((row for row in again[measure] if row.at >= since), None)
        return self.moment(measure, subject)

    def moments(self, subject: str) -> Mapping[str, Callable[[], LogRow | None]]:
        """Measures that have a moment, and how to find it."""
        return {
            "acknowledged": self.acknowledged,
            "declared": self.declared,
            "updated": lambda: next(iter(self.updates()), None),
            "contained": self.contained if not subject else lambda: self._at_or_below(subject),
            "attributed": self.attributed,
            "evidence": lambda: next(self.acts("evidence", subject), None),
            "fixed": self.fixed,
            "move": lambda: next(self.acts("move", subject), None),
            "recovered": self.recovered,
            "asked-for-help": lambda: next(iter(self.calls()), None),
            "followed-up": lambda: next(iter(self.followups()), None),
        }

    def _at_or_below(self, rung: str) -> LogRow | None:
        for row in self.rows:
            there = self.in_force(row) if isinstance(row.event, ev.RungConfirmed) else ""
            if there and self.depth(there) >= self.depth(rung):
                return row
        return None


def cause_in(event: ev.Event | Act | None) -> str:
    """The kind of cause that a person's word names, "" where it names none.

    A note that was made as an attribution counts as well: `cause: tool, sure: ...`, `tool: 429`.
    """
    if isinstance(event, ev.Attributed):
        return "" if event.verdict == "ruled-out" else event.cause
    if not isinstance(event, ev.Noted) or event.sort != "attribution":
        return ""
    clause = re.split(r"[;\n]", _CAUSE.sub("", event.text.strip(), count=1), maxsplit=1)[0].casefold()
    if clause.startswith(("ruled out", "not the", "excluded")):
        return ""
    words = re.findall(r"[a-z]+", clause)
    return next((word for word in words if word in KINDS), "")
