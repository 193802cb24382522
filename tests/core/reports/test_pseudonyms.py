"""People stand in a postmortem by their roles."""

from dataclasses import replace

import pytest

from bot.core.incident import events as ev
from bot.core.model.people import Actor
from bot.core.reports.postmortem_report import Report
from bot.core.reports.pseudonyms import pseudonyms_of
from tests.core.reports.refund_incident import (
    CY,
    PEOPLE,
    STORY,
    at,
    report,
    strings,
    tell,
)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("Ana Silva's page reached Ana.", "noted", "The owner's page reached the owner."),
        ("<@U0ANA> and U0BO looked", "noted", "The owner and the deputy looked"),
        ("Paging ana, bo: You own refunds.", "paged", "Paging the owner, the deputy: You own refunds."),
        ("bo is a word here, anabolic too", "noted", "bo is a word here, anabolic too"),
        ("it is on @bo", "noted", "it is on the deputy"),
        ("Cy Dahl saw it", "noted", "Responder 1 saw it"),
    ],
)
def test_people_become_roles(text: str, kind: str, told: str) -> None:
    story = tell()
    assert pseudonyms_of(story.incident, story.entries, PEOPLE).words(text, kind) == told


def test_a_first_name_that_is_a_word_is_left_alone() -> None:
    people = {**PEOPLE, "will": replace(PEOPLE["cy"], key="will", name="Will May", slack="U0WILL")}
    story = tell()
    cast = pseudonyms_of(story.incident, story.entries, people)
    assert cast.words("Will it hold? Will May says so", "paged") == "Will it hold? Another person says so"


def test_somebody_outside_the_fleet_file_gets_a_role_too() -> None:
    guest = Actor("U0GUEST", "Gil Guest", "U0GUEST", responder=True)
    draft = report((*STORY[:5], ev.Noted(at("02:16"), guest, "Gil Guest here")))
    assert draft.timeline[-1].text == "Responder 1 here"
    assert ("Gil Guest", "responder 1") in {(person.name, person.role) for person in draft.responders}


def test_a_role_taken_names_a_responder() -> None:
    events = (*STORY[:5], ev.RoleTaken(at("02:16"), CY, "communications", "cy"))
    assert ("Cy Dahl", "communications") in {(person.name, person.role) for person in report(events).responders}


def test_names_stand_in_the_list_of_responders_only(draft: Report) -> None:
    assert {(person.name, person.role) for person in draft.responders} == {
        ("Ana Silva", "owner"),
        ("Bo Berg", "deputy"),
        ("Cy Dahl", "responder 1"),
    }
    told = list(strings(draft, leave="responders"))
    for word in ("Ana", "Silva", "Berg", "Dahl", "U0ANA", "owner: bo"):
        assert not [text for text in told if word in text], word
