"""A past incident as a rehearsal: the same break, the same times to beat, nothing made up."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.exercises.past_incident import rehearsal_of
from bot.core.incident import events as ev
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.runbooks.rehearsal import Rehearsal
from bot.exercises.unattended import play
from tests.exercises.plain_text import PlainDocuments
from tests.exercises.shipped_playbooks import rehearsals


@pytest.fixture
def again(tmp_path: Path, runbooks: Path) -> Rehearsal:
    """What a good team's retry loop leaves behind, as a rehearsal."""
    done = play(rehearsals()["retry-loop"], "good", 7, tmp_path, runbooks, PlainDocuments())
    incident = done.engine.incidents()[0]
    made = rehearsal_of(incident, done.engine.store.entries(incident.id), DEFAULT_LADDER)
    done.engine.close()
    return made


def test_it_is_made_of_the_incidents_own_entries(again: Rehearsal) -> None:
    assert again.playbook == "inc-1001001"
    assert again.world.enough == "approval"
    assert again.ground_truth.cause == "schema"
    assert again.world.breakage.left["bounded"] == 1.0
    assert again.world.breakage.left["approval"] == 0.0
    assert {pull.channel for pull in again.world.breakage.pulls} >= {"calls"}
    assert any("It is responding" in one.text or "It is" in one.text for one in again.injects)
    by_id = {one.id: one for one in again.objectives}
    assert by_id["acknowledge"].within == 5
    assert by_id["cause"].within == 10  # eight minutes the first time, and a quarter more


def test_it_can_be_won_and_lost_again(again: Rehearsal, tmp_path: Path, runbooks: Path) -> None:
    scores = []
    for style in ("good", "wrong"):
        done = play(again, style, 7, tmp_path / style, runbooks, PlainDocuments())
        scores.append(done.exercise.debrief())
        done.engine.close()
    good, wrong = scores
    assert {one.rating for one in good.rated} == {"P"}, good.rated
    assert wrong.score < good.score
    assert wrong.wrong_causes == 2


def test_an_incident_that_broke_nothing_is_refused(tmp_path: Path, runbooks: Path) -> None:
    done = play(rehearsals()["retry-loop"], "good", 7, tmp_path, runbooks, PlainDocuments())
    incident = done.engine.incidents()[0]
    entries = [one for one in done.engine.store.entries(incident.id) if not isinstance(one.entry.event, ev.Breached)]
    done.engine.close()
    with pytest.raises(ValueError, match="broke no SLI"):
        rehearsal_of(replace(incident, breaches=()), entries, DEFAULT_LADDER)
