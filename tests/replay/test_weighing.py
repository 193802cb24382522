"""What a replay weighs on arrays is what the plain rule finds on the same stored minutes."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from bot.core.backtest.series_record import SeriesRecord
from bot.core.detection.evidence.learned import LearnedBaseline, unlearned
from bot.core.detection.evidence.learning import learn
from bot.core.detection.evidence.plain import looks, strongest
from bot.core.detection.evidence.track import JudgedSeries
from bot.core.detection.evidence.weighing import WeighedSeries, weights
from bot.core.detection.evidence_rule import kind_of, minutes_of
from bot.core.model.samples import Series
from bot.core.model.slis import Better, Sli
from tests.core.sample_data import DQR, HER, TIE

QUEUE = replace(TIE, name="queue")
HOURS = 14 * 60


def recorded(sli: Sli, seed: int) -> SeriesRecord:
    """Hours with gaps, idle minutes and answers that were none; ill in the end."""
    random = np.random.default_rng([seed, len(sli.name)])
    record = SeriesRecord(Series("refunds", "", sli.name), sli)
    for minute in range(HOURS):
        n, ill, odd = int(random.poisson(15)), minute > HOURS - 1 - seed, random.random()
        if odd < 0.03:
            continue
        if odd < 0.06:
            record.take(minute, None, None if sli is QUEUE else 0.0)
        elif sli is QUEUE:
            record.take(minute, float(random.poisson(30 if ill else 6)), None)
        elif sli is TIE:
            record.take(minute, float(random.lognormal(1.2 if ill else 0.5, 0.3)), float(n))
        else:
            bad = random.binomial(n, 0.3 if ill else 0.04) / max(n, 1)
            record.take(minute, 100 * float(bad if sli is HER else 1 - bad), float(n))
    return record


def track_of(sli: Sli, record: SeriesRecord) -> JudgedSeries:
    line = {"her": 6.0, "dqr": 93.0, "tie": 2.2, "queue": 8.0}[sli.name]
    return JudgedSeries(kind_of(sli, record.rows(HOURS - 1)), line, sli.better is Better.LOWER, 0.5)


def plainly(track: JudgedSeries, record: SeriesRecord, learned: LearnedBaseline, since: int | None = None) -> float:
    """The strongest evidence by the plain rule; infinitely little where nothing is past the objective."""
    rows = sorted(record.rows(HOURS - 1).values(), key=lambda row: row.minute)
    best = strongest(looks(track, minutes_of(rows, track.kind), HOURS - 1, learned, since))
    return -inf if best is None else best.evidence


@pytest.mark.parametrize("seed", [0, 1, 4, 15, 60])
def test_arrays_weigh_what_the_plain_rule_finds(seed: int) -> None:
    asked, expected = list[WeighedSeries](), list[float]()
    for sli in (HER, DQR, TIE, QUEUE):
        record = recorded(sli, seed)
        track = track_of(sli, record)
        history = minutes_of([row for row in record.past.values() if row.minute < HOURS - 120], track.kind)
        for learned in (learn(track, history), unlearned(track)):
            asked.append(WeighedSeries(track, learned, *record.trailing(HOURS - 1)))
            expected.append(plainly(track, record, learned))
    for found, known in zip(weights(asked), expected, strict=True):
        assert found.past == (known > -inf)
        assert found.strength == pytest.approx(max(known, 0.0), abs=1e-6)


def test_of_minutes_that_were_told_already_only_the_rest_is_past_the_objective() -> None:
    record = recorded(HER, 60)
    track = track_of(HER, record)
    for known in (0, 2, 40):
        asked = WeighedSeries(track, unlearned(track), *record.trailing(HOURS - 1), known)
        since = HOURS - known
        assert weights([asked])[0].past == (plainly(track, record, unlearned(track), since) > -inf)
