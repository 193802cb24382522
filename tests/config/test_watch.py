"""Which directions of an SLI are watched, in the fleet file."""

import pytest

from tests.config.fleet_text import GOOD, changed, problems, read


def watch(text: str, name: str) -> str:
    return next(sli.watch for _, sli in read(text).agents["refunds"].slis if sli.name == name)


def test_escalations_are_watched_in_both_directions_unless_it_says_otherwise() -> None:
    assert (watch(GOOD, "her"), watch(GOOD, "tie")) == ("both", "bad")
    assert watch(changed("her: {}", "her: {watch: bad}"), "her") == "bad"


@pytest.mark.parametrize("given", ["{watch: up}", "{watch: [bad]}"])
def test_anything_else_is_refused(given: str) -> None:
    assert "slis.her.watch" in "\n".join(problems(changed("her: {}", f"her: {given}")))
