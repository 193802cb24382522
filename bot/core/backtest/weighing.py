"""The evidence of what asks to be judged at one minute: says which of it the plain rule must be asked about.

The plain rule costs milliseconds, and a healthy agent near its objective asks every few minutes. What is weighed here
agrees with it (`detection/evidence/weighing.py`), so it is asked about breaches only.
"""

from collections.abc import Iterable

from bot.core.backtest.replay_rules import ReplayCase
from bot.core.detection.evidence.learned import unlearned
from bot.core.detection.evidence.track import JudgedSeries, Kind
from bot.core.detection.evidence.weighing import WeighedSeries, weights
from bot.core.detection.evidence.windows import LONG
from bot.core.detection.evidence_rule import learned_of
from bot.core.detection.literal_rule import objective_limit
from bot.core.model.slis import Better


def weigh(cases: Iterable[ReplayCase], minute: int) -> None:
    """Write into each case how strong its evidence is at a minute, and whether any window is past its objective."""
    asked = list[tuple[ReplayCase, WeighedSeries]]()
    for case in cases:
        track = _track(case)
        if track is None:
            case.past = False
            continue
        learned = learned_of(case.watch.sli, track, case.baseline) or unlearned(track)
        known = LONG if case.since is None else max(0, min(LONG - 1, minute - case.since + 1))
        asked.append((case, WeighedSeries(track, learned, *case.watch.record.trailing(minute), known)))
    for (case, _), found in zip(asked, weights([one for _, one in asked]), strict=True):
        case.strength, case.past = found


def _track(case: ReplayCase) -> JudgedSeries | None:
    sli = case.watch.sli
    limit = objective_limit(sli, case.baseline)
    if limit is None:
        return None
    kind: Kind = "share" if sli.kind == "ratio" else "mean" if case.watch.record.counted else "depth"
    return JudgedSeries(kind, limit, sli.better is Better.LOWER, sli.absolute_tolerance or 0.0)
