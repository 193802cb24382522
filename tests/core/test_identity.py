"""Who is who: by Slack id and never by name; and nobody raises a rung without two people who are proven."""

from dataclasses import replace
from typing import Literal

import pytest

from bot.core.incident import permissions
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent
from bot.core.model.people import Actor, same_person
from tests.core.factories import incident

AGENT = Agent("refunds", "ana", deputy="bo")
Surface = Literal["slack", "cli", "web", "bot"]
ANA = Actor("ana", "Ana Duarte", "U0ANA", responder=True)
BO = Actor("bo", "Bo Lindgren", "U0BO", responder=True)
BY_NAME = replace(BO, surface="cli")


def refusal(actor: Actor, asked_by: Actor, of: Incident | None = None) -> str:
    return permissions.may_restore(actor, AGENT, of or incident(), asked_by)


def test_a_renamed_key_is_the_same_person() -> None:
    renamed = replace(ANA, key="anna", name="Anna Duarte")
    assert same_person(ANA, renamed)
    assert "A second person must approve it" in refusal(renamed, ANA)


def test_two_people_with_one_key_are_two_where_slack_says_so() -> None:
    assert not same_person(ANA, replace(BO, key="ana"))


def test_without_a_slack_id_the_key_decides() -> None:
    assert same_person(replace(ANA, slack=""), ANA)


@pytest.mark.parametrize(
    ("actor", "proven"),
    [
        (ANA, True),
        (replace(ANA, slack=""), False),
        (BY_NAME, False),
        (replace(BO, surface="cli", proven_by="token"), True),
        (replace(BO, surface="web"), False),
        (replace(BO, surface="bot"), False),
    ],
)
def test_who_is_proven(actor: Actor, *, proven: bool) -> None:
    assert actor.proven is proven


def test_a_name_typed_in_a_shell_is_nobodys_second_person_and_the_way_is_named() -> None:
    said = refusal(BY_NAME, ANA)
    assert "Bo Lindgren is only named" in said
    assert "personal token" in said
    assert refusal(replace(BO, surface="cli", proven_by="token"), ANA) == ""


def test_what_a_name_asked_for_is_taken_over_and_raises_nothing() -> None:
    assert refusal(ANA, BY_NAME) == ""
    assert permissions.takes_over(ANA, BY_NAME)
    assert not permissions.takes_over(ANA, BO)


@pytest.mark.parametrize("surface", ["slack", "cli", "web", "bot"])
@pytest.mark.parametrize("asked", ["slack", "cli", "web", "bot"])
def test_of_all_pairs_of_surfaces_only_two_proven_people_raise(surface: Surface, asked: Surface) -> None:
    second, first = replace(BO, surface=surface), replace(ANA, surface=asked)
    raises = refusal(second, first) == "" and not permissions.takes_over(second, first)
    assert raises is (second.proven and first.proven)
