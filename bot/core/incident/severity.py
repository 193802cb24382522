"""How severe an incident is (`product.md` section 5)."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.core.incident.events import Severity
from bot.core.model.rungs import Ladder
from bot.core.model.slis import Better, Sli

# Severity. Points, so that a reader can add them up:
#
#   how far   worst SLI below 2x past its objective 1, from 2x 2, from 4x 3; a blind agent 2: nobody can say how far
#   how wide  two or more SLIs in breach            +1
#   where     production +1, beta 0, demo -1
#   contained on a rung where writes wait for people, or lower   -1
#
#   5 and more SEV1   3 or 4 SEV2   2 SEV3   1 and less SEV4
FAR, VERY_FAR = 2.0, 4.0
STAGE_POINTS = {"production": 1, "beta": 0, "demo": -1}
SEVERITY_FROM: tuple[tuple[int, Severity], ...] = ((5, "SEV1"), (3, "SEV2"), (2, "SEV3"))
BLIND_POINTS = 2


class Grade(NamedTuple):
    """A severity and the sentence that explains it."""

    severity: Severity
    why: str


def severity(ladder: Ladder, rung: str, stage: str, past: Sequence[float]) -> Grade:
    """Grade an incident by the table above.

    `past` says for each SLI in breach how many times past its objective it is (see `times_past`); empty for a blind
    incident. Raises KeyError for a rung that is not on the ladder or a stage that there is not.
    """
    held = ladder.rung(rung).waits_for_people
    points = _far_points(past) + (len(past) > 1) + STAGE_POINTS[stage] - held
    grade: Severity = next((name for least, name in SEVERITY_FROM if points >= least), "SEV4")
    far = f"{max(past):.1f}x past its objective" if past else "no data to judge by"
    wide = f", {len(past)} SLIs in breach" if len(past) > 1 else ""
    return Grade(grade, f"{grade}: {far}{wide}, {stage}, on {rung}")


def times_past(sli: Sli, value: float, limit: float) -> float:
    """How many times past its objective a value is: 1 on the line, more on the bad side.

    For a ratio the shares of bad tasks are compared (DQR 75 % against 85 % is 25 / 15 = 1.67), else the values. Against
    a line of zero anything is VERY_FAR.
    """
    if sli.kind == "ratio":
        lower = sli.better is Better.LOWER
        bad, line = (value, limit) if lower else (100 - value, 100 - limit)
    else:
        bad, line = (value, limit) if sli.better is Better.LOWER else (limit, value)
    return bad / line if line > 0 else VERY_FAR


def _far_points(past: Sequence[float]) -> int:
    if not past:
        return BLIND_POINTS
    return 1 + (max(past) >= FAR) + (max(past) >= VERY_FAR)
