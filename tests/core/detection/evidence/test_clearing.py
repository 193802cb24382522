"""A breach ends with evidence, and an SLI between normal and objective neither stays in breach nor breaches again."""

from bot.core.detection.evidence.clearing import clear_since
from bot.core.detection.evidence.judgement import judge
from bot.core.detection.evidence.track import Minute
from tests.core.detection.evidence.healthy_series import COST, DAY, HER, QUEUE, costs, depths, shares, taught

NOW = 14 * DAY
HER_LEARNED = taught(HER, shares(0.02, 50, 0, NOW))


def ill_then(share: float, length: int = 120) -> list[Minute]:
    return [*shares(0.02, 50, NOW - 400, 400), *shares(0.15, 50, NOW, 30), *shares(share, 50, NOW + 30, length)]


def test_an_agent_that_is_still_ill_does_not_clear() -> None:
    rows = ill_then(0.15)
    assert not any(clear_since(HER, rows, NOW + at, 15.0, HER_LEARNED) is not None for at in range(2, 150))


def test_a_healthy_agent_clears_within_ten_minutes() -> None:
    rows = ill_then(0.02)
    first = next(at for at in range(120) if clear_since(HER, rows, NOW + 30 + at, 15.0, HER_LEARNED))
    assert 1 <= first <= 10


def test_half_well_is_not_well() -> None:
    rows = ill_then(0.09)
    assert not any(clear_since(HER, rows, NOW + 30 + at, 15.0, HER_LEARNED) for at in range(1, 120))


def test_between_normal_and_objective_it_clears_and_does_not_breach_again() -> None:
    rows = ill_then(0.035, 180)
    found = [clear_since(HER, rows, NOW + 30 + at, 15.0, HER_LEARNED) for at in range(60)]
    at, since = next((at, since) for at, since in enumerate(found) if since is not None)
    assert since >= NOW + 25
    assert not any(judge(HER, rows, NOW + 30 + later, HER_LEARNED, since=since).breach for later in range(at, 180))


def test_a_second_illness_after_a_clear_breaches_again() -> None:
    rows = [*ill_then(0.02, 30), *shares(0.15, 50, NOW + 60, 10)]
    since = clear_since(HER, rows, NOW + 50, 15.0, HER_LEARNED)
    assert since is not None
    judged = judge(HER, rows, NOW + 69, HER_LEARNED, since=since)
    assert judged.breach
    assert abs((judged.onset or 0) - (NOW + 60)) <= 1


def test_means_and_queues_clear_too() -> None:
    learned = taught(COST, costs(1.0, 20, 0, NOW))
    rows = [*costs(1.0, 20, NOW - 400, 400), *costs(3.0, 20, NOW, 20), *costs(1.0, 20, NOW + 20, 90)]
    assert not clear_since(COST, rows, NOW + 19, 3.0, learned)
    assert any(clear_since(COST, rows, NOW + 20 + at, 3.0, learned) for at in range(70))
    queue = taught(QUEUE, depths(9.0, 0, NOW))
    waits = [*depths(9.0, NOW - 400, 400), *depths(60.0, NOW, 20), *depths(9.0, NOW + 20, 90)]
    assert any(clear_since(QUEUE, waits, NOW + 20 + at, 60.0, queue) for at in range(90))


def test_silence_clears_nothing() -> None:
    assert not clear_since(HER, [], NOW, 15.0, HER_LEARNED)
