"""Values to JSON and back. Pydantic reads the types of the core's dataclasses; the core does not know pydantic."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic_core import from_json

from bot.core.autonomy.file_record import FileRecord
from bot.core.incident.effects import Effect
from bot.core.incident.events import Event
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import Entry, SealedEntry
from bot.core.model.people import Actor
from bot.core.model.slis import Baseline
from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.traces.runs import AgentRun
from bot.core.telemetry.traces.span_facts import SpanFacts
from bot.ports.chat import Receipt

incident_json: TypeAdapter[Incident] = TypeAdapter(Incident)
event_json: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
effect_json: TypeAdapter[Effect] = TypeAdapter(Annotated[Effect, Field(discriminator="kind")])
baseline_json: TypeAdapter[Baseline] = TypeAdapter(Baseline)
run_json: TypeAdapter[AgentRun] = TypeAdapter(AgentRun)
task_json: TypeAdapter[TaskRecord] = TypeAdapter(TaskRecord)
receipt_json: TypeAdapter[Receipt] = TypeAdapter(Receipt)
file_record_json: TypeAdapter[FileRecord] = TypeAdapter(FileRecord)
actor_json: TypeAdapter[Actor] = TypeAdapter(Actor)


@lru_cache(maxsize=512)
def _read_last(_number: int) -> list[tuple[str, Incident]]:
    """Room for what an incident's text was when it was last read, and what it said."""
    return []


def incident_of(number: int, body: str) -> Incident:
    """A stored incident.

    The ticks look at every open incident each second, and few have changed since: of what is the same text the same
    value, which nobody can change, is given again.
    """
    room = _read_last(number)
    last = room[0] if room else None
    if last is None or last[0] != body:
        last = (body, incident_json.validate_json(body))
        room[:] = [last]
    return last[1]


def record_of(entry: Entry) -> dict[str, object]:
    """An entry as plain JSON values: what is sealed and stored."""
    return {
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": actor_json.dump_python(entry.actor, mode="json"),
        "kind": entry.kind,
        "text": entry.text,
        "event": None if entry.event is None else event_json.dump_python(entry.event, mode="json"),
    }


def entry_of(serial: int, record: str, seal: str) -> SealedEntry:
    """A stored entry. The record is kept as it was written, so that its seal can be checked."""
    plain = json.loads(record)
    entry = Entry(
        at=datetime.fromisoformat(plain["at"]),
        actor=actor_json.validate_python(plain["actor"]),
        kind=plain["kind"],
        text=plain["text"],
        event=None if plain["event"] is None else event_json.validate_python(plain["event"]),
    )
    return SealedEntry(serial, entry, seal, plain)


def spans_of_json(body: str) -> list[SpanFacts]:
    """The spans of a stored chunk. Few of its texts come twice, and to look each up takes longer than to make it."""
    return list(map(SpanFacts._make, from_json(body, cache_strings="none")))


def seconds(at: datetime) -> float:
    """Seconds since the epoch."""
    return at.timestamp()


def moment(at: float) -> datetime:
    """The aware UTC datetime of seconds since the epoch."""
    return datetime.fromtimestamp(at, UTC)


def seconds_or_none(at: datetime | None) -> float | None:
    """The same of a time that may not have come."""
    return None if at is None else seconds(at)


def moment_or_none(at: float | None) -> datetime | None:
    """The same of a column that may be empty."""
    return None if at is None else moment(at)
