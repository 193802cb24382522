"""Every playbook is won by a good team, and lost in its own way by a slow one and by one that chooses wrongly."""

from pathlib import Path

from bot.core.exercises.debrief import Debrief
from bot.core.runbooks.rehearsal import TIMED
from bot.exercises.unattended import play
from tests.exercises.plain_text import PlainDocuments
from tests.exercises.shipped_playbooks import rehearsals


def played(name: str, style: str, folder: Path, runbooks: Path, seed: int = 7) -> Debrief:
    done = play(rehearsals()[name], style, seed, folder, runbooks, PlainDocuments())
    try:
        return done.exercise.debrief()
    finally:
        done.engine.close()


def test_a_good_a_slow_and_a_wrong_team(name: str, tmp_path: Path, runbooks: Path) -> None:
    good, slow, wrong = (played(name, style, tmp_path, runbooks) for style in ("good", "slow", "wrong"))
    assert {one.objective.id: one.rating for one in good.rated if one.rating != "P"} == {}
    assert good.score == 100

    late = [one for one in slow.rated if one.objective.measure in TIMED]
    assert late
    assert all(one.rating != "P" for one in late), late
    judged = [one for one in slow.rated if one.objective.measure not in TIMED and one.objective.measure != "cadence"]
    assert all(one.rating == "P" or one.objective.measure == "no-hints" for one in judged), judged

    assert wrong.wrong_causes == 2
    truth = rehearsals()[name].world
    if truth.enough and truth.breakage.left.get("bounded", 1.0) > 0:
        assert wrong.premature_restores > 0
    badly = {one.objective.measure: one.rating for one in wrong.rated if one.rating != "P"}
    assert badly.keys() & {"least-drastic", "not-lowered"}, badly
    assert badly["no-wrong-cause"] == "M"
    assert good.score > slow.score > wrong.score
    assert all(points_at_proof(one) for one in (good, slow, wrong))


def test_the_same_seed_gives_the_same_score_and_the_same_story(tmp_path: Path, runbooks: Path) -> None:
    one, other = (played("retry-loop", "wrong", tmp_path, runbooks, seed=3) for _ in range(2))
    assert (one.score, one.times, one.rated) == (other.score, other.times, other.rated)
    assert [(row.at, row.kind, row.text) for row in one.record] == [(r.at, r.kind, r.text) for r in other.record]


def test_another_seed_gives_another_story(tmp_path: Path, runbooks: Path) -> None:
    one, other = (played("retry-loop", "good", tmp_path, runbooks, seed=seed) for seed in (3, 4))
    assert [row.text for row in one.record] != [row.text for row in other.record]


def points_at_proof(found: Debrief) -> bool:
    """Every rating names lines of the record; a timed one that was met names at least one."""
    numbers = {row.n for row in found.record}
    timed = (one for one in found.rated if one.objective.measure in TIMED and one.rating != "U")
    return all(set(one.evidence) <= numbers for one in found.rated) and all(one.evidence for one in timed)
