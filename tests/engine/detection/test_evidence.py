"""Detection by evidence in the running engine: a real SQLite, a movable clock, traffic drawn task by task."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.track import Slot
from bot.core.detection.evidence_rule import noise_of
from bot.core.incident.incident import IncidentState
from bot.core.model.fleet import Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Objective
from bot.core.telemetry.task_records import TaskRecord
from bot.engine.autonomy.moved_by_rung import MovedByRung
from tests.support.wired import ANA, HER, START, WiredEngine, fleet

SERIES = Series("refunds", "", "her")
EVIDENCE = replace(HER, rule="evidence")
NOW = minute_of(START)


def watched(sli: object = EVIDENCE, **more: object) -> Fleet:
    made = fleet()
    agent = replace(made.agents["refunds"], slis=(("", sli),))  # type: ignore[arg-type] # one SLI is enough here
    return replace(made, agents={"refunds": agent}, **more)  # type: ignore[arg-type]


def drawn(share: float, n: int, minutes: Iterable[int], seed: int = 7) -> list[MinuteRow]:
    """Minutes of an agent that hands over this share of its tasks, one task at a time."""
    dice = random.Random(seed)  # noqa: S311 - traffic is no secret
    return [MinuteRow(SERIES, minute, 100 * sum(dice.random() < share for _ in range(n)) / n, n) for minute in minutes]


def live(engine: WiredEngine, share: float, n: int, minutes: int, seed: int = 11) -> None:
    """Let minutes go by, each judged when it is over."""
    first = minute_of(engine.clock.now())
    for row in drawn(share, n, range(first, first + minutes), seed):
        engine.clock.advance(60)
        engine.store.put_minutes([row])
        engine.detector.evaluate(["refunds"], engine.clock.now())
        engine.monitor.deadlines()
        engine.monitor.judge_all()
        engine.deliver()


Start = Callable[..., WiredEngine]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts an engine on a fleet, after two days of history where a healthy share is given; closes them all."""
    made: list[WiredEngine] = []

    def build(of: Fleet, share: float | None = 0.02, n: int = 20) -> WiredEngine:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        engine = WiredEngine(folder, of)
        made.append(engine)
        if share is not None:
            engine.store.put_minutes(drawn(share, n, range(NOW - 2880, NOW), seed=3))
        return engine

    yield build
    for engine in made:
        engine.store.close()


@pytest.fixture
def engine(start: Start) -> WiredEngine:
    """An agent that was healthy at 2 % for two days, 20 tasks a minute."""
    return start(watched())


def test_a_healthy_agent_pages_nobody_where_the_literal_rule_would(start: Start) -> None:
    believed, literal = start(watched(), 0.03), start(watched(HER), 0.03)
    for one in (believed, literal):
        live(one, 0.03, 20, 240)
    assert believed.store.incidents(10) == []
    assert literal.store.incidents(10), "else this shows nothing"


def test_a_jump_is_paged_within_minutes_and_says_why_and_how_sure(engine: WiredEngine) -> None:
    live(engine, 0.02, 20, 30)
    onset = minute_of(engine.clock.now())
    live(engine, 0.20, 20, 8, seed=5)
    (breach,) = engine.incident().breaches
    assert breach.why.startswith("HER ")
    assert "normal 2." in breach.why
    assert "objective 5 %: by chance less than once" in breach.why
    assert abs(breach.first_bad - onset) <= 2
    assert breach.baseline is not None
    assert breach.baseline.noise


def test_it_clears_by_evidence_and_neither_flaps_nor_breaches_again(engine: WiredEngine) -> None:
    live(engine, 0.25, 20, 8, seed=5)
    live(engine, 0.02, 20, 60, seed=6)
    kinds = engine.kinds()
    assert kinds.count("cleared") == 1
    assert kinds.count("breached") == 0
    (breach,) = engine.incident().breaches
    assert breach.cleared_at is not None


def test_what_was_ill_before_the_incident_was_closed_is_not_told_again(engine: WiredEngine) -> None:
    live(engine, 0.25, 20, 8, seed=5)
    engine.commands.paging.acknowledge(ANA, 1)
    live(engine, 0.02, 20, 5, seed=6)
    engine.commands.lifecycle.resolve(ANA, 1, reason="fixed", override="seen to be well")
    assert engine.incident().state is IncidentState.RESOLVED
    live(engine, 0.02, 20, 120, seed=8)
    assert len(engine.store.incidents(10)) == 1
    assert engine.incident().state is IncidentState.RESOLVED


def test_an_objective_is_a_line_nothing_breaches_on_its_good_side(engine: WiredEngine) -> None:
    live(engine, 0.03, 20, 240, seed=4)
    assert engine.store.incidents(10) == []


def test_a_total_failure_of_two_tasks_a_minute_is_found(start: Start) -> None:
    engine = start(watched(), n=2)
    live(engine, 1.0, 2, 4)
    assert engine.store.incidents(10)


def test_without_history_the_objective_is_what_chance_is_measured_against(start: Start) -> None:
    engine = start(watched(), None)
    live(engine, 0.02, 20, 30)
    assert engine.store.incidents(10) == []
    live(engine, 0.6, 20, 6, seed=5)
    (breach,) = engine.incident().breaches
    assert "still learning" in breach.why


def test_a_restart_and_late_rows_change_no_answer(engine: WiredEngine) -> None:
    rows = drawn(0.2, 20, range(NOW, NOW + 8), seed=5)
    engine.clock.advance(8 * 60)
    engine.store.put_minutes(list(reversed(rows)))
    engine.store.close()
    engine.open()
    engine.detector.evaluate(["refunds"], engine.clock.now())
    (breach,) = engine.incident().breaches
    assert abs(breach.first_bad - NOW) <= 2


def test_a_larger_allowance_needs_less_evidence(start: Start) -> None:
    found = []
    for pages in (0.01, 1000.0):
        engine = start(watched(false_pages=pages))
        live(engine, 0.09, 20, 60, seed=5)
        found.append(engine.incident().opened_at)
    assert found[1] < found[0]


def test_the_running_minute_is_judged_where_records_are_pushed(start: Start) -> None:
    engine = start(watched(), n=200)
    engine.clock.advance(8)
    engine.store.put_minutes([MinuteRow(SERIES, NOW, 100.0, 26)])
    engine.detector.evaluate(["refunds"], engine.clock.now())
    assert engine.incident().opened_at - START == timedelta(seconds=8)


def test_a_share_without_counts_is_judged_by_the_literal_rule(start: Start) -> None:
    engine = start(watched(), None)
    for minute in range(3):
        engine.clock.advance(60)
        engine.store.put_minutes([MinuteRow(SERIES, NOW + minute, 9.0, None)])
        engine.detector.evaluate(["refunds"], engine.clock.now())
    assert "for 2 of 2 minutes" in engine.incident().breaches[0].why


def test_a_storm_does_not_wait_for_learning(start: Start) -> None:
    made = watched()
    crowd = {f"a{at}": replace(made.agents["refunds"], key=f"a{at}") for at in range(60)}
    engine = start(replace(made, agents=crowd), None)
    engine.store.put_minutes(
        [
            replace(row, series=Series(key, "", "her"))
            for key in crowd
            for row in drawn(0.02, 20, range(NOW - 180, NOW), seed=3)
        ]
        + [MinuteRow(Series(key, "", "her"), NOW + at, 60.0, 20) for key in crowd for at in range(3)]
    )
    engine.clock.advance(180)
    engine.detector.evaluate(list(crowd), engine.clock.now())
    assert len(engine.store.open_incidents()) == len(crowd)
    learned = [
        one for one in engine.store.open_incidents() if one.breaches[0].baseline and one.breaches[0].baseline.noise
    ]
    assert len(learned) <= 20


def test_noise_is_learned_ahead_a_few_series_at_a_time(engine: WiredEngine) -> None:
    engine.baselines.learn_some(5, engine.clock.now())
    stored = engine.store.baseline(SERIES)
    assert stored is not None
    assert stored[0].noise


def test_two_weeks_teach_whether_or_not_their_minutes_were_rolled_up_meanwhile(start: Start) -> None:
    plain, rolled = start(watched(), None), start(watched(), None)
    for one in (plain, rolled):
        one.store.put_minutes(drawn(0.02, 20, range(NOW - 5 * 1440, NOW), seed=3))
    rolled.upkeep.keep(rolled.clock.now())
    assert len(rolled.store.history(SERIES, NOW - 5 * 1440, NOW)) < 4000, "most of it is rolled up"
    told = list[LearnedBaseline]()
    for one in (plain, rolled):
        one.baselines.learn_some(5, one.clock.now())
        stored = one.store.baseline(SERIES)
        assert stored is not None
        noise = noise_of(stored[0].noise)
        assert noise is not None
        told.append(noise.own)
    assert told[0].days == pytest.approx(5, abs=0.1)
    assert told[1].days == told[0].days
    assert told[1].level == pytest.approx(told[0].level, rel=1e-6)
    assert told[1].scatter == pytest.approx(told[0].scatter, rel=1e-6)
    wanders = [[window.wander for window in one.windows] for one in told]
    assert wanders[1] == pytest.approx(wanders[0], rel=1e-5)


def test_the_running_minute_is_looked_at_once_in_five_seconds_however_many_push(start: Start) -> None:
    engine = start(watched(), n=200)
    engine.clock.advance(8)
    engine.store.put_minutes([MinuteRow(SERIES, NOW, 6.0, 50)])
    engine.detector.evaluate(["refunds"], engine.clock.now())
    engine.store.put_minutes([MinuteRow(SERIES, NOW, 60.0, 100)])
    engine.clock.advance(1)
    engine.detector.evaluate(["refunds"], engine.clock.now())
    looked_early = engine.store.incidents(10)
    engine.clock.advance(5)
    engine.detector.evaluate(["refunds"], engine.clock.now())
    assert (looked_early, len(engine.store.incidents(10))) == ([], 1)


def reported(engine: WiredEngine, share: float, first: float, seconds: float, seed: int = 5) -> None:
    """Report 1,000 tasks a minute for so many seconds, one push every five, as time goes by."""
    dice = random.Random(seed)  # noqa: S311 - traffic is no secret
    for part in range(round(seconds / 5)):
        engine.clock.advance(5)
        at = [first + 5 * part + each * 0.06 for each in range(83)]
        engine.engine.intake.tasks(
            [
                TaskRecord(f"{seed}-{when:.2f}", "refunds", "refund", START + timedelta(seconds=when), completed=True)
                if dice.random() >= share
                else TaskRecord(
                    f"{seed}-{when:.2f}",
                    "refunds",
                    "refund",
                    START + timedelta(seconds=when),
                    completed=True,
                    required_escalation=True,
                )
                for when in at
            ]
        )


@pytest.mark.parametrize(("share", "within"), [(1.0, 10), (0.12, 20)])
def test_a_fault_late_in_a_minute_is_found_within_seconds(start: Start, share: float, within: int) -> None:
    engine = start(watched(), n=1000)
    reported(engine, 0.02, 0, 50)
    assert engine.store.incidents(10) == []
    reported(engine, share, 50, 30, seed=6)
    incident = engine.incident()
    assert incident.opened_at - START <= timedelta(seconds=50 + within)
    assert " s (" in incident.breaches[0].why


def test_task_records_of_a_healthy_agent_page_nobody(start: Start) -> None:
    engine = start(watched(), n=1000)
    reported(engine, 0.02, 0, 300)
    assert engine.store.incidents(10) == []


def test_seconds_on_a_rung_that_waits_for_people_say_nothing() -> None:
    slots = [Slot(60 * NOW + second, 50.0, 80) for second in (50, 55, 60, 65)]
    told = MovedByRung({}, {"": NOW + 1}).seconds(SERIES, EVIDENCE, slots)
    assert [slot.second - 60 * NOW for slot in told] == [60, 65]


def test_a_breach_found_within_seconds_is_not_over_because_the_minutes_before_it_were_well(start: Start) -> None:
    engine = start(watched(), n=1000)
    reported(engine, 0.02, 0, 30)
    reported(engine, 1.0, 30, 60, seed=6)
    incident = engine.incident()
    assert incident.opened_at - START <= timedelta(seconds=40)
    assert incident.breaches[0].cleared_at is None
    assert "cleared" not in engine.kinds()


def test_a_glance_at_the_healthy_and_a_recovery_tick_learn_nothing(start: Start) -> None:
    engine = start(watched(replace(EVIDENCE, objective=Objective(1.5, relative=True))))
    engine.store.put_minutes([MinuteRow(SERIES, NOW - at, 0.0, 20) for at in range(10)])
    engine.clock.advance(60)
    engine.detector.evaluate(["refunds"], engine.clock.now())
    stored = engine.store.baseline(SERIES)
    assert stored is not None
    assert stored[0].noise == ""
