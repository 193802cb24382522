"""The long window in the fleet file."""

import pytest

from tests.config.fleet_text import GOOD, changed, problems, read


def long_window(text: str) -> int:
    return next(sli.long_window for _, sli in read(text).agents["refunds"].slis if sli.name == "her")


def test_none_unless_asked_for() -> None:
    assert long_window(GOOD) == 0
    assert long_window(changed("her: {}", "her: {sustain: 1m, long_window: 15m}")) == 15


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{long_window: 2m}", "slis.her.long_window: it must be longer than `sustain`, which is 2m"),
        ("{long_window: 2h}", "slis.her.long_window"),
        ("{long_window: 15}", "15 has no unit"),
    ],
)
def test_what_makes_no_sense_is_refused(given: str, says: str) -> None:
    found = "\n".join(problems(changed("her: {}", f"her: {given}")))
    assert says in found
    assert "fleet.yaml:" in found
