"""The rule that an SLI is judged by: evidence, or minutes that are counted where it says so or tells no counts.

A running bot and a replay ask here, so that neither can judge by another rule than the other.
"""

from bot.core.detection import evidence_rule, literal_rule
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.literal_rule import Rows, Run
from bot.core.model.slis import Baseline, Breach, Call, Sli


def looks_bad(sli: Sli, rows: Rows, limit: float | None) -> bool:
    """Whether the newest of these rows leave anything to judge; most healthy minutes do not. `rows` hold one at least.

    `limit`: the objective as it stands now (`literal_rule.objective_limit`).
    """
    newest = max(rows)
    if evidence_rule.follows_evidence(sli, rows):
        return evidence_rule.suspicious(sli, rows, newest, limit)
    return literal_rule.call_of(sli, literal_rule.measure(sli, rows, newest), limit) is Call.BAD


def breach(
    sli: Sli, rows: Rows, closed: int, baseline: Baseline | None, allowance: Allowance, since: int | None = None
) -> Run | None:
    """The run that ends now if it is a breach. By evidence the minutes up to `closed` count, else all of `rows`.

    `since`: the minute from which an earlier breach was over.
    """
    if evidence_rule.follows_evidence(sli, rows):
        return evidence_rule.breach(sli, rows, min(max(rows), closed), baseline, allowance, since)
    return literal_rule.breach(sli, rows, max(rows, default=0), baseline)


def cleared(present: Sli, rows: Rows, closed: int, known: Breach) -> str:
    """Why a breach of the `present` SLI is over, in words; "" while it is not.

    Of the evidence only the minutes up to `closed` speak.
    """
    sli = known.judged_as(present)
    if evidence_rule.follows_evidence(sli, rows):
        return evidence_rule.cleared(
            sli, rows, min(max(rows, default=0), closed), known.baseline, known.level, known.first_bad
        )
    return literal_rule.cleared(sli, rows, max(rows, default=0), known.baseline)
