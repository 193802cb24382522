"""An agent that stops asking while it goes wrong, in the running engine: a real SQLite and a movable clock."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.detection.evidence_rule import allowance_of, noise_of
from bot.core.incident.incident import IncidentState
from bot.core.model.fleet import Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Better, Objective
from bot.core.reports.impact import NO_BUDGET
from bot.core.reports.postmortem import build
from bot.engine.budgets.burn_alerts import BurnAlerts
from bot.pagers.text import written
from bot.slack.blocks.page import page as page_blocks
from bot.slack.blocks.recovery import recovery as recovery_blocks
from tests.support.wired import ANA, DQR, HER, START, TIE, WiredEngine, fleet

ASKS, CALLS, JUDGED = (Series("refunds", "", name) for name in ("her", "tie", "dqr"))
BOTH = replace(HER, name="her", rule="evidence", watch="both")
WATCHED = (
    BOTH,
    replace(TIE, rule="evidence", absolute_tolerance=0.5),
    replace(DQR, rule="evidence", objective=Objective(70)),
)
NOW = minute_of(START)
RATE = 60


@dataclass(frozen=True)
class Way:
    """How an agent works: the share it hands over, its calls a task, the share it decides well."""

    asks: float = 0.06
    calls: float = 4.0
    good: float = 0.95


HEALTHY = Way()
SILENT = Way(asks=0.002, calls=5.4)


def watched(**more: object) -> Fleet:
    made = fleet()
    agent = replace(made.agents["refunds"], slis=tuple(("", sli) for sli in WATCHED))
    return replace(made, agents={"refunds": agent}, **more)  # type: ignore[arg-type]


def drawn(way: Way, dice: random.Random, minute: int, flow: str = "") -> list[MinuteRow]:
    """One minute of RATE tasks, drawn one at a time."""
    asks, good = (100 * sum(dice.random() < share for _ in range(RATE)) / RATE for share in (way.asks, way.good))
    calls = sum(dice.choice((0.5, 1.0, 1.5)) * way.calls for _ in range(RATE)) / RATE
    told = ((ASKS, asks), (CALLS, calls), (JUDGED, good))
    return [MinuteRow(series._replace(workflow=flow), minute, value, RATE) for series, value in told]


def live(engine: WiredEngine, way: Way, minutes: int, seed: int = 11) -> None:
    """Let minutes go by, each judged when it is over."""
    dice = random.Random(seed)  # noqa: S311 - traffic is no secret
    for _ in range(minutes):
        minute = minute_of(engine.clock.now())
        engine.clock.advance(60)
        engine.store.put_minutes(drawn(way, dice, minute))
        engine.obey()
        engine.tick()


Start = Callable[..., WiredEngine]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts an engine on a fleet whose agent was healthy for two days."""
    made: list[WiredEngine] = []

    def build(of: Fleet) -> WiredEngine:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        engine = WiredEngine(folder, of)
        made.append(engine)
        dice = random.Random(3)  # noqa: S311 - traffic is no secret
        engine.store.put_minutes([row for minute in range(NOW - 2880, NOW) for row in drawn(HEALTHY, dice, minute)])
        return engine

    yield build
    for engine in made:
        engine.close()


@pytest.fixture
def engine(start: Start) -> WiredEngine:
    return start(watched())


def test_a_fall_beside_a_rise_is_paged_by_its_name(engine: WiredEngine) -> None:
    live(engine, SILENT, 25)
    incident = engine.incident()
    fallen, risen = incident.breaches
    assert incident.title.startswith("silent failure: human escalation down to 0.")
    assert (fallen.series, fallen.beside, fallen.sli.better) == (ASKS, CALLS, Better.HIGHER)
    assert (risen.series, risen.beside, risen.sli.better) == (CALLS, ASKS, Better.LOWER)
    assert fallen.why == risen.why
    assert fallen.why.startswith("HER fell to 0.")
    assert "normal 5.9 %" in fallen.why or "normal 6." in fallen.why
    assert "while TIE rose to 5." in fallen.why
    assert "a silent failure, by chance less than once" in fallen.why
    assert abs(min(fallen.first_bad, risen.first_bad) - NOW) <= 6


def test_neither_alone_pages(start: Start) -> None:
    asks_less, calls_more = start(watched()), start(watched())
    live(asks_less, replace(HEALTHY, asks=0.002), 40)
    live(calls_more, replace(HEALTHY, calls=5.4), 40)
    assert asks_less.store.incidents(10) == []
    assert calls_more.store.incidents(10) == []


def test_a_fall_alone_is_a_note_on_the_card(engine: WiredEngine) -> None:
    live(engine, replace(HEALTHY, asks=0.0), 40)
    (note,) = engine.views.agent_card(engine.get_fleet().agents["refunds"], engine.clock.now()).row.findings
    assert note.startswith("HER fell to 0.0 % over ")
    assert "nothing else moved" in note
    assert sum("HER fell" in ticket.text for ticket in engine.store.tickets(["refunds"])) == 1


def test_a_healthy_agent_is_told_nothing(engine: WiredEngine) -> None:
    live(engine, HEALTHY, 90)
    assert engine.store.incidents(10) == []
    assert engine.store.tickets(["refunds"]) == []


def test_decisions_that_get_worse_are_a_companion_too(engine: WiredEngine) -> None:
    live(engine, replace(HEALTHY, asks=0.002, good=0.82), 30)
    fallen, risen = engine.incident().breaches
    assert risen.series == JUDGED
    assert "while DQR fell to " in fallen.why


def test_one_direction_is_watched_where_the_fleet_file_says_so(start: Start) -> None:
    made = watched()
    slis = tuple(("", replace(sli, watch="bad")) for sli in WATCHED)
    engine = start(replace(made, agents={"refunds": replace(made.agents["refunds"], slis=slis)}))
    live(engine, SILENT, 25)
    assert engine.store.incidents(10) == []


def test_on_a_rung_that_drives_it_up_it_is_not_judged_and_the_companion_decides(engine: WiredEngine) -> None:
    live(engine, SILENT, 25)
    engine.commands.paging.acknowledge(ANA, 1)
    engine.commands.autonomy.step_down(ANA, "refunds", "approval", "it stopped asking")
    live(engine, Way(asks=0.6, calls=5.4), 15)
    assert engine.incident().state is IncidentState.CONTAINED
    assert all(breach.cleared_at is None for breach in engine.incident().breaches)
    live(engine, Way(asks=0.6, calls=4.0), 45)
    assert engine.incident().state is IncidentState.RECOVERED
    clock = engine.monitor.clock_of(engine.incident(), engine.clock.now())
    assert clock is not None
    assert [line.exempt for line in clock.lines if line.series == ASKS] == ["rises by itself on approval"]


def test_it_recovers_when_it_asks_again_and_needs_no_fewer_calls(engine: WiredEngine) -> None:
    live(engine, SILENT, 25)
    engine.commands.paging.acknowledge(ANA, 1)
    live(engine, Way(asks=0.002, calls=4.0), 20)
    assert engine.incident().state is IncidentState.RESPONDING
    live(engine, HEALTHY, 20)
    engine.commands.paging.acknowledge(ANA, 1)
    live(engine, HEALTHY, 50, seed=12)
    assert engine.incident().state is IncidentState.RECOVERED
    assert len(engine.store.incidents(10)) == 1
    assert engine.incident().relapses == 0


def test_a_new_rise_is_not_taken_for_the_old_fall(engine: WiredEngine) -> None:
    live(engine, SILENT, 25)
    live(engine, HEALTHY, 60)
    live(engine, replace(HEALTHY, asks=0.25), 10)
    breach = next(one for one in engine.incident().breaches if one.series == ASKS)
    assert (breach.beside, breach.sli.better) == (None, Better.LOWER)


def test_every_card_says_in_one_sentence_why_it_paged_and_how_sure_that_is(engine: WiredEngine) -> None:
    live(engine, SILENT, 8)
    engine.commands.paging.acknowledge(ANA, 1)
    assert engine.commands.autonomy.step_down(ANA, "refunds", "bounded", "it stopped asking").ok
    live(engine, SILENT, 8)
    (fallen, _) = engine.incident().breaches
    page = engine.views.page_card(engine.incident(), "You own refunds.", engine.clock.now())
    recovery = engine.views.recovery_card(engine.incident(), engine.clock.now())
    assert page.reason == recovery.reason == fallen.why
    assert len(page.headline) <= 100
    assert len(page.reason) <= 200
    in_slack = str(page_blocks(page).blocks)
    assert "by chance less than once" in in_slack
    assert "It paged because HER fell to" in str(recovery_blocks(recovery).blocks)
    assert page.reason in written(page).body
    card = engine.views.autonomy_card(engine.incident(), 1, engine.clock.now())
    assert card is not None
    asks, calls = card.effects
    assert asks.startswith("Human escalation: 0.")
    assert "no change that chance would not explain" in calls


def test_runbook_evidence_and_postmortem_name_it(engine: WiredEngine) -> None:
    live(engine, SILENT, 25)
    card = engine.views.phase_card(engine.incident(), "detection", engine.clock.now())
    told = "\n".join(line for step in card.steps for line in step.evidence)
    assert "a silent failure, by chance less than once" in told
    assert "limit ≥ 5." in told
    assert "5.36253" not in told
    engine.commands.paging.acknowledge(ANA, 1)
    (fallen, _) = engine.incident().breaches
    report = build(
        engine.incident(),
        engine.store.entries(1),
        minutes=engine.store.minutes_of(["refunds"], NOW - 60, NOW + 30),
        rung_history=(),
        people=engine.get_fleet().people,
        agent=engine.get_fleet().agents["refunds"],
        now=engine.clock.now(),
    )
    assert report.detection.signal == "HER and TIE: a silent failure"
    assert report.detection.why == fallen.why
    assert "failed silently for " in str(report.summary[0])
    assert [str(one.budget) for one in report.impact.slis] == [f"[GAP: {NO_BUDGET}]"] * 2


def test_it_asks_for_no_postmortem_because_of_an_error_budget(engine: WiredEngine) -> None:
    """The end of what is normal is no objective: minutes past it spend nothing."""
    live(engine, SILENT, 40)
    BurnAlerts(engine.store, engine.recorder, engine.get_fleet, engine.clock, engine.wall).tick()
    engine.deliver()
    assert "needs a postmortem" not in engine.said()


def test_how_far_two_slis_move_together_is_learned_and_pairs_count(engine: WiredEngine) -> None:
    live(engine, HEALTHY, 1)
    engine.baselines.learn_some(5, engine.clock.now())
    stored = engine.store.baseline(ASKS)
    assert stored is not None
    noise = noise_of(stored[0].noise)
    assert noise is not None
    assert noise.other is not None
    assert set(noise.together) == {"tie", "dqr"}
    assert all(0 <= part < 0.3 for part in noise.together.values())
    slis = watched().agents["refunds"].slis
    assert allowance_of(1.0, slis).slis == 5
    assert allowance_of(1.0, tuple((flow, replace(sli, watch="bad")) for flow, sli in slis)).slis == 3


def test_a_restart_changes_no_answer(engine: WiredEngine) -> None:
    dice = random.Random(11)  # noqa: S311 - traffic is no secret
    rows = [row for minute in range(NOW, NOW + 25) for row in drawn(SILENT, dice, minute)]
    engine.baselines.learn_some(5, engine.clock.now())
    engine.store.put_minutes(list(reversed(rows)))
    engine.clock.advance(timedelta(minutes=25).total_seconds())
    engine.store.close()
    engine.open()
    engine.detector.evaluate(["refunds"], engine.clock.now())
    assert engine.incident().title.startswith("silent failure")
