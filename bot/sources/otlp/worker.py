"""Decoding beside the bot: a process of its own reads requests, so that no page waits for spans.

Python's lock would otherwise be held for a good part of each second by whoever sends much. The process is started with
the first request, reads one at a time, and ends when its input does. One that dies or takes too long is replaced.

On the wire: eight bytes with the lengths of head and body, then both. The head is JSON; the body of an answer is the
chunks one after another.
"""

import os
import select
import struct
import subprocess
import sys
import time
from threading import Lock
from typing import IO, Any, Final

from pydantic_core import from_json, to_json

from bot.ports.spans import OtlpRequest, ReadRequest, UnreadableError
from bot.ports.store.traces import SpanChunk, TraceKey

PATIENCE: Final = 20.0
"""Seconds for one request."""
NICE: Final = 5
_LENGTHS: Final = struct.Struct(">II")


class SpanWorker:
    """See `ports.spans.SpanReader`. Safe to call from several threads; they take turns."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, request: OtlpRequest, now: float) -> ReadRequest:
        """Decode one request in the other process."""
        head = to_json({"signal": request.signal, "as_json": request.as_json, "encoding": request.encoding, "now": now})
        with self._lock:
            try:
                said, body = self._exchange(head, request.body)
            except (OSError, EOFError) as error:
                self._drop()
                raise OSError(f"the process that reads spans failed: {error}") from error
        if said["status"]:
            raise UnreadableError(said["status"], said["why"])
        chunks, at = [], 0
        for trace, chunk, spans, ends, size in said["chunks"]:
            text = body[at : at + size].decode()
            chunks.append(SpanChunk(TraceKey(trace, request.writer), chunk, spans, ends, text))
            at += size
        refused = [(why, count) for why, count in said["refused"]]
        return ReadRequest(chunks, said["records"], refused, [(of, how, count) for of, how, count in said["seen"]])

    def close(self) -> None:
        """Let the process go."""
        with self._lock:
            self._drop()

    def _exchange(self, head: bytes, body: bytes) -> tuple[Any, bytes]:
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise EOFError("it has no pipes")
        process.stdin.write(_LENGTHS.pack(len(head), len(body)) + head)
        process.stdin.write(body)
        process.stdin.flush()
        end = time.monotonic() + self._patience
        lengths = _LENGTHS.unpack(_read(process.stdout, _LENGTHS.size, end))
        said = from_json(_read(process.stdout, lengths[0], end))
        return said, _read(process.stdout, lengths[1], end)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._drop()
            command = [sys.executable, "-m", "bot.sources.otlp.worker"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module
        return self._process

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was still to be written to a dead process
                    continue


def _read(pipe: IO[bytes], size: int, end: float) -> bytes:
    """Exactly `size` bytes. Raises EOFError when the process ended, TimeoutError when it took too long."""
    parts: list[bytes] = []
    while size > 0:
        left = end - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError("it took too long")
        part = os.read(pipe.fileno(), size)
        if not part:
            raise EOFError("it ended")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Read what comes until the input ends."""
    from bot.sources.otlp.decoding import UndecodableError, decoded  # noqa: PLC0415 - the process that asks needs none of it

    while len(lengths := asked.read(_LENGTHS.size)) == _LENGTHS.size:
        sizes = _LENGTHS.unpack(lengths)
        head, body = from_json(asked.read(sizes[0])), asked.read(sizes[1])
        try:
            read = decoded(head["signal"], body, as_json=head["as_json"], encoding=head["encoding"], now=head["now"])
        except UndecodableError as error:
            said, bodies = {"status": error.status, "why": str(error)}, b""
        else:
            said = {
                "status": 0,
                "records": read.records,
                "refused": list(read.refused.items()),
                "seen": [(*key, count) for key, count in read.seen.items()],
                "chunks": [(c.trace, c.chunk, c.spans, c.ends, len(c.body)) for c in read.chunks],
            }
            bodies = b"".join(chunk.body for chunk in read.chunks)
        answer = to_json(said)
        answers.write(_LENGTHS.pack(len(answer), len(bodies)) + answer + bodies)
        answers.flush()


if __name__ == "__main__":
    os.nice(NICE)
    serve(sys.stdin.buffer, sys.stdout.buffer)
