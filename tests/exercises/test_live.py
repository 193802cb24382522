"""An exercise beside the real thing, over the local Slack: neither sees the other, and players know nothing."""

import json
import logging
import re

import httpx
import pytest

from bot.core.incident.incident import IncidentState
from bot.core.model.people import Actor
from bot.exercises.live import LiveExercise
from bot.exercises.results import results
from bot.exercises.unfinished import FILE
from tests.exercises.setup import ANA, BO, CLEO, DAN, TOWN, House


def unsaid(live: LiveExercise) -> list[str]:
    """What no player may know yet: the truth, and everything that was not given out."""
    rehearsal, exercise = live.exercise.rehearsal, live.exercise
    given = {act.ref for act in exercise.acts if act.kind in ("evidence", "moved")}
    sent = {one.id for one in exercise.planned if one.state == "sent"}
    texts = [
        rehearsal.ground_truth.text,
        *(hint.text for hint in rehearsal.hints[exercise.hints_given :]),
        *(one.text for one in rehearsal.evidence if one.id not in given),
        *(move.says for move in rehearsal.world.moves if move.id not in given),
        *(one.text for one in rehearsal.injects if one.id not in sent),
        *(one.contingency.text for one in rehearsal.injects if one.contingency),
        *(one.text for one in rehearsal.objectives),
    ]
    return [telling(text) for text in texts]


def telling(text: str) -> str:
    """The longest part of a text that Slack shows as it is written."""
    return max(re.split(r"[`\"<>&*_~\n]", text), key=len).strip()


@pytest.mark.slow
def test_a_drill_beside_the_real_thing(
    house: House, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="stepdown")
    house.types(
        DAN, TOWN, f"/tabletop start retry-loop agent refunds players <@{ANA}> <@{BO}> facilitator <@{CLEO}> speed 60x"
    )
    live = house.live()
    room = live.channel
    house.until("the briefing", lambda: "Exercise 1 begins" in house.sees(ANA, room))
    house.until(
        "the console", lambda: telling(live.exercise.rehearsal.ground_truth.text) in house.sees(CLEO, f"@{CLEO}")
    )
    house.until("the incident", live.engine.incidents)
    house.until("the page", lambda: "[EXERCISE]" in house.sees(ANA, f"@{ANA}"))

    they_work_it(house, live)
    assert (house.stage.app.exercises.folder / "drill-0001" / FILE).read_text() == room
    a_real_incident_holds_it(house, live)
    nothing_is_given_away(house, live, caplog.text + "".join(capfd.readouterr()))
    it_ends_with_the_safe_word(house, live)


def they_work_it(house: House, live: LiveExercise) -> None:
    """The same commands, on the simulated agent alone."""
    app, room = house.stage.app, live.channel
    house.types(ANA, room, "/incident ack")
    house.types(ANA, room, "/autonomy refunds approval it writes")
    contained = (IncidentState.CONTAINED, IncidentState.RECOVERING, IncidentState.RECOVERED)
    house.until("containment", lambda: live.engine.incidents()[0].state in contained)
    assert live.engine.store.rung("drill-refunds") is not None
    assert app.store.rung("refunds") is None
    assert app.rung_cache.answer("refunds").level == "full"
    assert list(app.store.incidents(10)) == []
    house.types(ANA, room, "/tabletop look trace")
    house.until("evidence", lambda: "nine times in a row" in house.sees(BO, room))


def a_real_incident_holds_it(house: House, live: LiveExercise) -> None:
    """A real incident of a player's agent: the drill waits, and neither sees the other."""
    app, room = house.stage.app, live.channel
    answer = app.commands.lifecycle.declare(Actor("dan", "Dan Okoro", DAN, responder=True), "kyc", "it lies")
    assert answer.ok, answer.text
    house.until("the pause", lambda: live.exercise.clock.held)
    house.until("the word", lambda: "this is real: INC-0001 on kyc has paged Bo Lindgren" in house.sees(ANA, room))
    assert [one.agent for one in app.store.incidents(10)] == ["kyc"]
    assert {one.agent for one in live.engine.incidents()} == {"drill-refunds"}
    house.types(CLEO, room, "/tabletop resume")
    house.until("the drill to go on", lambda: not live.exercise.clock.held)
    metrics = httpx.get(f"{app.url}/metrics", trust_env=False).text
    assert "drill" not in metrics


def nothing_is_given_away(house: House, live: LiveExercise, logged: str) -> None:
    """Not in what the players' Slack holds, nor in what was logged, nor in the drill's timelines."""
    room, incident = live.channel, live.engine.incidents()[0]
    hidden = unsaid(live)
    seen = "\n".join(house.sees(user, channel) for user in (ANA, BO) for channel in (room, TOWN, f"@{user}"))
    assert "retry-loop" not in house.sees(BO, f"@{BO}")
    kept = live.engine.store.entries(incident.id)
    told = "\n".join(str(entry.entry) for entry in kept)
    for text in hidden:
        assert len(text) > 12, text
        assert text not in seen, text
        assert text not in logged, text
        assert text not in told, text


def it_ends_with_the_safe_word(house: House, live: LiveExercise) -> None:
    """Whoever says it; then the hot wash, the report, the result."""
    app, room = house.stage.app, live.channel
    house.types(BO, room, "/tabletop real")
    house.until("the end", lambda: live.exercise.over)
    house.until("the hot wash", lambda: "Hot wash of exercise 1" in house.sees(ANA, room))
    said = json.loads(house.sees(ANA, room))
    over = next(one for one in said if "Exercise 1 is over" in one["text"])
    wash = next(one for one in said if "Hot wash of exercise 1" in one["text"])
    assert (wash["thread_ts"], wash["subtype"]) == (over["ts"], "thread_broadcast")
    house.types(ANA, room, "/tabletop confidence 4")
    house.types(BO, room, "/tabletop answer 1 the traces told us")
    house.until("the answer", lambda: "the traces told us" in house.sees(ANA, room))
    house.until("the report", lambda: live.report_path)
    house.until("its file", lambda: "exercise-0001-drill-refunds-retry-loop.md" in house.sees(ANA, room))
    mark = app.exercises.folder / "drill-0001" / FILE
    house.until("the mark of a running drill to go", lambda: not mark.exists())
    known = results(app.exercises.folder)
    assert [(one.agent, one.playbook) for one in known] == [("refunds", "retry-loop")]
    paged = [event for entry in app.store.entries(1) if (event := entry.entry.event) is not None]
    assert all("drill" not in str(event) for event in paged)
    for channel in (room, f"@{ANA}"):
        lines = [
            one for one in json.loads(house.sees(ANA, channel)) if one.get("user") == "U0APP" and one.get("blocks")
        ]
        assert all("[EXERCISE]" in json.dumps(one) for one in lines), lines
