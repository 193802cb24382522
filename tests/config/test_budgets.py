"""Error budgets in the fleet file: targets, and burn alerts that can ring at them."""

import pytest

from bot.core.budgets.budget import alerts_of
from bot.core.model.slis import BurnAlert, Sli
from tests.config.fleet_text import GOOD, changed, problems, read

ALERT = "burn_alerts: [{{factor: {}, over: 1d, and_over: 2h}}]"


def sli(text: str, name: str) -> Sli:
    return next(sli for _, sli in read(text).agents["refunds"].slis if sli.name == name)


def test_what_is_not_said_is_as_usual() -> None:
    assert (sli(GOOD, "tie").slice_target, sli(GOOD, "tie").burn_alerts) == (0.95, None)
    assert len(alerts_of(sli(GOOD, "dqr"))) == 2


def test_a_target_and_alerts_of_ones_own() -> None:
    text = changed("tie: {}", f"tie: {{slice_target: 99 %, {ALERT.format(4)}}}")
    assert sli(text, "tie").slice_target == 0.99
    assert sli(text, "tie").burn_alerts == (BurnAlert(4, 1440, 120),)
    assert sli(changed("her: {}", "her: {burn_alerts: []}"), "her").burn_alerts == ()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            "dqr: {}",
            f"dqr: {{{ALERT.format(14.4)}}}",
            "slis.dqr.burn_alerts: a burn rate above 14.4 can never be: at a target of 85 % everything bad burns at",
        ),
        ("her: {}", f"her: {{{ALERT.format(20)}}}", "at a target of 95 % everything bad burns at 20.0"),
        ("tie: {}", "tie: {slice_target: 100 %}", "slis.tie.slice_target: 100 % leaves no budget"),
        ("tie: {}", "tie: {burn_alerts: [{factor: 2, over: 1h, and_over: 1h}]}", "`and_over` is the short window"),
        ("tie: {}", "tie: {burn_alerts: [{factor: 2, over: 60, and_over: 5m}]}", "60 has no unit"),
        ("tie: {}", "tie: {burn_alerts: [{factr: 2, over: 1h, and_over: 5m}]}", "the key 'factr' is not known"),
    ],
)
def test_what_can_never_ring_is_refused(before: str, after: str, says: str) -> None:
    found = "\n".join(problems(changed(before, after)))
    assert says in found
    assert "fleet.yaml:" in found
