"""Labelled incidents in a file, for a replay: CSV with the header `agent,from,to` and, if wanted, `kind`.

Times as in a recording. Every line that cannot be read is named, since one incident left out would turn real pages into
pages by chance.
"""

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from bot.core.backtest.incident_labels import IncidentLabel
from bot.core.formatting.plurals import plural
from bot.core.model.samples import minute_start
from bot.sources.recordings import RecordingError, RowError, written_minute

NEEDED = ("agent", "from", "to")
ALLOWED = (*NEEDED, "kind")
MOST_NAMED = 20
"""How many wrong lines are named at once."""


def labels(path: Path, agents: Collection[str]) -> tuple[IncidentLabel, ...]:
    """The incidents of a file, by time. Raises RecordingError with a line for each that is wrong."""
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            reader = csv.DictReader(file, strict=True, skipinitialspace=True)
            _check_header(path, reader.fieldnames or ())
            found = list(_rows(path, reader, agents))
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    except csv.Error as error:
        raise RecordingError(f"{path}: broken CSV ({error}); a quote may be open or a NUL byte stand there") from error
    wrong = [one for one in found if isinstance(one, str)]
    if wrong:
        more = [f"{path}: {len(wrong) - MOST_NAMED} more lines are wrong"] if len(wrong) > MOST_NAMED else []
        raise RecordingError("\n".join([*wrong[:MOST_NAMED], *more]))
    return tuple(sorted((one for one in found if isinstance(one, IncidentLabel)), key=lambda one: (one.first, one)))


def _check_header(path: Path, names: Collection[str]) -> None:
    if not set(NEEDED) <= set(names) or not set(names) <= set(ALLOWED) or len(set(names)) != len(names):
        told = ", ".join(names) or "nothing"
        raise RecordingError(
            f"{path}:1: the header has {told}; allowed are {', '.join(ALLOWED)} (kind may be left out)"
        )


def _rows(path: Path, reader: "csv.DictReader[str]", agents: Collection[str]) -> Iterator[IncidentLabel | str]:
    """Each row as a label, or as a sentence that says what is wrong with it."""
    for row in reader:
        try:
            yield _label(row, agents)
        except RowError as error:
            yield f"{path}:{reader.line_num}: {error}"


def _label(row: Mapping[str | None, str | list[str] | None], agents: Collection[str]) -> IncidentLabel:
    named = sum(name is not None for name in row)
    stand = named - sum(value is None for value in row.values()) + len(row.get(None) or ())
    if stand != named:
        raise RowError(f"{plural(stand, 'field')} stand here; the header has {named}")
    agent, first, end, kind = (str(row.get(name) or "").strip() for name in ALLOWED)
    if agent not in agents:
        raise RowError(f"agent {agent!r} is not in the fleet file; it has {', '.join(sorted(agents)[:10])}")
    label = IncidentLabel(agent, _minute("from", first), _minute("to", end), kind)
    if label.end <= label.first:
        shown = " and ".join(f"{minute_start(minute):%Y-%m-%d %H:%M}" for minute in (label.first, label.end))
        raise RowError(f"`to` must be a minute after `from` at least; they are {shown}")
    return label


def _minute(name: str, given: str) -> int:
    try:
        return written_minute(given)
    except RowError as error:
        raise RowError(f"{name}: {error}") from error
