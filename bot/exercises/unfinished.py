"""Exercises that a process took with it when it died: players must hear that it is over.

An exercise's folder holds the file `running` from its beginning to its report. The file is locked by the process that
runs the exercise, and the lock goes with the process: a file that can be locked belongs to nobody any more. So a second
Stepdown on the same data folder says nothing of an exercise that runs.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import structlog

from bot.exercises.marking import MARK
from bot.ports.chat import Chat
from bot.ports.errors import DeliveryError

FILE = "running"
EVERY = 60.0
"""Real seconds between two looks."""
CUT_SHORT = "Stepdown was restarted and could not go on with it. Nothing real was touched; /tabletop start begins anew"

log = structlog.get_logger("stepdown.exercises")


@dataclass(frozen=True, slots=True)
class Left:
    """An exercise that nobody runs any more: its number, its channel, and the lock on its file."""

    number: int
    channel: str
    file: TextIO


@dataclass
class Unfinished:
    """Which exercises this process runs, and which ones another has left."""

    chat: Chat
    folder: Path
    _running: dict[int, TextIO] = field(default_factory=dict)
    _looked: float = float("-inf")

    def begin(self, folder: Path, number: int, channel: str) -> None:
        """Note that this process runs the exercise of this folder."""
        file = self._running[number] = (folder / FILE).open("a+")
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(channel)
        file.flush()

    def done(self, number: int) -> None:
        """Everything that was to be said of an exercise is said. Twice is once."""
        file = self._running.pop(number, None)
        if file is not None:
            _remove(file)

    def tell(self) -> None:
        """Say in the channel of each exercise that was left that it is over; what fails is tried again in a minute."""
        if time.monotonic() - self._looked < EVERY:
            return
        self._looked = time.monotonic()
        for found in left(self.folder):
            try:
                text = f"{MARK}Exercise {found.number} is over: {CUT_SHORT}."
                self.chat.say(found.channel, text, f"drill-{found.number}/cut-short", repeat=True)
            except DeliveryError as error:
                log.warning("nobody could be told that an exercise is over", exercise=found.number, why=str(error))
                if not error.permanent:
                    found.file.close()
                    continue
            _remove(found.file)


def left(folder: Path) -> Iterator[Left]:
    """Exercises under the folder that nobody runs any more, each locked by whoever asks."""
    for path in sorted(folder.glob(f"drill-*/{FILE}")):
        with suppress(OSError, ValueError):
            number, file = int(path.parent.name.removeprefix("drill-")), path.open("r+")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                continue
            yield Left(number, file.read().strip(), file)


def _remove(file: TextIO) -> None:
    Path(file.name).unlink(missing_ok=True)
    file.close()
