"""The chart of budgets: a PNG of the size a phone shows, also where a budget is overspent or nothing is known."""

import struct

import pytest

from bot.charts.budget_chart import draw
from bot.core.budgets.budget import Tally
from bot.core.budgets.spending import Burndown, Spent, burndown

QUARTER = 10_800
"""Minutes of a quarter of 30 days."""
QUARTERS = [Spent(nth * QUARTER, QUARTER, Tally(5.0, 100, 0)) for nth in range(4)]


def test_what_was_left_is_counted_against_the_whole_stretch() -> None:
    # 400 tasks, 10 % may be bad: 40; each quarter spends 5 of them
    found = burndown("HER", QUARTERS, 0.9)
    assert [round(left, 3) for _, left in found.points] == [1.0, 0.875, 0.75, 0.625, 0.5]
    assert found.left == pytest.approx(0.5)
    assert burndown("HER", [], 0.9) == Burndown("HER", (), 1.0)


@pytest.mark.parametrize(
    "curves",
    [
        (),
        (burndown("HER", [], 0.95),),
        (burndown("HER", QUARTERS, 0.9), burndown("DQR", QUARTERS, 0.99)),
        tuple(burndown(f"SLI {n}", QUARTERS, 0.9) for n in range(9)),
    ],
    ids=["none", "nothing known", "one overspent", "more than fit"],
)
def test_it_is_a_picture(curves: tuple[Burndown, ...]) -> None:
    drawn = draw("refunds", curves)
    assert drawn.startswith(b"\x89PNG")
    assert struct.unpack(">II", drawn[16:24]) == (1000, 600)
