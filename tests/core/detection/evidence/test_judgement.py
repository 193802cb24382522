"""Worked examples of the rule by evidence, and its sentence."""

import numpy as np
import pytest

from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.judgement import judge, judge_running
from bot.core.detection.evidence.plain import looks
from bot.core.detection.evidence.sentence import rarity, sentence
from bot.core.detection.evidence.track import JudgedSeries, Minute, Slot
from tests.core.detection.evidence.healthy_series import COST, DAY, DQR, HER, QUEUE, costs, depths, shares, taught

NOW = 14 * DAY


def test_a_jump_is_told_in_one_sentence() -> None:
    learned = taught(HER, shares(0.021, 71, 0, NOW))
    rows = [
        *shares(0.021, 71, NOW - 400, 390),
        *(Minute(NOW - 10 + at, 100 / 71, 71) for at in range(10)),
        *(Minute(NOW + at, 100 * bad / 71, 71) for at, bad in enumerate((8, 9, 8))),
    ]
    judged = judge(HER, rows, NOW + 2, learned)
    assert judged.breach
    assert judged.onset == NOW
    assert sentence("HER", "%", judged) == (
        "HER 11.7 % over 3 min (25 of 213), normal 2.1 %, objective 5 %: by chance less than once in 10 years"
    )


def test_a_healthy_minute_is_quiet_and_no_chance_is_spoken_of() -> None:
    learned = taught(HER, shares(0.021, 71, 0, NOW))
    judged = judge(HER, shares(0.021, 71, NOW - 400, 400), NOW - 1, learned)
    assert judged.call == "quiet"
    assert "chance" not in sentence("HER", "%", judged)


def test_without_any_task_the_answer_is_unknown() -> None:
    assert judge(HER, [], NOW).call == "unknown"
    assert judge(HER, [Minute(NOW, 100.0, 0)], NOW).call == "unknown"


def test_three_bad_tasks_are_a_total_failure() -> None:
    learned = taught(HER, shares(0.01, 20, 0, NOW))
    three = [Minute(NOW + at, 100.0, 1) for at in range(3)]
    assert judge(HER, three, NOW + 2, learned).breach
    assert not judge(HER, three[:2], NOW + 1, learned).breach


def test_learning_measures_chance_against_the_objective_and_says_so() -> None:
    judged = judge(HER, [Minute(NOW + at, 30.0, 50) for at in range(3)], NOW + 2)
    assert judged.breach
    assert judged.normal is None
    assert sentence("HER", "%", judged).endswith("(still learning what is normal)")


def test_a_share_that_falls_badly() -> None:
    learned = taught(DQR, shares(0.92, 50, 0, NOW))
    rows = [*shares(0.92, 50, NOW - 400, 400), *shares(0.6, 50, NOW, 3)]
    judged = judge(DQR, rows, NOW + 2, learned)
    assert judged.breach
    assert judged.value < 75 < judged.objective < (judged.normal or 0)


def test_a_mean_with_heavy_tails() -> None:
    learned = taught(COST, costs(1.0, 20, 0, NOW))
    before, after = costs(1.0, 20, NOW - 400, 400), costs(2.5, 20, NOW, 4)
    judged = judge(COST, [*before, *after], NOW + 3, learned)
    assert judged.breach
    assert judged.onset == NOW
    assert "(80 tasks), normal 0.996 USD" in sentence("Cost", "USD", judged)
    one_dear_task = [*before, Minute(NOW, 2.0, 20)]
    assert not judge(COST, one_dear_task, NOW, learned).breach


def test_a_queue() -> None:
    learned = taught(QUEUE, depths(9.0, 0, NOW))
    before = depths(9.0, NOW - 400, 400)
    rising = [*before, *(Minute(NOW + at, 30.0 + 10 * at) for at in range(20))]
    found = next(at for at in range(20) if judge(QUEUE, rising, NOW + at, learned).breach)
    assert found < 15
    assert not any(judge(QUEUE, before, minute, learned).breach for minute in range(NOW - 40, NOW))


def test_a_queue_of_which_six_hours_are_known_is_found_when_it_grows_within_minutes() -> None:
    random = np.random.default_rng(5)
    pending = JudgedSeries("depth", 28.0, lift=5.0)
    level = np.concatenate([np.full(6 * 60, 14.0), 14.0 * np.minimum(1 + 6 * np.arange(40) / 20, 7.0)])
    rows = [Minute(at, float(round(each))) for at, each in enumerate(level * random.normal(1, 0.08, len(level)))]
    learned = taught(pending, rows[: 6 * 60])
    found = [at - 6 * 60 for at in range(len(rows)) if judge(pending, rows, at, learned).breach]
    assert found
    assert 0 < found[0] <= 20, "while it still grows"


@pytest.mark.parametrize("seed", range(3))
def test_a_queue_that_is_empty_every_other_minute_is_left_alone_from_its_second_hour_on(seed: int) -> None:
    random = np.random.default_rng(seed)
    steps = np.cumsum(random.poisson(12, DAY) - random.poisson(20, DAY))
    depth = (steps - np.minimum.accumulate(np.minimum(steps, 0))).astype(float)
    queue = JudgedSeries("depth", 2 * float(depth.mean()), lift=0.1)
    rows = [Minute(at, each) for at, each in enumerate(depth.tolist())]
    learned = taught(queue, rows[:120])
    assert sum(depth[120:] > 5 * queue.objective) > 0 or depth.max() > 3 * queue.objective
    assert not any(judge(queue, rows, at, learned).breach for at in range(120, DAY))


def test_a_slow_drift_says_so() -> None:
    learned = taught(HER, shares(0.04, 20, 0, NOW))
    drifted = shares(0.065, 20, NOW, 360)
    judged = judge(HER, [*shares(0.04, 20, NOW - 400, 400), *drifted], NOW + 359, learned)
    assert judged.breach
    assert judged.drift == (judged.minutes == 360)
    if judged.drift:
        assert "over 6 h" in sentence("HER", "%", judged)
        assert "slowly" in sentence("HER", "%", judged)


def test_the_allowance_sets_the_threshold() -> None:
    assert Allowance().threshold == pytest.approx(10.67, abs=0.01)
    assert Allowance(slis=4).threshold > Allowance().threshold > Allowance(pages=4).threshold
    with pytest.raises(ValueError, match="pages above 0"):
        Allowance(pages=0)


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        (1e-9, "less than once in 10 years"),
        (1 / 120, "less than once in 10 years"),
        (1 / 100, "less than once in 5 years"),
        (1 / 12, "less than once a year"),
        (1.0, "less than once a month"),
        (4.0, "up to 4 times a month"),
    ],
)
def test_rarities(pages: float, words: str) -> None:
    assert rarity(pages) == words


def test_the_running_minute_pages_within_seconds() -> None:
    learned = taught(HER, shares(0.02, 1000, 0, NOW))
    before = shares(0.02, 1000, NOW - 400, 400)
    twelve = Allowance(looks_a_minute=12)
    slots = [Slot(NOW * 60 + 5 * at, 2.4, 83) for at in range(6)]
    assert judge_running(HER, slots, before, learned, twelve).call == "quiet"
    ill = [*slots, *(Slot(NOW * 60 + 30 + 5 * at, 14.5, 83) for at in range(3))]
    judged = judge_running(HER, ill, before, learned, twelve)
    assert judged.breach
    assert judged.onset == NOW
    assert sentence("HER", "%", judged).startswith("HER 14.5 % over 15 s (36 of 249), normal 2.0 %")


def test_the_running_minute_says_nothing_without_slots_or_while_learning() -> None:
    learned = taught(HER, shares(0.02, 100, 0, NOW))
    assert judge_running(HER, [], [], learned, Allowance()).call == "unknown"
    bad = [Slot(NOW * 60, 100.0, 50)]
    assert judge_running(HER, bad, [], taught(HER, []), Allowance()).call == "unknown"


def test_a_track_reads_back_what_it_shows() -> None:
    for track in (HER, DQR, COST, JudgedSeries("mean", 4.0, rising_is_bad=False)):
        assert track.shown(track.bad(3.5)) == pytest.approx(3.5)


@pytest.mark.parametrize("n", range(3, 60))
def test_three_bad_tasks_are_three_however_the_share_is_stored(n: int) -> None:
    learned = taught(HER, shares(0.002, 100, 0, NOW))
    (minute, *_) = (look for look in looks(HER, [Minute(NOW, 100 * 3 / n, n)], NOW, learned) if look.minutes == 1)
    assert minute.enough
