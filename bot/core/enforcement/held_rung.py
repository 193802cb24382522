"""The rung that a gateway holds, and which grants apply when Stepdown is away (`product.md` section 7, fail safe).

A rung is held on a lease. While it lasts, the rung applies whether Stepdown answers or not; when it is over, the
fallback's grants apply until Stepdown answers again. Out of contact nothing is granted that was not granted before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bot.core.autonomy.answered import loosened

NO_WRITES: Mapping[str, object] = MappingProxyType({"writes": "deny"})
"""What applies until Stepdown was reached once."""


@dataclass(frozen=True, slots=True)
class HeldRung:
    """The last answer that was taken. `lapses_at`: by the clock of whoever holds it."""

    level: str
    epoch: int
    grants: Mapping[str, object]
    lapses_at: datetime
    fallback: str
    fallback_grants: Mapping[str, object]
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class RungInForce:
    """What applies now. `why`: in words, where it comes from no answer that still holds; else ""."""

    level: str
    epoch: int
    grants: Mapping[str, object]
    why: str = ""
    incident: int | None = None


NEVER_REACHED = RungInForce("none", 0, NO_WRITES, "Stepdown was not reached yet, so nothing is known that permits more")


def taken(held: HeldRung | None, answer: HeldRung) -> HeldRung:
    """What is held after an answer: the answer, unless it is older than what is held."""
    return held if held is not None and answer.epoch < held.epoch else answer


def in_force(held: HeldRung | None, now: datetime) -> RungInForce:
    """What applies at a time. A fallback that would permit more than the rung itself does is not taken."""
    if held is None:
        return NEVER_REACHED
    if now < held.lapses_at:
        return RungInForce(held.level, held.epoch, held.grants, incident=held.incident)
    why = f"Stepdown has been out of contact past the lease of {held.level}, so its fallback applies"
    if looser := loosened(held.grants, held.fallback_grants):
        why = f"Stepdown has been out of contact past the lease; {held.level} stays, for on {held.fallback} {looser}"
        return RungInForce(held.level, held.epoch, held.grants, why, held.incident)
    return RungInForce(held.fallback, held.epoch, held.fallback_grants, why, held.incident)
