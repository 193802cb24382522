"""HER that falls is a page only when another sign of trouble rises with it."""

from bot.core.detection.evidence.silent_failure import JudgedSignal, SilentFailure, mirrored, silent_failure
from bot.core.detection.evidence.track import Minute
from tests.core.detection.evidence.healthy_series import COST, DAY, HER, costs, shares, taught

NOW = 14 * DAY
FALLING = mirrored(HER)
ASKS = shares(0.10, 60, 0, NOW + 20)
CALLS = costs(1.0, 60, 0, NOW + 20)
STOPS_ASKING = [*ASKS[:NOW], *shares(0.005, 60, NOW, 20)]
CALLS_MORE = [*CALLS[:NOW], *costs(1.6, 60, NOW, 20)]
ASKS_LEARNED, CALLS_LEARNED = taught(FALLING, ASKS[:NOW]), taught(COST, CALLS[:NOW])


def found(asks: list[Minute], calls: list[Minute], at: int = NOW + 14) -> SilentFailure | None:
    signal = JudgedSignal(COST, calls[-500:], CALLS_LEARNED)
    return silent_failure(JudgedSignal(FALLING, asks[-500:], ASKS_LEARNED), {"tool calls": signal}, at)


def test_a_fall_with_a_rise_is_a_silent_failure() -> None:
    failure = found(STOPS_ASKING, CALLS_MORE)
    assert failure is not None
    assert failure.page
    assert failure.companion == "tool calls"


def test_a_fall_alone_is_a_note() -> None:
    note = found(STOPS_ASKING, CALLS)
    assert note is not None
    assert not note.page
    assert note.companion is None


def test_no_fall_is_nothing() -> None:
    assert found(ASKS, CALLS_MORE) is None
    assert found(ASKS, CALLS) is None
