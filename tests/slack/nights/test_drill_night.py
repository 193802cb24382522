"""A story for every `/tabletop` command: one drill from its start to its report, as its people type it in Slack.

What a drill is and does stands in tests/exercises; here each command is typed once, and whoever typed it is answered.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.demo.setup import set_up
from bot.slack.commands.roots import VERBS
from tests.exercises.setup import ANA, BO, CLEO, DAN, TOWN, House


class Line(NamedTuple):
    """What somebody types, in the drill's channel or in town, and what only they hear."""

    user: str
    typed: str
    hears: str
    in_town: bool = False


PEOPLE = f"players <@{ANA}> <@{BO}> facilitator <@{CLEO}>"
DRILL = {
    "start": Line(DAN, f"start retry-loop agent refunds {PEOPLE} speed 10x", "Exercise 1 begins in", in_town=True),
    "list": Line(DAN, "list", "Can be rehearsed", in_town=True),
    "help": Line(ANA, "help", "Rehearse a failure mode on a simulated agent"),
    "status": Line(ANA, "status", "Exercise 1 is running at 10x"),
    "look": Line(ANA, "look trace", "nine times in a row"),
    "do": Line(BO, "do", "roll-back-schema"),
    "hint": Line(BO, "hint", "1 more"),
    "console": Line(CLEO, "console", "The console comes as a direct message"),
    "send": Line(CLEO, "send", "Sent: payments-oncall"),
    "skip": Line(CLEO, "skip", "Skipped: support-lead"),
    "edit": Line(CLEO, "edit doubt Is it us?", "doubt will say: Is it us?"),
    "delay": Line(CLEO, "delay doubt 5", "doubt comes 5 min later"),
    "improvise": Line(CLEO, "improvise Finance: what is going on?", "Sent"),
    "pause": Line(CLEO, "pause coffee", "scenario time stands still"),
    "resume": Line(CLEO, "resume", "It goes on"),
    "speed": Line(CLEO, "speed 5x", "5 times as fast"),
    "give-hint": Line(CLEO, "give-hint", "Hint (costs 10 points)"),
    "rate": Line(CLEO, "rate lead M she said so", "lead is M"),
    "note": Line(CLEO, "note Ana was quick", "the players do not see it"),
    "reveal": Line(CLEO, "reveal", "The players know now"),
    "end": Line(CLEO, "end that will do", "The hot wash is in the channel"),
    "answer": Line(ANA, "answer 1 the traces told us", "Noted for the report"),
    "confidence": Line(BO, "confidence 4", "Noted: 4 of 5"),
    "report": Line(ANA, "report", "The report is being written"),
    "coverage": Line(DAN, "coverage", "refunds · retry-loop", in_town=True),
    "real": Line(DAN, "real", "Exercise 1 is over", in_town=True),
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    stage = set_up(tmp_path, 1.0, 0, lambda _: None)
    made = House(stage)
    yield made
    made.close()
    stage.stop()


def heard(house: House, user: str, channel: str, after: int) -> str:
    """What this person alone was told since; empty while it is nothing."""
    told = house.asks("messages", channel=channel, user=user).get("messages", [])[after:]
    return "\n".join(f"{one['text']} {one.get('blocks')}" for one in told if one.get("ephemeral"))


def test_there_is_a_story_for_every_command_of_a_drill() -> None:
    assert {one.name for one in VERBS if one.root == "tabletop"} == set(DRILL)


@pytest.mark.slow
def test_a_drill_of_every_command(house: House) -> None:
    room = ""
    for name, line in DRILL.items():
        where = TOWN if line.in_town else room
        before = len(house.asks("messages", channel=where, user=line.user).get("messages", []))
        house.types(line.user, where, f"/tabletop {line.typed}")
        told = house.until(name, lambda: heard(house, line.user, where, before))  # noqa: B023 - asked at once
        assert line.hears in told, name
        assert "error of its own" not in told, name
        if name == "start":
            room = house.live().channel
            house.until("the briefing", lambda: "Exercise 1 begins" in house.sees(ANA, house.live().channel))
