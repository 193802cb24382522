"""Recovery of a percentile: within 10 % of its baseline, merged, for thirty minutes; with few tasks it says so."""

import numpy as np
import pytest

from bot.core.model.samples import MinuteRow
from bot.core.recovery.recovery_clock import Need, judge
from tests.core.detection.test_percentiles import DAY, NOW, P95, SERIES, Draw, lived, longer_tail, steady, taught

HISTORY = lived(steady, 50, NOW - DAY, DAY)
BASELINE = taught(P95, HISTORY)
NEED = Need(SERIES, P95, BASELINE, incident_value=12.0, incident_n=150)


def after(draw: Draw, rate: float, minutes: int, seed: int = 5) -> dict[int, MinuteRow]:
    return lived(longer_tail, rate, NOW, 10) | lived(draw, rate, NOW + 10, minutes, seed)


def test_an_agent_whose_tail_is_back_holds_for_thirty_minutes() -> None:
    clock = judge([NEED], {SERIES: after(steady, 50, 50)}, hold_from=NOW, newest=NOW + 59)
    assert clock.state == "held"
    assert clock.in_band_since is not None
    assert NOW + 10 <= clock.in_band_since <= NOW + 20
    (line,) = clock.lines
    assert line.baseline == BASELINE.value
    assert line.limit == pytest.approx(1.1 * BASELINE.value)
    assert line.now is not None
    assert abs(line.now / BASELINE.value - 1) < 0.1


def test_an_agent_whose_tail_is_still_long_does_not() -> None:
    clock = judge([NEED], {SERIES: after(longer_tail, 50, 50)}, hold_from=NOW, newest=NOW + 59)
    assert clock.state == "waiting"
    (line,) = clock.lines
    assert line.now is not None
    assert line.now > 25
    assert "tasks past " in line.why


def half_way(random: np.random.Generator, n: int) -> np.ndarray:
    """One of eleven tasks still loops: p95 is past its limit, and the mean is that of a healthy day."""
    return np.where(random.random(n) < 0.09, random.poisson(25, n), random.poisson(7, n) + 1)


def test_half_way_is_not_there() -> None:
    clock = judge([NEED], {SERIES: after(half_way, 50, 80)}, hold_from=NOW, newest=NOW + 89)
    assert clock.state != "held"


def test_with_few_tasks_the_clock_says_how_sure_it_is() -> None:
    clock = judge([NEED], {SERIES: after(steady, 3, 45)}, hold_from=NOW + 10, newest=NOW + 54)
    assert clock.state == "running"
    assert "more tasks to tell 1.7 % from" in clock.sentence
    (line,) = clock.lines
    assert line.why.endswith(f"or more as {line.n:.0f} tasks can tell)")


def test_minutes_that_come_late_change_nothing() -> None:
    rows = after(steady, 50, 50)
    turned = dict(sorted(rows.items(), key=lambda row: -row[0]))
    one, other = (judge([NEED], {SERIES: each}, hold_from=NOW, newest=NOW + 59) for each in (rows, turned))
    assert one == other


def test_a_percentile_beside_the_incident_is_held_to_its_objective() -> None:
    beside = Need(SERIES, P95, BASELINE, breached=False)
    (line,) = judge([beside], {SERIES: after(steady, 50, 5)}, hold_from=NOW + 10, newest=NOW + 14).lines
    assert line.limit == 20
    assert line.call == "OK"
