"""Promise 1, a sample of `make crash`: killed at such a point, the night ends as if nothing had happened."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.crash.matrix import play, points_of
from tests.crash.verdict import Outcome, judge

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("nights"),
    # Apprise itself asks for a module that Python is about to drop.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]
AT_LEAST = 60
SAMPLE = (
    "store.commit opened after #1",
    "store.claim pagers after #1",
    "slack.page after #1",
    "apprise.page after #1",
    "slack conversations.setPurpose before #1",
    "store.commit acknowledged after #1",
    "store.finish push_rung sent before #1",
    "chat.upload after #1",
)


def test_the_quiet_night_ends_well_and_has_many_seams(quiet: tuple[Outcome, list[str]]) -> None:
    found, journal = quiet
    assert found.state["state"] == "resolved"
    assert found.state["rung"] == ("full", 2, "confirmed")
    assert found.state["not done"] == []
    assert found.state["chain"] == ""
    assert list(found.alerts.values()) == ["triggered acknowledged resolved"]
    points = points_of([journal])
    assert len(points) >= AT_LEAST
    assert set(SAMPLE) <= set(points)


@pytest.mark.parametrize("point", SAMPLE)
def test_killed_at(point: str, quiet: tuple[Outcome, list[str]], tmp_path: Path) -> None:
    wanted, _ = quiet
    found, deaths, _ = play(tmp_path / "night", f"sqlite:///{tmp_path / 'night' / 'stepdown.db'}", [point])
    assert deaths == [point]
    verdict = judge(wanted, found)
    assert verdict.good, verdict


def test_the_judge_sees_what_is_lost_doubled_or_ends_elsewhere(quiet: tuple[Outcome, list[str]]) -> None:
    wanted, _ = quiet
    page = next(key for key in wanted.pages if "/page/" in key)
    assert judge(wanted, wanted).good
    assert judge(wanted, replace(wanted, pages=wanted.pages - Counter([page]))).lost
    assert judge(wanted, replace(wanted, pages=wanted.pages + Counter([page]))).doubled
    assert judge(wanted, replace(wanted, posts=wanted.posts + Counter(["inc-1/say/x"]))).diverged
    assert judge(wanted, replace(wanted, state={**wanted.state, "state": "responding"})).diverged
