"""Work done by a process of its own beside the bot, so that Python's lock is held here for none of it.

The process is started with the first request, does one at a time, and ends when its input does, so that it cannot
outlive a bot that was killed. One that dies or takes too long is replaced.

On the wire, both ways: the length of each part of the message as four bytes, then the parts. How many parts a message
has is agreed on beforehand.
"""

import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import IO

__all__ = ["WorkerProcess", "serve"]


class WorkerProcess:
    """One process that runs a module of ours. Safe to call from several threads; they take turns."""

    def __init__(self, module: str, parts: int, patience: float) -> None:
        """`module` calls `serve` with as many `parts`; `patience`: seconds for one request."""
        self.process: subprocess.Popen[bytes] | None = None
        self.patience = patience
        self._command = [sys.executable, "-m", module]
        self._lengths = _lengths(parts)
        self._lock = Lock()

    def ask(self, *parts: bytes) -> list[bytes]:
        """The parts of its answer. Raises OSError when it ended or took too long; the next request starts another."""
        with self._lock:
            try:
                return self._exchange(parts)
            except OSError:
                self._drop()
                raise

    def close(self) -> None:
        """Let the process go."""
        with self._lock:
            self._drop()

    def _exchange(self, parts: Sequence[bytes]) -> list[bytes]:
        process = self.started()
        if process.stdin is None or process.stdout is None:
            raise OSError("the process has no pipes")
        end = time.monotonic() + self.patience
        for part in (self._lengths.pack(*map(len, parts)), *parts):
            _write(process.stdin, part, end)
        lengths = self._lengths.unpack(_read(process.stdout, self._lengths.size, end))
        return [_read(process.stdout, length, end) for length in lengths]

    def started(self) -> subprocess.Popen[bytes]:
        """The process that is there, or a new one."""
        if self.process is None or self.process.poll() is not None:
            self._drop()
            self.process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603 - our own module
            if self.process.stdin is not None:
                os.set_blocking(self.process.stdin.fileno(), False)  # a pipe that is full is waited for in `_write`
        return self.process

    def _drop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def serve(asked: IO[bytes], answers: IO[bytes], parts: int, answer: Callable[..., Sequence[bytes]]) -> None:
    """In the other process: answer what comes until the input ends."""
    lengths = _lengths(parts)
    while len(head := asked.read(lengths.size)) == lengths.size:
        said = answer(*(asked.read(length) for length in lengths.unpack(head)))
        answers.write(b"".join((lengths.pack(*map(len, said)), *said)))
        answers.flush()


def _lengths(parts: int) -> struct.Struct:
    return struct.Struct(f">{parts}I")


def _write(pipe: IO[bytes], part: bytes, end: float) -> None:
    """All of it. Raises OSError when the process ended or took too long to take it."""
    left = memoryview(part)
    while left:
        _wait(pipe, select.POLLOUT, end)
        left = left[os.write(pipe.fileno(), left) :]


def _read(pipe: IO[bytes], size: int, end: float) -> bytes:
    """Exactly `size` bytes. Raises OSError when the process ended or took too long."""
    found: list[bytes] = []
    while size > 0:
        _wait(pipe, select.POLLIN, end)
        part = os.read(pipe.fileno(), size)
        if not part:
            raise ConnectionError("the process ended")
        found.append(part)
        size -= len(part)
    return b"".join(found)


def _wait(pipe: IO[bytes], event: int, end: float) -> None:
    """Until the pipe is ready. By `poll`, since `select` knows no descriptor above 1,023 and the bot may have more."""
    ready = select.poll()
    ready.register(pipe, event)
    left = end - time.monotonic()
    if left <= 0 or not ready.poll(left * 1_000):
        raise TimeoutError("it took too long")
