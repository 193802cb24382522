"""What workflows say, where the fleet watches the agent as a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.fleet import Agent
from bot.core.model.samples import Series
from bot.core.model.slis import Better, Objective, Sli
from bot.core.telemetry.pooling import Part, can_be_pooled, pooled, whole_of

HER = Sli("her", "HER", "%", "ratio", Better.LOWER, Objective(5))
TWO = Agent("refunds", "ana", workflows=("refund", "goodwill", "chargeback"), slis=(("", HER), ("chargeback", HER)))
ONE = Agent("kyc", "ana", workflows=("review",), slis=(("", HER),))


@pytest.mark.parametrize(
    ("sli", "parts", "expected"),
    [
        # 10 % of 20 and 2 % of 180: (2 + 3.6) of 200 is 2.8 %; the mean of the two shares would say 6 %
        ("her", [(10.0, 20.0), (2.0, 180.0)], (2.8, 200.0)),
        ("her", [(10.0, 20.0), (None, None)], (10.0, 20.0)),
        ("her", [(10.0, 20.0), (50.0, 0.0)], (10.0, 20.0)),
        ("her", [(10.0, 0.0), (50.0, 0.0)], (None, 0)),
        ("her", [(4.0, None)], (4.0, None)),
        ("her", [(None, None), (None, 5.0)], (None, None)),
        ("her", [(4.0, None), (10.0, 20.0)], (None, None)),
        ("her", [], (None, None)),
        ("aqdd", [(800.0, None), (47.0, None)], (847.0, None)),
    ],
)
def test_worked_examples(sli: str, parts: list[Part], expected: Part) -> None:
    assert pooled(sli, parts) == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(1, 1e6)), min_size=2), st.randoms())
def test_the_order_does_not_matter_and_the_value_lies_among_its_parts(parts: list[Part], random: object) -> None:
    value, n = pooled("her", parts)
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert pooled("her", parts) == pytest.approx((value, n))
    assert value is not None
    assert min(v or 0 for v, _ in parts) - 1e-6 <= value <= max(v or 0 for v, _ in parts) + 1e-6


def test_a_workflow_counts_for_the_whole_only_where_it_is_not_watched_itself() -> None:
    assert whole_of(TWO, Series("refunds", "refund", "her")) == Series("refunds", "", "her")
    assert whole_of(TWO, Series("refunds", "chargeback", "her")) is None
    assert whole_of(TWO, Series("refunds", "", "her")) is None
    assert whole_of(TWO, Series("refunds", "new-and-unlisted", "her")) == Series("refunds", "", "her")
    assert whole_of(TWO, Series("refunds", "refund", "dqr")) is None


def test_without_its_tasks_a_value_stands_for_the_agent_only_alone() -> None:
    assert not can_be_pooled(TWO, Series("refunds", "refund", "her"), None)
    assert can_be_pooled(TWO, Series("refunds", "refund", "her"), 0)
    assert can_be_pooled(TWO, Series("refunds", "refund", "aqdd"), None)
    assert can_be_pooled(ONE, Series("kyc", "review", "her"), None)
