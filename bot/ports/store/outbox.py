"""The outbox: wanted effects, who carries them out, and how they ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.incident.effects import Effect, Lane
from bot.ports.chat import Receipt
from bot.ports.store.records import EffectOutcome, Job


class OutboxStore(Protocol):
    """Keeps wanted effects. A claim comes before the sending, the outcome after it."""

    def claim(self, lane: Lane, wall: float, limit: int, lease: float, part: tuple[int, int] = (0, 1)) -> Sequence[Job]:
        """Claim due rows of one lane for `lease` seconds. `part` (i, of): incidents whose id is i modulo `of`."""
        ...

    def finish(self, job: Job, wall: float, state: str, *, receipt: Receipt | None = None, why: str = "") -> bool:
        """Write an outcome (`sent`, `failed`, `unknown`, `folded`); False where the fence no longer matches."""
        ...

    def retry(
        self, job: Job, due: float, why: str, *, untried: bool = False, aside: bool = False, after: str = ""
    ) -> bool:
        """Give a row back to be tried at `due`, where the fence still matches. `untried`: this was no try.

        `aside`: what has to come after it need not wait for it any more. `after`: the key of an effect before whose
        own time it need not be tried.
        """
        ...

    def enqueue(self, effects: Sequence[Effect], wall: float) -> None:
        """Want effects outside a decision (card edits). A key already wanted is left alone."""
        ...

    def receipt(self, key: str) -> Receipt | None:
        """Where the effect with this key landed, None while it has not."""
        ...

    def receipts(self, prefix: str) -> Mapping[str, Receipt]:
        """Receipts of all sent effects whose key begins with `prefix`."""
        ...

    def outstanding(self, key: str) -> bool:
        """True while the effect with this key is still to be done."""
        ...

    def newer(self, job: Job, prefix: str, suffix: str = "", *, done: bool = False) -> bool:
        """True when a younger effect whose key begins and ends so is still to be done; `done`: or was done."""
        ...

    def backlog(self) -> Mapping[str, int]:
        """Effects still to be done, by lane."""
        ...

    def outcome(self, key: str) -> EffectOutcome | None:
        """What became of a wanted effect; None where it is not known."""
        ...

    def forget_effects(self, closed_before: datetime, finished_before: float) -> int:
        """Forget effects of incidents closed before then, and edits done before `finished_before` (wall)."""
        ...
