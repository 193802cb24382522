"""Who may do what in an exercise: the facilitator, and players where nobody facilitates."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.runbooks.rehearsal import Rehearsal
from bot.exercises import facilitation, player_actions
from bot.exercises.exercise import Exercise, Participants
from bot.exercises.unattended import Stepped, set_up
from tests.exercises.plain_text import PlainDocuments


@pytest.fixture
def exercise(rehearsal: Rehearsal, tmp_path: Path, runbooks: Path) -> Iterator[Exercise]:
    made, engine, _ = set_up(rehearsal, 7, tmp_path, runbooks, PlainDocuments())
    made.participants = Participants(("ana", "bo"), "cleo")
    made.start()
    yield made
    engine.close()


def test_players_cannot_direct(exercise: Exercise) -> None:
    answer = facilitation.act(exercise, "ana", "reveal", {})
    assert not answer.ok
    assert exercise.rehearsal.ground_truth.text not in answer.text
    assert not any(act.kind == "revealed" for act in exercise.acts)


def test_without_a_facilitator_players_let_it_run_on(exercise: Exercise) -> None:
    exercise.participants = replace(exercise.participants, facilitator="")
    assert exercise.hold("something real")
    assert not player_actions.do(exercise, "ana", "restart").ok
    assert facilitation.act(exercise, "bo", "resume", {}).ok
    assert player_actions.do(exercise, "ana", "restart").ok
    assert not facilitation.act(exercise, "bo", "reveal", {}).ok


def test_the_record_that_players_see_does_not_say_what_a_move_has_mended(exercise: Exercise) -> None:
    fixing = next(one for one in exercise.rehearsal.world.moves if one.effect == "fixes")
    assert player_actions.do(exercise, "ana", fixing.id).ok
    assert isinstance(exercise.clock, Stepped)
    exercise.clock.advance(60 * 30)
    exercise.planned[0] = replace(exercise.planned[0], inject=replace(exercise.planned[0].inject, to="facilitator"))
    exercise.tick()
    facilitation.act(exercise, "cleo", "note", {"text": "they guess"})
    kinds, seen = ([row.kind for row in rows] for rows in (exercise.rows(), exercise.seen_rows()))
    assert {"moved", "fixed", "note"} <= set(kinds)
    assert "moved" in seen
    assert not {"fixed", "note"} & set(seen)
    assert seen.count("inject") == kinds.count("inject") - 1


def test_the_next_inject_is_sent_skipped_edited_and_delayed(exercise: Exercise) -> None:
    first, second = (one.id for one in facilitation.upcoming(exercise)[:2])
    assert facilitation.act(exercise, "cleo", "edit", {"inject": first, "text": "Hello there"}).ok
    assert facilitation.act(exercise, "cleo", "send", {}).text == f"Sent: {first}."
    assert exercise.acts[-1].text == "Hello there"
    due = next(one.due for one in exercise.planned if one.id == second)
    assert facilitation.act(exercise, "cleo", "delay", {"inject": second, "minutes": "7"}).ok
    later = next(one.due for one in exercise.planned if one.id == second)
    assert due is not None
    assert later is not None
    assert (later - due).total_seconds() == 7 * 60
    assert facilitation.act(exercise, "cleo", "skip", {"inject": second}).ok
    assert next(one.state for one in exercise.planned if one.id == second) == "skipped"
    assert not facilitation.act(exercise, "cleo", "send", {"inject": second}).ok


def test_a_rating_by_hand_takes_a_reason_and_says_what_the_record_says(exercise: Exercise) -> None:
    assert not facilitation.act(exercise, "cleo", "rate", {"objective": "lead", "rating": "P"}).ok
    assert not facilitation.act(exercise, "cleo", "rate", {"objective": "lead", "rating": "X", "reason": "so"}).ok
    words = {"objective": "lead", "rating": "p", "reason": "Ana led, by voice"}
    assert facilitation.act(exercise, "cleo", "rate", words).ok
    rated = next(one for one in exercise.debrief().rated if one.objective.id == "lead")
    assert rated.rating == "P"
    assert "the record says U" in rated.why


def test_hints_cost_and_end(exercise: Exercise) -> None:
    before = exercise.debrief().score
    costs = [hint.cost for hint in exercise.rehearsal.hints]
    for _ in costs:
        assert player_actions.hint(exercise, "ana").ok
    assert not player_actions.hint(exercise, "ana").ok
    assert exercise.debrief().hint_cost == sum(costs)
    assert exercise.debrief().score == max(0, before - sum(costs))


def test_the_safe_word_ends_it_whoever_says_it(exercise: Exercise) -> None:
    assert player_actions.real(exercise, "eve", "Eve").ok
    assert exercise.over
    assert not player_actions.do(exercise, "ana", "restart").ok
