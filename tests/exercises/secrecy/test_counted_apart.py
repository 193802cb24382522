"""A drill on an agent while a real incident of the same agent is open: whatever is counted holds the real one alone."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.core.cards.incident import IncidentList
from bot.core.model.people import Actor
from bot.core.reports.weekly_review import words
from bot.engine.budgets.budgets import BudgetReader
from bot.engine.reliability.weekly_review import WeeklyReview
from bot.exercises.live import LiveExercise
from bot.store import SqlStore
from bot.store.migrate import head
from bot.store.tools import export
from tests.exercises.setup import BO, CLEO, DAN, TOWN, House

OWNER = Actor("ana", "Ana Duarte", "U0ANA", responder=True)
OF_INCIDENTS = re.compile(
    r"^(stepdown_(?:incidents|pages|acknowledge|contain|breach_to_page|escalations|step_downs|rung_changes"
    r"|refused|acknowledgements)\S*(?<!_created)(?:\{.*\})? .*)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Counted:
    """Everything by which somebody judges agents, people or weeks."""

    metrics: list[str]
    times: object
    pages: list[str]
    incidents: list[int]
    listed: object
    budgets: list[tuple[str, float, float]]
    autonomy: dict[str, Any]


@pytest.mark.slow
def test_only_what_is_real_is_counted(house: House) -> None:
    app = house.stage.app
    answer = app.commands.lifecycle.declare(OWNER, "refunds", "it lies")
    assert answer.ok, answer.text
    house.until("the page", lambda: counted(house).pages)  # before somebody answers: who answers first needs none
    assert app.commands.paging.acknowledge(OWNER, 1).ok
    assert app.commands.autonomy.step_down(OWNER, "refunds", "bounded", "to look").ok
    house.until("containment", lambda: app.store.incidents(1)[0].contained_at)
    began = app.commands.acts.now() - timedelta(minutes=2)
    before = counted(house, began)
    assert before.incidents == [1]
    assert before.autonomy["level"] == "bounded"
    assert any(line.startswith("stepdown_acknowledge_seconds_count 1.0") for line in before.metrics), before.metrics

    house.types(DAN, TOWN, f"/tabletop start retry-loop agent refunds players <@{BO}> <@{CLEO}> speed 60x")
    live = house.live()
    they_play(house, live)
    during = counted(house, began)
    assert during == before
    house.types(BO, live.channel, "/tabletop real")
    house.until("the report", lambda: live.report_path)
    assert counted(house, began) == before
    told = told_of_the_week(house)
    assert "Incidents: 1 (1 SEV3)" in told
    for text in (told, stored(house), httpx.get(f"{app.url}/metrics", trust_env=False).text):
        assert not re.findall(r".*(?:drill-|inc-1001|\[exercise|exercise 1).*", text.casefold())


def they_play(house: House, live: LiveExercise) -> None:
    """A page, an acknowledgement, a rung, a containment and a closed incident: of everything that is counted, one."""
    room = live.channel
    house.until("the drill's incident", live.engine.incidents)
    house.until("the page", lambda: "[EXERCISE]" in house.sees(BO, f"@{BO}"))
    house.types(BO, room, "/incident ack")
    house.types(BO, room, "/autonomy refunds read-only it writes")
    house.until("containment", lambda: live.engine.incidents()[0].contained_at)
    assert not live.exercise.clock.held
    house.types(BO, room, "/incident cancel it was nothing")
    house.until("the end", lambda: not live.engine.incidents()[0].open)
    rung = live.engine.store.rung("drill-refunds")
    assert rung is not None
    assert rung.rung == "read-only"


def counted(house: House, until: datetime | None = None) -> Counted:
    """What is counted now. `until`: budgets are read as of then."""
    app = house.stage.app
    fleet = app._fleet()
    found = reviewing(house).of(app.commands.acts.now())
    body = app.rung_cache.answer("refunds")
    budgets = BudgetReader(app.store).of(fleet.agents["refunds"], until or app.commands.acts.now())
    listed = app.commands.queries.incidents()
    assert isinstance(listed.card, IncidentList)
    return Counted(
        sorted(OF_INCIDENTS.findall(httpx.get(f"{app.url}/metrics", trust_env=False).text)),
        found.times,
        [f"{page.person} {page.at}" for page in found.pages],
        [one.id for one in found.incidents],
        [(row.header.incident_id, row.header.mark) for row in listed.card.rows],
        [(str(one.series), one.spent.bad, one.spent.total) for one in budgets],
        {
            "level": body.level,
            "epoch": body.epoch,
            "incident": body.incident_id,
            "newest": app.rung_cache.epoch("refunds"),
        },
    )


def reviewing(house: House) -> WeeklyReview:
    app = house.stage.app
    readiness_check = app.commands.reliability.readiness_check
    assert readiness_check is not None
    return WeeklyReview(app.store, app._fleet, readiness_check, app._setup.clock, lambda: 0.0)


def told_of_the_week(house: House) -> str:
    return "\n".join(words(reviewing(house).of(house.stage.app.commands.acts.now())))


def stored(house: House) -> str:
    """Every row of the real database."""
    store = house.stage.app.store
    assert isinstance(store, SqlStore)
    with store.reading(), store.looking() as connection:
        return "\n".join(export.lines(connection, head()))
