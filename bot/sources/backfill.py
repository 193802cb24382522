"""A month of samples asked of a source, for a replay: range by range, and kept so that a run that was cut off goes on.

Each range of six hours is asked query by query and put in order of time. With a folder, every answer is written to its
own file (whole, or not at all) and read from there the next time: a Prometheus that went away after three weeks
costs the fourth week and not the month.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.model.fleet import Fleet
from bot.core.model.samples import minute_of, minute_start
from bot.core.model.slis import PollQuery
from bot.ports.errors import SourceError
from bot.ports.sources import Source
from bot.sources.recordings import Recorded, RecordingError

RANGE = 6 * 60
"""Minutes asked for at once: 360 points a series, far below what Prometheus allows."""
TRIES = 4
PAUSES = (1.0, 4.0, 16.0)
"""Seconds before a range is asked for again."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Where samples are asked for. `keep` None: nothing is written down. `pause` waits so many seconds."""

    queries: Sequence[PollQuery]
    sources: Mapping[str, Source]
    keep: Path | None = None
    pause: Callable[[float], None] = time.sleep

    def samples(self, first: int, last: int) -> Iterator[Recorded]:
        """Samples of the minutes `first` to `last` inclusive, in order of time. Raises RecordingError."""
        for start in range(first // RANGE * RANGE, last + 1, RANGE):
            low, high = max(start, first), min(start + RANGE - 1, last)
            rows = [row for query in self.queries for row in self._range(query, low, high)]
            yield from sorted(rows, key=lambda row: row.minute)

    def _range(self, query: PollQuery, first: int, last: int) -> list[Recorded]:
        file = self.keep / _name(query, first, last) if self.keep is not None else None
        if file is not None and file.exists():
            return _read(file)
        rows = self._asked(query, first, last)
        if file is not None:
            _write(file, rows)
        return rows

    def _asked(self, query: PollQuery, first: int, last: int) -> list[Recorded]:
        for attempt in range(TRIES):
            try:
                found = self.sources[query.source].fetch(query, first, last)
            except SourceError as error:
                if attempt + 1 == TRIES:
                    raise RecordingError(self._given_up(query, first, error)) from error
                self.pause(PAUSES[attempt])
            else:
                return [
                    Recorded(
                        minute_of(one.at), (one.series.agent, one.series.workflow, one.series.sli), one.value, one.n
                    )
                    for one in found.samples
                ]
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _given_up(self, query: PollQuery, first: int, error: SourceError) -> str:
        tip = (
            f"run it again to go on from {self.keep}" if self.keep else "with --keep FOLDER a second run goes on there"
        )
        return f"source {query.source}: {query.name} from {minute_start(first):%Y-%m-%d %H:%M} UTC on: {error}; {tip}"


def queries_of(fleet: Fleet, wanted: str) -> tuple[PollQuery, ...]:
    """The fleet's questions to a source of that name, or to every source of that kind. Raises RecordingError."""
    names = {spec.name for spec in fleet.sources.values() if wanted in {spec.name, spec.kind}}
    found = tuple(query for query in fleet.queries if query.source in names)
    if not found:
        asked = sorted({query.source for query in fleet.queries})
        kinds = sorted({fleet.sources[name].kind for name in asked})
        allowed = f"sources that are asked: {', '.join(asked) or 'none'} (kinds: {', '.join(kinds) or 'none'})"
        raise RecordingError(f"--from {wanted}: the fleet file asks nothing of it; {allowed}")
    return found


def _name(query: PollQuery, first: int, last: int) -> str:
    """A file for one answer. Another query text, or other agents, are another file."""
    said = json.dumps(
        [query.source, query.sli, sorted(query.parts.items()), sorted(query.by.items()), sorted(query.serves)]
    )
    return f"{query.sli}-{first}-{last}-{hashlib.sha256(said.encode()).hexdigest()[:12]}.jsonl"


def _write(file: Path, rows: Sequence[Recorded]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text("".join(json.dumps([row.minute, row.key, row.value, row.n]) + "\n" for row in rows), "utf-8")
        part.replace(file)
    except OSError as error:
        raise RecordingError(f"{file}: cannot be written: {error.strerror or error}") from error


def _read(file: Path) -> list[Recorded]:
    try:
        lines = file.read_text("utf-8").splitlines()
        return [
            Recorded(minute, (key[0], key[1], key[2]), value, n) for minute, key, value, n in map(json.loads, lines)
        ]
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise RecordingError(
            f"{file}: is not an answer that was kept here ({error}); remove it, and it is asked again"
        ) from error
