"""What people are called is their own business: a list is refused, a team is warned of, and a line ends the warning."""

import pytest

from bot.config import FleetErrors, parse_fleet
from bot.runtime.registry import REGISTRY
from tests.config.fleet_text import GOOD, problems


def warnings(name: str, more: str = "") -> tuple[str, ...]:
    text = GOOD.replace("name: Bo Chen", f"name: {name}{more}")
    assert text != GOOD
    return parse_fleet("fleet.yaml", text.encode(), {}, REGISTRY).warnings


@pytest.mark.parametrize(
    "name",
    [
        "Robert E Lee",
        "María José y Luis",
        "Camillo Benso e Cavour",
        "Jean et Marie Dupont",
        "O'Brien, Jr.",
        "X Æ A-12",
        "山田 太郎",
        "Sam Teamer",
        "Di Opsomer",
    ],
)
def test_a_name_of_a_person_is_taken_without_a_word(name: str) -> None:
    assert warnings(f'"{name}"') == ()


@pytest.mark.parametrize("name", ["Anna Rota", "Ed Oncall", "Payments Team", "Bo and Cy", "Bo & Cy", "sre"])
def test_what_looks_like_a_team_is_warned_of_and_one_line_says_that_it_is_a_person(name: str) -> None:
    (warning,) = warnings(f'"{name}"')
    assert warning.startswith("fleet.yaml:")
    assert "people.bo.name" in warning
    assert "is_person: true" in warning
    assert warnings(f'"{name}"', ", is_person: true") == ()


def test_a_list_of_people_is_refused() -> None:
    with pytest.raises(FleetErrors, match=r"people\.bo\.name: a list stands here"):
        warnings("[Bo Chen, Cy Ray]")


def test_a_sender_of_alerts_cannot_have_the_address_of_acknowledgements() -> None:
    text = "people:\n  ana: {name: Ana Lima, slack: U0ANA}\nalerts: {senders: {pagerduty: {kind: alertmanager}}}\n"
    assert any("call the sender pagerduty-alerts" in problem for problem in problems(text))
