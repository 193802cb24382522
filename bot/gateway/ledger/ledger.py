"""The ledger: what the agent did and wanted to do, a line each, on this disk until Stepdown has it.

A write's line stands before the write goes out, so that a killed gateway leaves a trace of it; a second line under the
same id says how it ended. Lines are kept in files that are only ever added to; a file goes when Stepdown has all of it.
Lines are not forced to the disk one by one: they outlive the process, and not a power failure of the machine.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic_core import from_json

FULL: Final = 8 * 1024 * 1024
"""Bytes after which a new file is begun."""
BATCH: Final = 100
"""Lines that are sent at once: few, so that no call waits while they are read."""
PIECE: Final = 256 * 1024
"""Bytes that are read at once."""
SENT: Final = "sent.json"


class LedgerError(OSError):
    """A line that cannot be written; then no write may pass."""


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """How far the ledger was sent: the file's number and the byte in it."""

    file: int
    offset: int


class Ledger:
    """Adds lines and says what is still to be sent. For one process; one thread of it adds, and one sends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._sent = _place(folder / SENT)
        files = _files(folder)
        self._number = max([*files, self._sent.file])
        self._out = os.open(self._path(self._number), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(self._out).st_size
        self._close_half_line()

    def _close_half_line(self) -> None:
        """A line that a crash cut short is ended, so that the next one stands for itself."""
        if self._size and self._path(self._number).read_bytes()[-1:] != b"\n":
            self._write(b"\n")

    def add(self, line: bytes) -> None:
        """Write a line: one JSON object without a line end. Raises LedgerError."""
        self._write(line + b"\n")
        if self._size >= FULL:
            os.close(self._out)
            self._number += 1
            self._out = os.open(self._path(self._number), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._size = 0

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._out, data)
        except OSError as error:
            raise LedgerError(f"the ledger in {self._folder} cannot be written: {error.strerror}") from error
        self._size += written
        if written != len(data):
            raise LedgerError(f"the ledger in {self._folder} cannot be written: the disk is full")

    def waiting(self) -> tuple[Sequence[bytes], LedgerPlace]:
        """The next lines to send, at most `BATCH`, and the place after them. What is no line is passed by."""
        while True:
            data = self._read(self._sent)
            lines = data.splitlines(keepends=True)[:BATCH]
            whole = [line for line in lines if line.endswith(b"\n")]
            if whole or self._sent.file >= self._number:
                place = LedgerPlace(self._sent.file, self._sent.offset + sum(map(len, whole)))
                return [line.rstrip() for line in whole if _is_line(line)], place
            self.sent(LedgerPlace(self._sent.file + 1, 0))

    def _read(self, place: LedgerPlace) -> bytes:
        try:
            with self._path(place.file).open("rb") as file:
                file.seek(place.offset)
                return file.read(PIECE)
        except FileNotFoundError:
            return b""

    def sent(self, place: LedgerPlace) -> None:
        """Stepdown has everything before this place: remember it, and drop the files before."""
        kept = self._folder / f"{SENT}.new"
        kept.write_text(json.dumps({"file": place.file, "offset": place.offset}), encoding="ascii")
        kept.replace(self._folder / SENT)
        self._sent = place
        for number in _files(self._folder):
            if number < place.file:
                self._path(number).unlink(missing_ok=True)

    def keep_aside(self, lines: Sequence[bytes]) -> None:
        """Lines that Stepdown will not take are not thrown away: `refused.jsonl`."""
        with (self._folder / "refused.jsonl").open("ab") as file:
            file.writelines(line + b"\n" for line in lines)

    def unsent_bytes(self) -> int:
        """How much is still to be sent."""
        sizes = (self._path(n).stat().st_size for n in _files(self._folder) if n >= self._sent.file)
        return max(0, sum(sizes) - self._sent.offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self._out)

    def _path(self, number: int) -> Path:
        return self._folder / f"ledger-{number:08d}.jsonl"


def _files(folder: Path) -> list[int]:
    return sorted(int(path.stem.removeprefix("ledger-")) for path in folder.glob("ledger-????????.jsonl"))


def _place(path: Path) -> LedgerPlace:
    try:
        said = json.loads(path.read_text(encoding="ascii"))
        return LedgerPlace(int(said["file"]), int(said["offset"]))
    except (OSError, ValueError, KeyError, TypeError):
        return LedgerPlace(0, 0)


def _is_line(line: bytes) -> bool:
    """Whether it is a whole object: a line that a kill cut short is none, and would spoil its neighbours."""
    try:
        return isinstance(from_json(line), dict)
    except ValueError:
        return False
