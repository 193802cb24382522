"""The demo as a command: set the stage, tell the story, print it as it happens, and say whether it was whole."""

import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from bot.core.formatting.redaction import Redactor
from bot.core.model.samples import minute_of
from bot.demo.colleague import Colleague
from bot.demo.milestones import Milestone, lag_of, milestones_of, missing
from bot.demo.responder import ScriptedResponder, StoryStoppedError, take_the_lead
from bot.demo.setup import DemoSetup, set_up, tell
from bot.runtime.log_output import configure_logs
from bot.simulation import demo_fleet, traced_fleet

NEEDED = 150.0
"""Scenario minutes the unattended story may take before it counts as stuck."""
SLACK = 60.0
"""Real seconds on top: what taps, starts and files cost does not get shorter with the speed."""
MOST_TASKS = 100_000
SPANS = (
    f"The agent {traced_fleet.TRACED} is watched by the spans it sends over OTLP, and by nothing else.\n"
    "Later in the night it goes wrong too; Dan, who owns it, takes care of that."
)
FASTEST = 60.0
"""Above it a minute of the scenario is less than a second, and a busy machine does not keep up with the story."""


def too_fast(speed: float) -> str:
    """Why this speed is refused; empty where it is not."""
    if speed <= FASTEST:
        return ""
    return (
        f"--speed {speed:g} is too fast: a minute of the scenario would pass in {60 / speed:.1f} s, in which a busy "
        f"machine does not get everything done. 1 to {FASTEST:g} is allowed."
    )


def run_demo(*, speed: float, unattended: bool, json_file: Path | None, port: int, keep: Path | None) -> int:
    """Run the demo; returns the exit code. Unattended: 0 only if every beat happened, in order."""
    configure_logs(
        "ERROR", Redactor()
    )  # what the bot warns about, such as people without a phone, is the demo's own choice
    console = Console(highlight=False)
    with _folder(keep) as folder:
        stage = set_up(folder, speed, port, lambda line: console.print(f"  {line}"))
        colleague = Colleague(stage)
        try:
            tell(stage)
            colleague.start()
            if not unattended:
                return _attend(stage, colleague, console, speed)
            return _play(stage, colleague, console, speed, json_file)
        finally:
            colleague.stop()
            stage.stop()


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Where the database and the postmortem go. Nothing is deleted that a person may want to read."""
    if keep is None:
        keep = Path(tempfile.mkdtemp(prefix="stepdown-demo-"))
    keep.mkdir(parents=True, exist_ok=True)
    for old in keep.glob("demo.db*"):
        old.unlink()
    yield keep


def _attend(stage: DemoSetup, colleague: Colleague, console: Console, speed: float) -> int:
    """A person plays. The story is printed beside them until they stop it."""
    console.print(f"\n[bold]Open {stage.slack.url} in a browser.[/bold] You are Ana, who owns the refunds agent.")
    console.print(f"Time runs {speed:g} times as fast. In about half a minute the agent goes wrong and you are paged.")
    console.print("The page is a direct message from Stepdown. Tap Acknowledge, step it down, walk the runbook:")
    console.print("the work goes on in the incident's channel, and you lead once you have acknowledged.")
    console.print("Switch to Bo at the top left to approve a restore. Ctrl-C ends it.")
    console.print(SPANS)
    console.print(_legend(speed))
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    teller = _Teller(stage, colleague, console)
    while not stopped.wait(0.3):
        teller.look()
        take_the_lead(stage)
    console.print("\nThe demo is over.")
    _what_next(console, stage, teller.postmortem)
    return 0


def _play(stage: DemoSetup, colleague: Colleague, console: Console, speed: float, json_file: Path | None) -> int:
    """Play the responder, print each beat, and judge the story."""
    console.print(f"\n{SPANS}")
    console.print(_legend(speed))
    teller = _Teller(stage, colleague, console)
    stopped = threading.Event()

    def narrate() -> None:
        while not stopped.wait(0.2):
            teller.look()

    narrator = threading.Thread(target=narrate, name="narrator", daemon=True)
    narrator.start()
    trouble = ""
    try:
        ScriptedResponder(stage, time.monotonic() + NEEDED * 60 / speed + SLACK).play()
    except StoryStoppedError as stop:
        trouble = str(stop)
    stopped.set()
    narrator.join()
    teller.look()
    spans = _of_spans(stage, colleague)
    wrong = [*([trouble] if trouble else []), *missing(teller.beats)]
    wrong += [] if spans.opened else [f"{traced_fleet.TRACED} did not breach"]
    console.print(f"\n{spans.sentence()}")
    if json_file is not None:
        _write(json_file, teller.beats, teller.postmortem, spans)
    if wrong:
        console.print(f"\n[bold red]The story did not hold:[/bold red] {'; '.join(wrong)}", soft_wrap=True)
        console.print(f"Where the machine has much else to do, a lower speed helps: --speed {max(1, speed / 3):.0f}")
        return 1
    console.print("\n[bold]Everything happened, in its order.[/bold]")
    _what_next(console, stage, teller.postmortem)
    return 0


def _legend(speed: float) -> str:
    return f"\nTimes are the scenario's, {speed:g} times as fast as yours. Yours stand in brackets.\n"


def _what_next(console: Console, stage: DemoSetup, postmortem: str) -> None:
    """Where to look once it is over."""
    command = command_words()
    lines = [
        ("the postmortem draft", postmortem),
        ("everything it stored", str(stage.folder / "demo.db")),
        ("play a failure yourself, with a score", f"{command} tabletop list"),
        ("a fleet file of your own", f"{command} examples, then {command} check"),
        ("a real Slack workspace", "docs/slack-setup.md in the repository"),
    ]
    console.print("What to look at next:")
    for what, where in lines:
        if where:
            console.print(f"  {what + ':':<40} {where}", markup=False, soft_wrap=True)


def command_words() -> str:
    """How this reader calls the command: by its name where the shell finds it, else by the file beside this Python."""
    beside = Path(sys.executable).with_name("stepdown")
    if shutil.which("stepdown") or not beside.exists():
        return "stepdown"
    here = Path.cwd()
    return str(beside.relative_to(here)) if beside.is_relative_to(here) else str(beside)


@dataclass(frozen=True, slots=True)
class SpanStory:
    """What became of the agent that is watched by its spans. `opened`: what its incident says, "" without one."""

    sent: int
    tasks: int
    healthy_tasks: int
    """Those that were counted before it went wrong; all of them where it did not."""
    opened: str

    def sentence(self) -> str:
        """For the end of the story."""
        of = f"{traced_fleet.TRACED}: {self.sent} spans came, {self.tasks} tasks were counted from them"
        return f"{of}; {self.opened}" if self.opened else of


def _of_spans(stage: DemoSetup, colleague: Colleague) -> SpanStory:
    incident, store = colleague.breach(), stage.app.store
    last = minute_of(stage.clock.now())
    tasks = store.tasks_between([traced_fleet.TRACED], minute_of(stage.clock.origin), last, MOST_TASKS)
    opened = next((e.entry for e in store.entries(incident.id) if e.entry.kind == "opened"), None) if incident else None
    healthy = [task for task in tasks if opened is None or task.at < opened.at]
    return SpanStory(stage.traced.sent, len(tasks), len(healthy), "" if opened is None else opened.text)


def _write(path: Path, beats: list[Milestone], postmortem: str, spans: SpanStory) -> None:
    story = {"beats": [asdict(beat) for beat in beats], "postmortem": postmortem, "spans": asdict(spans)}
    path.write_text(json.dumps(story, indent=2, ensure_ascii=False) + "\n")


class _Teller:
    """Prints what the timeline of the failing agent's incident says, as it is committed."""

    def __init__(self, stage: DemoSetup, colleague: Colleague, console: Console) -> None:
        self._stage = stage
        self._colleague = colleague
        self._console = console
        self._speed = stage.clock.speed
        self._told = 0
        self.beats: list[Milestone] = []
        self.postmortem = ""

    def look(self) -> None:
        """Print what is new."""
        for entry in self._colleague.news():
            line = f"{entry.at:%H:%M:%S}  {entry.actor.name:<12} {traced_fleet.TRACED}: {entry.text}"
            self._console.print(line, style="cyan", markup=False, soft_wrap=True)
        store = self._stage.app.store
        incident = next((one for one in reversed(store.incidents(10)) if one.agent == demo_fleet.FAILING), None)
        if incident is None:
            return
        self.postmortem = incident.postmortem
        entries = store.entries(incident.id)
        for sealed in entries[self._told :]:
            entry = sealed.entry
            style = "bold" if milestones_of([sealed]) else "dim"
            line = f"{entry.at:%H:%M:%S}  {entry.actor.name:<12} {entry.text}{self._in_real_time(entry.event)}"
            self._console.print(line, style=style, markup=False, soft_wrap=True)
        self._told = len(entries)
        self.beats = milestones_of(entries)

    def _in_real_time(self, event: object) -> str:
        """How long something took on the reader's own clock, for what tells its lag in scenario time."""
        took = lag_of(event)
        return "" if took is None else f" [{took / self._speed:.1f} s of your time]"
