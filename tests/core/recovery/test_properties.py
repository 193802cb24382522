"""What must hold for any minutes whatever: good and bad spells, gaps, idle and thin minutes, counted or not."""

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Better, Objective
from bot.core.recovery.recovery_clock import GRACE, NEEDED, ClockChange, Need, RecoveryClock, judge, moves
from tests.core.sample_data import AQDD, DQR, HER, Cell, minutes, normal, series_of

HER_3 = normal(3.0)

# spells make runs of 30 likely, which single random minutes never would
spell = st.one_of(
    st.tuples(st.floats(0, 4), st.integers(0, 200), st.integers(1, 45)),
    st.tuples(st.floats(0, 100), st.integers(0, 200), st.integers(1, 5)),
    st.tuples(st.none(), st.none(), st.integers(1, 4)),
    st.tuples(st.floats(0, 20), st.none(), st.integers(1, 3)),
)
spells = st.lists(spell, min_size=1, max_size=7)
tail = st.integers(30, 60)


def cells_of(drawn: list[tuple[float | None, int | None, int]]) -> list[Cell]:
    return [(value, n) for value, n, length in drawn for _ in range(length)]


def clock_of(cells: list[Cell], need: Need, newest: int | None = None) -> RecoveryClock:
    last = len(cells) - 1 if newest is None else newest
    return judge([need], {need.series: minutes(need.sli, cells)}, hold_from=0, newest=last)


def moves_of(cells: list[Cell], need: Need, newest: int | None = None) -> tuple[ClockChange, ...]:
    last = len(cells) - 1 if newest is None else newest
    return moves([need], {need.series: minutes(need.sli, cells)}, hold_from=0, newest=last)


def her(n: float | None = None) -> Need:
    return Need(series_of(HER), HER, HER_3, 18.0, n)


@given(spells, tail)
def test_never_held_with_a_bad_minute_in_the_last_thirty(
    drawn: list[tuple[float | None, int | None, int]], good: int
) -> None:
    cells = [*cells_of(drawn), *[(3.0, 100.0)] * good]
    clock = clock_of(cells, her())
    assume(clock.state == "held")
    assert clock.last_bad is None or clock.last_bad <= len(cells) - 1 - NEEDED
    assert clock.held_at is not None
    assert clock.in_band_since is not None
    assert clock.held_at - clock.in_band_since + 1 >= NEEDED


@given(spells, tail)
def test_a_hold_is_dense(drawn: list[tuple[float | None, int | None, int]], good: int) -> None:
    cells = [*cells_of(drawn), *[(3.0, 100.0)] * good]
    clock = clock_of(cells, her())
    assume(clock.held_at is not None and clock.in_band_since is not None)
    answered = [cells[minute] != (None, None) for minute in range(clock.in_band_since or 0, (clock.held_at or 0) + 1)]
    assert sum(answered) >= NEEDED
    assert "0" * (GRACE + 1) not in "".join(str(int(one)) for one in answered)


@given(spells, st.integers(0, 300), st.sampled_from([None, 40.0]))
def test_the_future_does_not_change_the_past(
    drawn: list[tuple[float | None, int | None, int]], cut: int, n: float | None
) -> None:
    cells = cells_of(drawn)
    newest = min(cut, len(cells) - 1)
    whole, early = moves_of(cells, her(n)), moves_of(cells, her(n), newest)
    assert early == tuple(turn for turn in whole if turn.minute <= newest)


@given(spells, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    drawn: list[tuple[float | None, int | None, int]], order: random.Random
) -> None:
    cells, need = cells_of(drawn), her()
    rows = minutes(HER, cells)
    arrived = list(rows.items())
    order.shuffle(arrived)
    late: dict[int, MinuteRow] = dict(arrived)
    newest = len(cells) - 1
    assert judge([need], {need.series: late}, hold_from=0, newest=newest) == clock_of(cells, need)


@given(spells)
def test_the_clock_is_where_its_moves_left_it(drawn: list[tuple[float | None, int | None, int]]) -> None:
    cells = cells_of(drawn)
    clock, turns = clock_of(cells, her()), moves_of(cells, her())
    last = turns[-1].kind if turns else "none"
    assert {"held": "held", "began": "running", "reset": "reset", "none": "waiting"}[last] == (
        "running" if clock.state == "paused" else clock.state
    )


@given(spells, st.sampled_from([0.001, 0.5, 1024.0]))
def test_the_unit_does_not_matter(drawn: list[tuple[float | None, int | None, int]], scale: float) -> None:
    cells = cells_of(drawn)
    gauge = replace(HER, kind="gauge", objective=Objective(5.0))
    scaled = replace(gauge, objective=Objective(5.0 * scale), absolute_tolerance=0.5 * scale)
    base, scaled_base = normal(3.0, spread=0.5), normal(3.0 * scale, spread=0.5 * scale)
    one = moves_of(cells, Need(series_of(gauge), gauge, base, 18.0))
    many: list[Cell] = [(None if value is None else value * scale, n) for value, n, k in drawn for _ in range(k)]
    other = moves_of(many, Need(series_of(scaled), scaled, scaled_base, 18.0 * scale))
    assert [(turn.minute, turn.kind) for turn in one] == [(turn.minute, turn.kind) for turn in other]


# Halves are exact in binary, so that mirroring at 100 loses nothing and a tie stays a tie.
half = st.integers(0, 200).map(lambda twice: twice / 2)


@given(st.lists(st.tuples(half, st.integers(1, 200), st.integers(1, 40)), min_size=1, max_size=6))
def test_both_directions_are_mirror_images(drawn: list[tuple[float, int, int]]) -> None:
    low = replace(HER, tolerance=0.0)
    high = replace(low, better=Better.HIGHER, objective=Objective(95.0))
    cells: list[Cell] = [(value, n) for value, n, length in drawn for _ in range(length)]
    mirrored: list[Cell] = [(100 - value, n) for value, n, length in drawn for _ in range(length)]
    one = moves_of(cells, Need(series_of(low), low, HER_3, 18.0))
    other = moves_of(mirrored, Need(series_of(high), high, normal(97.0), 82.0))
    assert [(turn.minute, turn.kind) for turn in one] == [(turn.minute, turn.kind) for turn in other]


@given(st.lists(st.sampled_from([None, 0.0, float("nan"), 100.0]), min_size=1, max_size=200))
def test_an_idle_agent_never_recovers(values: list[float | None]) -> None:
    idle: list[Cell] = [(value, 0.0) for value in values]
    assert clock_of(idle, her()).state == "waiting"
    exempt = replace(her(), exempt="rises by itself on read-only")
    dqr = Need(series_of(DQR), DQR, normal(92.0), breached=False)
    rows = {exempt.series: minutes(HER, idle), dqr.series: minutes(DQR, idle)}
    assert judge([exempt, dqr], rows, hold_from=0, newest=len(idle) - 1).state == "waiting"


@given(st.lists(st.one_of(st.floats(0, 30), st.none()), min_size=30, max_size=120))
def test_without_counts_a_hold_has_no_minute_past_its_limit(values: list[float | None]) -> None:
    need = Need(series_of(AQDD), AQDD, normal(8.0), 847.0)
    clock = clock_of(list(values), need)
    if clock.in_band_since is not None:
        inside = [value for value in values[clock.in_band_since :] if value is not None]
        assert max(inside) <= 13.0


@pytest.mark.parametrize("newest", [59, 60, 61, 300])
def test_forgotten_rows_do_not_hold(newest: int) -> None:
    # 60 good minutes, then the source dies: held, through the two minutes of grace, and then no more
    clock = clock_of([(3.0, 100.0)] * 60, her(), newest)
    assert clock.state == ("held" if newest <= 61 else "reset")
