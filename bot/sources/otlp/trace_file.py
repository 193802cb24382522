"""A file of spans: what a Collector's file exporter writes (a JSON request a line), or one request."""

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic_core import from_json

from bot.core.telemetry.traces.span_facts import SpanFacts
from bot.sources.otlp.decoding import EVER, Decoded, UndecodableError, decoded


class TraceFileError(ValueError):
    """A file in which there are no spans to be read; the sentence says why."""


def read_traces(path: Path) -> tuple[Mapping[str, list[SpanFacts]], Decoded]:
    """The spans of a file by trace, and what was read and refused. Raises TraceFileError."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise TraceFileError(f"{path} cannot be read: {error}") from error
    traces: dict[str, list[SpanFacts]] = {}
    total = Decoded()
    for read in _requests(path, content):
        total.records += read.records
        total.refused += read.refused
        total.seen += read.seen
        for chunk in read.chunks:
            traces.setdefault(chunk.trace, []).extend(SpanFacts(*row) for row in from_json(chunk.body))
    if not traces:
        refused = "; ".join(f"{count}: {why}" for why, count in total.refused.items())
        raise TraceFileError(f"{path}: no span could be read{f' ({refused})' if refused else ''}")
    return traces, total


def _requests(path: Path, content: bytes) -> Iterator[Decoded]:
    as_json = content.lstrip()[:1] == b"{"
    bodies = content.splitlines() if as_json and _is_json(content.splitlines()[0]) else [content]
    for number, body in enumerate(bodies, 1):
        if not body.strip():
            continue
        try:
            yield decoded("traces", body, as_json=as_json, encoding="", now=EVER)
        except UndecodableError as error:
            where = f"{path}:{number}" if len(bodies) > 1 else str(path)
            raise TraceFileError(f"{where}: {error}") from None


def _is_json(line: bytes) -> bool:
    """Whether the first line is a whole request: then each line is one."""
    try:
        from_json(line)
    except ValueError:
        return False
    return True
