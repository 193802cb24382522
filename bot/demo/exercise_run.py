"""`stepdown tabletop run` in a terminal: the local Slack, the real bot, and one exercise that runs by itself."""

import json
import signal
import threading
from pathlib import Path

from rich.console import Console

from bot.core.formatting.redaction import Redactor
from bot.core.model.people import Actor
from bot.core.runbooks.rehearsal import Rehearsal
from bot.demo.setup import DemoSetup, set_up
from bot.documents.after_action import result_as_data
from bot.exercises.live import LiveExercise
from bot.exercises.report import after_action
from bot.runtime.log_output import configure_logs
from bot.simulation.demo_fleet import FAILING, PEOPLE

LOOK_EVERY = 0.3


def run_exercise(rehearsal: Rehearsal, speed: float, port: int, folder: Path, json_file: Path | None) -> int:
    """Play it until it is over and the report is written, or until it is stopped; returns the exit code."""
    configure_logs("WARNING", Redactor())
    console = Console(highlight=False)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("demo.db*"):
        old.unlink()
    stage = set_up(folder, 1.0, port, lambda line: console.print(f"  {line}"))
    try:
        live = _begin(stage, rehearsal, speed)
        console.print(
            f"\n[bold]Open {stage.slack.url} in a browser.[/bold] You are Ana, who owns the agent of the drill."
        )
        console.print(
            f"Its channel is #{live.channel_name}; time runs {speed:g} times as fast. Switch to Bo to approve"
        )
        console.print("a restore. /tabletop look, do, hint and real work in the channel. Ctrl-C ends it.\n")
        _follow(live, console)
        return _finish(live, console, json_file)
    finally:
        stage.stop()


def _begin(stage: DemoSetup, rehearsal: Rehearsal, speed: float) -> LiveExercise:
    ana, bo = PEOPLE[0], PEOPLE[1]
    actor = Actor(ana.key, ana.name, ana.slack, responder=True)
    words = {
        "PLAYBOOK": rehearsal.playbook,
        "agent": FAILING,
        "players": f"<@{ana.slack}> <@{bo.slack}>",
        "speed": f"{speed:g}x",
    }
    answer = stage.app.exercises.ask(actor, "", "start", words)
    if not answer.ok:
        raise RuntimeError(answer.text)
    return next(iter(stage.app.exercises.live_exercises.values()))


def _follow(live: LiveExercise, console: Console) -> None:
    """Print the record as it grows: what players are shown anyway."""
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    told = 0
    while not stopped.wait(LOOK_EVERY) and not live.exercise.over:
        rows = live.exercise.seen_rows()
        for row in rows[told:]:
            console.print(f"{row.at:%H:%M:%S}  {row.who:<12} {row.text}", style="dim", markup=False, soft_wrap=True)
        told = len(rows)
    if not live.exercise.over:
        live.exercise.end("it was stopped in the terminal")


def _finish(live: LiveExercise, console: Console, json_file: Path | None) -> int:
    path = live.wait_for_report(60)
    found = after_action(live.exercise, live.engine)
    for one in found.objectives:
        console.print(f"{one.rating}  {one.text}: {one.why}", markup=False, soft_wrap=True)
    console.print(f"\nScore {found.score} of 100. The report is {path}", soft_wrap=True)
    if json_file is not None:
        result = result_as_data(found, live.exercise.debrief(), path)
        json_file.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return 0
