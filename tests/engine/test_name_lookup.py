"""Whom a tired person meant: by key, name or Slack id, however it is typed; never one of two."""

from dataclasses import replace

import pytest

from bot.core.model.fleet import Fleet
from bot.engine.name_lookup import Unknown, find_person
from tests.support.wired import fleet


def called(**names: str) -> Fleet:
    known = fleet()
    people = {key: replace(known.people[key], name=name) for key, name in names.items()}
    return replace(known, people={**known.people, **people})


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("José Lín", "Jose\u0301 Li\u0301n"),
        ("Jose\u0301 Li\u0301n", "josé lín"),
        ("李娜", "李娜"),
        ("李 娜", "李\u3000娜"),
        ("Bo  Chen", "bo\u00a0chen"),
        ("BO CHEN", "@Bo Chen"),
        ("Straße", "STRASSE"),
        ("\uff22\uff4f", "Bo"),
    ],
)
def test_a_name_is_found_however_it_is_typed(name: str, typed: str) -> None:
    assert find_person(called(bo=name), typed) == "bo"


def test_a_name_of_two_people_is_nobodys() -> None:
    with pytest.raises(Unknown, match=r"^Wei Zhang is the name of bo and cleo\. Say which one, by that key\.$"):
        find_person(called(bo="Wei Zhang", cleo="Wei Zhang"), "wei zhang")
    assert find_person(called(bo="Wei Zhang", cleo="Wei Zhang"), "cleo") == "cleo"
    assert find_person(called(bo="Wei Zhang", cleo="Wei Zhang"), "<@U0BO|wei>") == "bo"


def test_a_key_that_is_another_persons_name_is_the_key() -> None:
    assert find_person(called(cleo="bo"), "bo") == "bo"
    assert find_person(called(cleo="bo"), "Bo") == "bo"


def test_nobody_of_that_name_is_said_with_the_nearest_as_it_is_written() -> None:
    with pytest.raises(Unknown, match=r"There is no person 'Joze Lin'\. Did you mean José Lín\?"):
        find_person(called(bo="José Lín"), "Joze Lin")
