"""Decoding beside the bot: a process of its own reads requests, so that no page waits for spans.

Python's lock would otherwise be held for a good part of each second by whoever sends much. A message has two parts: its
head as JSON, and a body, which is the request's, and of an answer the chunks one after another.
"""

import os
import sys
from typing import Final

from pydantic_core import from_json, to_json

from bot.ports.spans import OtlpRequest, ReadRequest, UnreadableError
from bot.ports.store.traces import SpanChunk, TraceKey
from bot.worker_process import WorkerProcess, serve

PATIENCE: Final = 20.0
"""Seconds for one request."""
NICE: Final = 5
PARTS: Final = 2


class SpanWorker:
    """See `ports.spans.SpanReader`. Safe to call from several threads; they take turns."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.worker = WorkerProcess("bot.sources.otlp.worker", PARTS, patience)

    def read(self, request: OtlpRequest, now: float) -> ReadRequest:
        """Decode one request in the other process."""
        head = to_json({"signal": request.signal, "as_json": request.as_json, "encoding": request.encoding, "now": now})
        try:
            answer, body = self.worker.ask(head, request.body)
        except OSError as error:
            raise OSError(f"the process that reads spans failed: {error}") from error
        said = from_json(answer)
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
        self.worker.close()


def read_here(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    """In the other process: what a request holds, or why it cannot be read."""
    from bot.sources.otlp.decoding import UndecodableError, decoded  # noqa: PLC0415 - the process that asks needs none of it

    asked = from_json(head)
    try:
        read = decoded(asked["signal"], body, as_json=asked["as_json"], encoding=asked["encoding"], now=asked["now"])
    except UndecodableError as error:
        return to_json({"status": error.status, "why": str(error)}), b""
    said = {
        "status": 0,
        "records": read.records,
        "refused": list(read.refused.items()),
        "seen": [(*key, count) for key, count in read.seen.items()],
        "chunks": [(c.trace, c.chunk, c.spans, c.ends, len(c.body)) for c in read.chunks],
    }
    return to_json(said), b"".join(chunk.body for chunk in read.chunks)


if __name__ == "__main__":
    os.nice(NICE)
    serve(sys.stdin.buffer, sys.stdout.buffer, PARTS, read_here)
