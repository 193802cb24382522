"""The state table: what is legal, what is refused, and that the entries are the incident."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.incident import events as ev
from bot.core.incident.incident import CLOSED, IllegalMove, Incident, IncidentState
from bot.core.model.people import BOT, Actor
from bot.core.transitions.reducer import advance, replay
from tests.core.factories import ANA, BO, T0, at, breach, incident, opened


def _confirmed(found: Incident, minutes: float = 3) -> Incident:
    lowered = advance(found, ev.RungLowered(at(minutes), ANA, "", "full", "approval", 1, "loop")).incident
    return advance(lowered, ev.RungConfirmed(at(minutes + 0.2), BOT, 1, 3, 3, 12.0)).incident


def _recovered() -> Incident:
    found = _confirmed(incident(ev.Acknowledged(at(1), ANA)))
    found = advance(found, ev.RecoveryBegan(at(20), BOT, 100, "in band")).incident
    return advance(found, ev.RecoveryHeld(at(50), BOT, 130, "held")).incident


def test_contained_only_when_the_lower_rung_is_confirmed() -> None:
    found = incident(ev.Acknowledged(at(1), ANA))
    lowered = advance(found, ev.RungLowered(at(2), ANA, "", "full", "approval", 1, "loop")).incident
    assert lowered.state is IncidentState.RESPONDING
    assert lowered.rungs.state == "requested"
    assert _confirmed(found).state is IncidentState.CONTAINED


def test_a_step_down_before_the_acknowledgement_contains_once_acknowledged() -> None:
    found = _confirmed(incident())
    assert found.state is IncidentState.PAGING
    assert advance(found, ev.Acknowledged(at(5), ANA)).incident.state is IncidentState.CONTAINED


def test_a_step_down_that_is_not_confirmed_is_loud_and_pages() -> None:
    lowered = incident(ev.Acknowledged(at(1), ANA), ev.RungLowered(at(2), ANA, "", "full", "approval", 1, "loop"))
    timer = next(timer for timer in lowered.timers if timer.kind == "confirm")
    assert timer.due_at == at(3)
    decision = advance(lowered, ev.TimerDue(at(3), BOT, "confirm", timer.token))
    assert decision.incident.rungs.state == "not-confirmed"
    assert "NOT CONFIRMED" in decision.entries[0].text
    assert [effect.person for effect in decision.effects if effect.kind == "page"] == ["ana", "ana"]
    late = advance(decision.incident, ev.RungConfirmed(at(4), BOT, 1, 3, 3, 120.0)).incident
    assert late.state is IncidentState.CONTAINED


def test_an_old_epoch_confirms_nothing() -> None:
    lowered = incident(ev.RungLowered(at(2), ANA, "", "full", "approval", 4, "loop"))
    with pytest.raises(IllegalMove, match="Epoch 3"):
        advance(lowered, ev.RungConfirmed(at(3), BOT, 3, 1, 1, 1.0))


def test_a_bad_minute_goes_back_and_says_why() -> None:
    reset = advance(_recovered(), ev.RecoveryReset(at(55), BOT, 135, "HER 9.0 % is worse than its limit 3.5 %"))
    assert reset.incident.state is IncidentState.CONTAINED
    assert reset.incident.last_reset == "HER 9.0 % is worse than its limit 3.5 %"
    assert reset.incident.recovered_at is None


def test_resolving_takes_a_person_and_recovery_or_an_override() -> None:
    with pytest.raises(IllegalMove, match="always a person"):
        advance(_recovered(), ev.Resolved(at(60), BOT))
    with pytest.raises(IllegalMove, match="not recovered"):
        advance(incident(), ev.Resolved(at(60), ANA))
    assert advance(incident(), ev.Resolved(at(60), ANA, override="duplicate")).incident.override == "duplicate"
    assert advance(_recovered(), ev.Resolved(at(60), ANA)).incident.state is IncidentState.RESOLVED


def test_a_cleared_alert_never_closes_anything() -> None:
    cleared = advance(incident(), ev.Cleared(at(3), BOT, breach().series, "HER 3 %")).incident
    assert cleared.state is IncidentState.PAGING
    assert cleared.breaches[0].cleared_at == at(3)


def test_raising_takes_two_people_and_never_the_bot() -> None:
    def raised(actor: Actor) -> ev.RungRaised:
        return ev.RungRaised(at(60), actor, "approval", "bounded", 2, "fixed", asked_by=ANA)

    with pytest.raises(IllegalMove, match="second person"):
        advance(_recovered(), raised(ANA))
    with pytest.raises(IllegalMove, match="never raises"):
        advance(_recovered(), raised(BOT))
    up = advance(_recovered(), raised(BO)).incident
    assert up.state is IncidentState.RECOVERING
    assert up.hold_from == int(at(60).timestamp() // 60) + 1
    assert up.recovered_at is None


def test_a_relapse_reopens_and_pages_again() -> None:
    closed = advance(_recovered(), ev.Resolved(at(60), ANA)).incident
    decision = advance(closed, ev.Reopened(at(90), BOT, "HER again", breach(value=12.0)))
    assert decision.incident.state is IncidentState.PAGING
    assert decision.incident.relapses == 1
    assert any(effect.kind == "page" for effect in decision.effects)


def test_marking_a_step_other_than_done_takes_a_note() -> None:
    with pytest.raises(IllegalMove, match="takes a note"):
        advance(incident(), ev.StepMarked(at(1), ANA, "confirm", "skipped"))
    with pytest.raises(IllegalMove, match="no step"):
        advance(incident(), ev.StepMarked(at(1), ANA, "nosuch", "done"))


def test_the_last_required_step_of_a_phase_finishes_it_once() -> None:
    decision = advance(incident(), ev.StepMarked(at(1), ANA, "clean", "done"))
    assert [entry.kind for entry in decision.entries] == ["step_marked", "phase_done"]
    again = advance(decision.incident, ev.StepMarked(at(2), ANA, "extra", "done"))
    assert [entry.kind for entry in again.entries] == ["step_marked"]


PEOPLE = st.sampled_from([ANA, BO])
STEPS = st.sampled_from(["confirm", "cause", "lower", "clean", "extra", "nosuch"])
ANY_EVENT = st.one_of(
    st.builds(ev.Acknowledged, at=st.just(T0), actor=PEOPLE),
    st.builds(ev.PassedOn, at=st.just(T0), actor=PEOPLE),
    st.builds(
        ev.Breached, at=st.just(T0), actor=st.just(BOT), breach=st.builds(breach, st.sampled_from(["her", "tie"]))
    ),
    st.builds(ev.Cleared, at=st.just(T0), actor=st.just(BOT), series=st.just(breach().series), why=st.just("fine")),
    st.builds(
        ev.StepMarked,
        at=st.just(T0),
        actor=PEOPLE,
        step_id=STEPS,
        outcome=st.sampled_from(["done", "skipped", "blocked"]),
        note=st.sampled_from(["", "because"]),
    ),
    st.builds(
        ev.RungLowered,
        at=st.just(T0),
        actor=st.sampled_from([ANA, BOT]),
        workflow=st.just(""),
        from_rung=st.just("full"),
        to_rung=st.sampled_from(["approval", "read-only"]),
        epoch=st.integers(1, 3),
        reason=st.just("loop"),
    ),
    st.builds(
        ev.RungConfirmed,
        at=st.just(T0),
        actor=st.just(BOT),
        epoch=st.integers(1, 3),
        seen=st.just(2),
        instances=st.just(2),
        seconds=st.just(3.0),
    ),
    st.builds(
        ev.RungRaised,
        at=st.just(T0),
        actor=st.sampled_from([ANA, BO, BOT]),
        from_rung=st.just("approval"),
        to_rung=st.sampled_from(["bounded", "full"]),
        epoch=st.integers(2, 4),
        reason=st.just("fixed"),
        asked_by=st.sampled_from([ANA, BOT]),
    ),
    st.builds(ev.RecoveryBegan, at=st.just(T0), actor=st.just(BOT), minute=st.just(1), why=st.just("in band")),
    st.builds(ev.RecoveryHeld, at=st.just(T0), actor=st.just(BOT), minute=st.just(1), why=st.just("held")),
    st.builds(ev.RecoveryReset, at=st.just(T0), actor=st.just(BOT), minute=st.just(1), why=st.just("bad")),
    st.builds(ev.Resolved, at=st.just(T0), actor=st.sampled_from([ANA, BOT]), override=st.sampled_from(["", "dup"])),
    st.builds(ev.Cancelled, at=st.just(T0), actor=PEOPLE, reason=st.sampled_from(["", "test"])),
    st.builds(ev.Reopened, at=st.just(T0), actor=PEOPLE, why=st.just("again")),
    st.builds(ev.Noted, at=st.just(T0), actor=PEOPLE, text=st.just("hm"), sort=st.sampled_from(["note", "followup"])),
)


@given(st.lists(ANY_EVENT, max_size=25))
def test_folding_the_events_gives_the_row_and_an_illegal_one_changes_nothing(events: list[ev.Event]) -> None:
    first = opened()
    found = advance(None, first).incident
    taken: list[ev.Event] = [first]
    for event in events:
        try:
            decision = advance(found, event)
        except IllegalMove:
            continue
        assert decision.incident.version == found.version + 1
        assert decision.incident.entries == found.entries + len(decision.entries)
        found = decision.incident
        taken.append(event)
    assert replay(taken) == found


@given(st.lists(ANY_EVENT, max_size=25))
def test_the_bot_alone_never_raises_resolves_or_lets_a_closed_one_page(events: list[ev.Event]) -> None:
    found = advance(None, opened()).incident
    for event in events:
        try:
            decision = advance(found, event)
        except IllegalMove:
            continue
        if isinstance(event, ev.RungRaised):
            assert event.actor is not BOT
            assert event.asked_by is not BOT
            assert event.actor.key != event.asked_by.key
        if isinstance(event, ev.Resolved):
            assert event.actor is not BOT
            assert found.state is IncidentState.RECOVERED or event.override
        found = decision.incident
        if found.state in CLOSED:
            assert {timer.kind for timer in found.timers} <= {"nudge"}
            assert not any(effect.kind == "page" for effect in decision.effects)
