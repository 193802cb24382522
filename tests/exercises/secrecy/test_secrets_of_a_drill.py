"""What is wrong, what comes and what counts reaches no player: not by Slack, log, URL, command line, file or database.

The drill's playbook is full of planted words (`planted`). Whatever a player can get at is searched for them; only what
the drill has given out by then may be found. The facilitator's own messages and forms are left out, and nothing else.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import httpx
import pytest

from bot.demo.setup import set_up
from bot.exercises.live import LiveExercise
from bot.simulation import demo_fleet
from tests.exercises.planted_secrets import found_in, plant
from tests.exercises.setup import ANA, BO, CLEO, DAN, TOWN, House
from tests.exercises.shipped_playbooks import ROOT
from tests.support.patience import PATIENCE

GIVEN = {"zq-words-1", "zq-sender-1", "zq-finding-1", "zq-outcome-2", "zq-hint-1"}
"""One inject, one piece of evidence, one move and one hint: what was given out, so found wherever people look."""
LOOKERS = (ANA, BO, DAN)
"""Two players, and somebody who has no part in it."""
FORMS = ("start", "edit", "rate", "note", "improvise", "answer", "speed", "confidence")
TRIED = (
    "list", "status", "coverage", "help", "console", "send", "send zq", "skip", "delay", "edit 1 other words",
    "rate contain P it went well", "note a word", "improvise Bank: hello", "give-hint", "reveal", "report", "look",
    "look nothing", "do", "do nothing-of-it", "answer 1 so", "confidence 3", "end", "speed 5x",
)  # fmt: skip
COMMANDS = (
    "status --json", "agents --json", "agents refunds --json", "tabletop list --json", "review --json", "ready refunds",
    "db status --json", "export", "verify",
)  # fmt: skip


@pytest.fixture
def words(tmp_path: Path) -> set[str]:
    return plant(tmp_path / "playbooks")


@pytest.fixture
def planted_house(tmp_path: Path, words: set[str]) -> Iterator[House]:
    stage = set_up(tmp_path / "kept", 1.0, 0, lambda _: None, tmp_path / "playbooks")
    made = House(stage)
    yield made
    made.close()
    stage.stop()


@pytest.mark.slow
def test_nothing_that_is_hidden_reaches_a_player(
    planted_house: House,
    words: set[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    house = planted_house
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="stepdown")
    house.types(
        DAN, TOWN, f"/tabletop start random agent refunds players <@{ANA}> <@{BO}> facilitator <@{CLEO}> speed 60x"
    )
    live = house.live()
    they_work_it(house, live)
    house.types(CLEO, live.channel, "/tabletop pause")
    house.until("the pause", lambda: live.exercise.clock.held)
    they_try_everything(house, live)

    places = dict(everywhere(house, live, tmp_path / "kept"))
    places["log"] = caplog.text + "".join(capfd.readouterr())
    leaks = {name: found for name, text in places.items() if (found := found_in(text) - GIVEN)}
    assert leaks == {}
    assert found_in(places[f"{ANA} in {live.channel}"]) == GIVEN
    console = found_in(house.sees(CLEO, f"@{CLEO}"))
    assert console >= {"zq-truth-1", "zq-goal-1", "zq-inject-2", "zq-words-2"}
    assert words - GIVEN >= console - GIVEN


def they_work_it(house: House, live: LiveExercise) -> None:
    """Something of each kind is given out."""
    room = live.channel
    house.until("the console", lambda: found_in(house.sees(CLEO, f"@{CLEO}")))
    house.until("the page", lambda: "[EXERCISE]" in house.sees(ANA, f"@{ANA}"))
    house.types(ANA, room, "/incident ack")
    house.types(ANA, room, "/autonomy refunds approval it writes")
    house.types(ANA, room, "/tabletop look trace")
    house.types(BO, room, "/tabletop do restart")
    house.types(BO, room, "/tabletop hint")
    house.until("what was given", lambda: found_in(house.sees(ANA, room)) >= GIVEN)


def they_try_everything(house: House, live: LiveExercise) -> None:
    """Every verb, the facilitator's too, as a player; nobody's act is taken for the facilitator's."""
    for word in TRIED:
        house.types(ANA, live.channel, f"/tabletop {word}")
    house.until("the last answer", lambda: house.sees(ANA, live.channel).count("That is for its facilitator") >= 8)
    assert not live.exercise.over
    assert not any(act.kind in ("revealed", "rated", "note", "skipped") for act in live.exercise.acts)


def everywhere(house: House, live: LiveExercise, kept: Path) -> Iterator[tuple[str, str]]:
    """Everything a player can get at, by where it is."""
    channels = house.asks("channels")["channels"]
    own = next(one["id"] for one in channels if one.get("is_im") and one.get("user") == CLEO)
    yield "channels", json.dumps([one for one in channels if one["id"] != own])
    for user in LOOKERS:
        for room in (live.channel, TOWN, f"@{user}"):
            yield f"{user} in {room}", house.sees(user, room)
        house.does("home", user=user)
        yield f"home of {user}", house.until("a home tab", partial(shown_home, house, user))
    yield "forms", "".join(forms(house, live.channel))
    yield "calls", json.dumps([one for one in house.asks("calls")["calls"] if not is_for(one["arguments"], own)])
    yield "files", "".join(f"{one.name} {one.content!r}" for one in house.stage.slack.slack.files.values())
    yield from pages(house)
    yield from printed(house, kept)
    for path in kept.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(kept)), str(path) + path.read_bytes().decode("latin-1")


def is_for(arguments: Mapping[str, object], own: str) -> bool:
    """Whether a call writes to the facilitator alone."""
    return arguments.get("channel") == own or CLEO in (arguments.get("user"), arguments.get("user_id"))


def shown_home(house: House, user: str) -> str:
    view = house.asks("home", user=user)["view"]
    return json.dumps(view) if view and "Your agents" in json.dumps(view) else ""


def forms(house: House, room: str) -> Iterator[str]:
    """What a form asks, and what it is filled with."""
    for name in FORMS:
        house.types(BO, room, f"/tabletop {name}")
        view = house.until(f"the form of {name}", lambda: house.asks("views", user=BO)["views"])[-1]
        yield json.dumps(view)
        house.does("close", user=BO, view_id=view["id"])


def pages(house: House) -> Iterator[tuple[str, str]]:
    """Every URL of the bot that answers to a GET, for a stranger and with the change feed's token."""
    routes = sorted(set(house.stage.app._api.openapi()["paths"]) | {"/docs", "/openapi.json", "/metrics"})
    with httpx.Client(base_url=house.stage.app.url, timeout=PATIENCE, trust_env=False) as client:
        for path in routes:
            for agent in ("refunds", "drill-refunds"):
                for token in ("", house.stage.feed_token):
                    answer = client.get(
                        path.replace("{agent}", agent).replace("{key}", "autonomy"),
                        headers={"Authorization": f"Bearer {token}"} if token else {},
                    )
                    yield f"GET {path}", f"{answer.headers}{answer.text}"


def printed(house: House, kept: Path) -> Iterator[tuple[str, str]]:
    """What the command line says beside the running bot."""
    fleet = kept / "fleet.yaml"
    fleet.write_text(demo_fleet.fleet_text(house.stage.metrics.url))
    env = {
        **os.environ,
        "STEPDOWN_FLEET": str(fleet),
        "STEPDOWN_DATABASE_URL": f"sqlite:///{kept / 'demo.db'}",
        "STEPDOWN_DATA_DIR": str(kept),
        "STEPDOWN_PLAYBOOKS_DIR": str(kept.parent / "playbooks"),
    }
    for words in COMMANDS:
        run = subprocess.run(
            [sys.executable, "-m", "bot", *words.split()],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode in (0, 1), run.stderr
        assert "Traceback" not in run.stderr, run.stderr
        yield f"stepdown {words}", run.stdout + run.stderr
