"""Steps whose evidence the bot has settle themselves, with the evidence named; what is so no more is open again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.incident import permissions
from bot.core.incident.incident import Incident, IncidentState
from bot.core.runbooks.runbook import Plan, Settler, Step
from bot.core.transitions.reducer import replay
from bot.core.transitions.step_settling import EVIDENCE
from bot.runbooks.library import RunbookLibrary
from tests.support.wired import ANA, BO, OneRunbook, WiredEngine

SETTLED = Plan(
    "settled",
    "Steps that settle themselves",
    (
        Step("real", "detection", "Decide whether it is real"),
        Step("cause", "attribution", "Name the cause", settled_by="cause-named"),
        Step("lower", "containment", "Step down", settled_by="rung-lowered"),
        Step("clock", "recovery", "Wait for the clock", settled_by="recovery-held"),
        Step("restore", "recovery", "Restore", settled_by="restored"),
        Step("later", "recovery", "Note follow-ups", settled_by="followup-noted"),
    ),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path, runbooks=OneRunbook(SETTLED))
    made.settle_in()
    made.live(3, tie=13.0)
    assert made.commands.paging.acknowledge(ANA, 1).ok
    yield made
    made.close()


def _notes(incident: Incident) -> dict[str, str]:
    return {key: mark.note for key, mark in incident.marks.items() if mark.by == "bot"}


def test_each_settles_when_its_evidence_is_there_and_not_before(house: WiredEngine) -> None:
    assert house.commands.autonomy.step_down(ANA, "refunds", "watched", "retry loop").ok
    assert _notes(house.incident()) == {}, "a request settles nothing"
    house.live(1, tie=13.0)
    assert _notes(house.incident()) == {"lower": "watched read back by 2 of 2 instances in 60 s"}
    assert house.commands.causes.attribute(ANA, 1, "prompt", "new since noon").ok
    assert _notes(house.incident())["cause"].startswith("cause named: ")
    assert house.commands.teamwork.follow_up(ANA, 1, "an eval case for it").ok
    assert _notes(house.incident())["later"] == "1 follow-up noted"
    house.live(46)
    assert house.incident().state is IncidentState.RECOVERED
    assert _notes(house.incident())["clock"].startswith("the recovery clock held at ")
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "fixed").ok
    assert house.commands.autonomy.approve_restore(BO, 1).ok
    assert "clock" not in _notes(house.incident()), "after the last restore the 30 minutes run again"
    house.live(46)
    assert _notes(house.incident())["restore"].startswith("full read back by 2 of 2 instances")
    assert permissions.resolve_barred(house.incident()) == ("step not settled: Decide whether it is real (detection)",)
    told = [one.entry.text for one in house.store.entries(1) if one.entry.kind == "step_settled"]
    assert "containment: Step down: done by the evidence (watched read back by 2 of 2 instances in 60 s)" in told
    assert any(one.startswith("recovery: Wait for the clock: open again") for one in told)
    assert "Every required step of containment is settled." in [one.entry.text for one in house.store.entries(1)]
    events = [one.entry.event for one in house.store.entries(1) if one.entry.event is not None]
    assert replay(events) == house.incident()


def test_the_card_names_the_bot_and_the_evidence(house: WiredEngine) -> None:
    assert house.commands.autonomy.step_down(ANA, "refunds", "watched", "retry loop").ok
    house.live(1, tie=13.0)
    (step,) = house.views.phase_card(house.incident(), "containment", house.clock.now()).steps
    assert (step.outcome, step.by) == ("done", "Stepdown")
    assert step.note == "watched read back by 2 of 2 instances in 60 s"


def test_a_persons_mark_stands(house: WiredEngine) -> None:
    assert house.commands.lifecycle.mark_step(ANA, 1, "lower", "blocked", "it still writes").ok
    assert house.commands.autonomy.step_down(ANA, "refunds", "watched", "retry loop").ok
    house.live(2, tie=13.0)
    assert house.incident().marks["lower"].outcome == "blocked"
    assert house.commands.causes.attribute(ANA, 1, "prompt").ok
    assert house.commands.lifecycle.mark_step(BO, 1, "cause", "blocked", "I doubt it").ok
    house.live(1, tie=13.0)
    assert house.incident().marks["cause"].by == "bo"


def test_a_reset_takes_back_what_the_clock_had_settled(house: WiredEngine) -> None:
    house.live(46)
    assert "clock" in _notes(house.incident())
    house.live(12, tie=30.0)
    assert house.incident().state is not IncidentState.RECOVERED
    assert "clock" not in _notes(house.incident())


def test_containment_by_other_means_is_no_read_back(house: WiredEngine) -> None:
    assert house.commands.lifecycle.contain(ANA, 1, "credentials taken away").ok
    assert _notes(house.incident()) == {}


def test_everything_that_settles_has_its_evidence() -> None:
    assert set(EVIDENCE) == set(Settler.__args__)  # type: ignore[attr-defined]


def test_from_page_to_resolved_with_the_least_taps(tmp_path: Path, repository: Path) -> None:
    """The shipped runbook: what the bot has seen itself is ticked by nobody, and two approvals are one."""
    house = WiredEngine(tmp_path, runbooks=RunbookLibrary(repository / "runbooks"))
    house.settle_in()
    house.live(3, tie=13.0)
    taps = 0

    def tap(ok: bool) -> None:
        nonlocal taps
        taps += 1
        assert ok

    tap(house.commands.paging.acknowledge(ANA, 1).ok)
    tap(house.commands.autonomy.step_down(ANA, "refunds", "read-only", "retry loop").ok)
    house.live(1, tie=13.0)
    tap(house.commands.causes.attribute(ANA, 1, "prompt", "new since noon").ok)
    for _ in range(3):
        house.live(16)
    tap(house.commands.autonomy.ask_plan(ANA, "refunds", "rolled back").ok)
    tap(house.commands.autonomy.approve_restore(BO, 1).ok)
    house.live(90)
    assert house.incident().state is IncidentState.RECOVERED
    assert house.rung_cache.answer("refunds").level == "full"
    marks = _notes(house.incident())
    assert {"step-down", "obeyed", "cause", "clock", "restore"} <= marks.keys()
    owed = [one for one in permissions.resolve_barred(house.incident()) if one.startswith("step not settled")]
    assert len(owed) == 6, owed
    for step in house.incident().plan.steps:
        if step.required and step.id not in house.incident().marks:
            tap(house.commands.lifecycle.mark_step(ANA, 1, step.id, "done").ok)
    tap(house.commands.lifecycle.resolve(ANA, 1).ok)
    assert house.incident().state is IncidentState.RESOLVED
    assert taps == 12
    house.close()
