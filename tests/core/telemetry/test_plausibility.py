"""Whether a number can be what it is taken for."""

from dataclasses import replace

import pytest

from bot.core.model.slis import Better, Objective, Sli
from bot.core.telemetry.plausibility import fraction_doubt, possible_share

DQR = Sli("dqr", "decision quality", "%", "gauge", Better.HIGHER, Objective(85.0))
HER = Sli("her", "human escalations", "%", "ratio", Better.LOWER, Objective(5.0))


@pytest.mark.parametrize(
    ("sli", "found", "doubt"),
    [
        (DQR, [(0.97, None)], "at most 0.97 %, where more is better: is it a fraction?"),
        (DQR, [(0.97, 214.0), (1.0, 214.0)], "at most 1 %, where more is better"),
        (HER, [(0.03, 214.0)], "read as percent it would be 0.064 of a task: is it a fraction?"),
        (DQR, [(97.0, None), (0.9, None)], ""),
        (HER, [(0.5, 214.0)], ""),  # one task of 214
        (HER, [(0.03, None)], ""),  # may be so; `stepdown check` asks
        (HER, [(0.0, 214.0)], ""),
        (DQR, [(None, None), (0.0, 5.0)], ""),
        (DQR, [(-0.5, None)], ""),
        (DQR, [], ""),
        (replace(DQR, unit="calls/task"), [(0.97, None)], ""),
        (replace(DQR, values_in="percent"), [(0.97, None)], ""),
        (replace(DQR, values_in="fraction"), [(0.97, None)], ""),
    ],
)
def test_a_fraction_read_as_percent_is_doubted(
    sli: Sli, found: list[tuple[float | None, float | None]], doubt: str
) -> None:
    assert fraction_doubt(sli, found).startswith(doubt)
    assert bool(fraction_doubt(sli, found)) == bool(doubt)


def test_what_a_share_can_be() -> None:
    assert [value for value in (-1.0, 0.0, 50.0, 105.0, 105.1, 250.0) if possible_share(value)] == [0.0, 50.0, 105.0]
