"""Pushed records, one by one: what is right is stored, what is not is named, and neither keeps its neighbours out.

Two rounds. First the record's own shape (`records`). Then what only the fleet and the clock can tell: is there such an
agent, workflow and SLI, and is the time plausible.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Sample, Series
from bot.core.model.slis import Sli
from bot.core.telemetry.pooling import can_be_pooled, whole_of
from bot.core.telemetry.task_records import TaskRecord, ToolUse
from bot.web.errors import found, nearest
from bot.web.ingest.records import ALLOWED, SampleIn, TaskIn

AHEAD = timedelta(seconds=30)
BEHIND = timedelta(days=14)
FAULTS_SHOWN = 100
PERCENT = 100

Numbered = tuple[int, object]
"""A record as it came, with its place in the request."""
Complaint = tuple[str, object, str]
"""(field, found, addition to what is allowed)"""
Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RecordFault:
    """One thing that is wrong: in which record, in which field, what was found and what is allowed."""

    index: int
    field: str
    found: str
    allowed: str


@dataclass(frozen=True, slots=True)
class CheckedRecords(Generic[Value]):
    """The records of a request that can be stored, by their place, and what is wrong with the others."""

    good: Mapping[int, Value] = field(default_factory=dict)
    faults: tuple[RecordFault, ...] = ()

    def refused(self) -> list[int]:
        """The places of the records that are refused, in order."""
        return sorted({fault.index for fault in self.faults})

    def shown(self) -> list[dict[str, object]]:
        """The first faults in order, as an answer holds them."""
        return [asdict(fault) for fault in sorted(self.faults, key=lambda one: one.index)[:FAULTS_SHOWN]]

    def without(self, faults: Iterable[RecordFault]) -> "CheckedRecords[Value]":
        """The same with more faults found."""
        more = tuple(faults)
        bad = {fault.index for fault in more}
        kept = {index: value for index, value in self.good.items() if index not in bad}
        return CheckedRecords(kept, (*self.faults, *more))


def checked_samples(rows: Sequence[Numbered], fleet: Fleet, now: datetime) -> CheckedRecords[Sample]:
    """Samples of a request."""
    records = _in_our_words(shaped(rows, SampleIn), fleet)
    judged = judged_by(records, lambda record: _sample_faults(record, fleet, now))
    return CheckedRecords({index: _sample(record, fleet) for index, record in judged.good.items()}, judged.faults)


def checked_tasks(rows: Sequence[Numbered], fleet: Fleet, now: datetime) -> CheckedRecords[TaskRecord]:
    """Task records of a request."""
    records = _in_our_words(shaped(rows, TaskIn), fleet)
    judged = judged_by(records, lambda record: _place_faults(record, fleet, now))
    return CheckedRecords({index: _task(record) for index, record in judged.good.items()}, judged.faults)


Named = TypeVar("Named", SampleIn, TaskIn)


def _in_our_words(records: CheckedRecords[Named], fleet: Fleet) -> CheckedRecords[Named]:
    """The records with agent and workflow in the words of the fleet file (`aka`)."""
    named: dict[int, Named] = {}
    for index, record in records.good.items():
        agent, workflow = fleet.aliases.named(record.agent, record.workflow)
        named[index] = record.model_copy(update={"agent": agent, "workflow": workflow})
    return CheckedRecords(named, records.faults)


def owners(rows: Iterable[object], fleet: Fleet) -> Mapping[str, int]:
    """Agent -> how many of these records are its; by key where the fleet file knows it."""
    names = [row.get("agent") for row in rows if isinstance(row, dict)]
    return Counter(fleet.aliases.agent(name)[:200] for name in names if isinstance(name, str))


def _sample(record: SampleIn, fleet: Fleet) -> Sample:
    sli = fleet.agents[record.agent].sli(record.workflow, record.sli)
    value = record.value * PERCENT if sli is not None and sli.values_in == "fraction" else record.value
    return Sample(Series(record.agent, record.workflow, record.sli), record.time, value, record.n)


def _scale(sli: Sli) -> str:
    return sli.values_in or "percent"


def _most(sli: Sli) -> int:
    """All of it, on the scale in which the values of a share come."""
    return 1 if _scale(sli) == "fraction" else PERCENT


def _task(record: TaskIn) -> TaskRecord:
    tools = tuple(ToolUse(tool.name, tool.calls, tool.errors) for tool in record.tools)
    return TaskRecord(at=record.time, tools=tools, **record.model_dump(exclude={"time", "tools"}))


def shaped(rows: Sequence[Numbered], model: type[Model], words: Mapping[str, str] = ALLOWED) -> CheckedRecords[Model]:
    """Every record in its own shape, with every fault of every other; `words` say what is allowed."""
    good: dict[int, Model] = {}
    faults: list[RecordFault] = []
    for index, row in rows:
        try:
            good[index] = model.model_validate(row)
        except ValidationError as error:
            faults += [_shape_fault(index, detail, model, words) for detail in error.errors(include_url=False)]
    return CheckedRecords(good, tuple(faults))


def _shape_fault(index: int, detail: ErrorDetails, model: type[BaseModel], words: Mapping[str, str]) -> RecordFault:
    """One of pydantic's complaints in our words."""
    name = str(detail["loc"][0])[:200] if detail["loc"] else ""
    if not name:
        return RecordFault(index, "", found(detail["input"]), "a JSON object for each record")
    if detail["type"] == "missing":
        return RecordFault(index, name, "nothing", words[name])
    known = [one for one in words if one in model.model_fields or (one == "task_class" and model is TaskIn)]
    if name not in known:
        near = nearest(name, known)
        return RecordFault(index, found(name), "a field that is not known", f"{', '.join(known)}.{near}")
    if detail["type"] == "extra_forbidden":
        return RecordFault(index, name, found(detail["input"]), "either workflow or task_class, not both")
    return RecordFault(index, name, found(detail["input"]), words[name])


def judged_by(
    records: CheckedRecords[Model],
    complaints_of: Callable[[Model], list[Complaint]],
    words: Mapping[str, str] = ALLOWED,
) -> CheckedRecords[Model]:
    """The records without those that the fleet and the clock find something wrong with."""
    return records.without(
        RecordFault(index, name, value if isinstance(value, str) else found(value), f"{words[name]}{more}")
        for index, record in records.good.items()
        for name, value, more in complaints_of(record)
    )


def _place_faults(record: SampleIn | TaskIn, fleet: Fleet, now: datetime) -> list[Complaint]:
    """What is wrong with the agent and the time of a record."""
    faults = time_faults(record.time, now)
    agent = fleet.agents.get(record.agent)
    if agent is None:
        faults.append(("agent", found(record.agent), f".{nearest(record.agent, list(fleet.agents))}"))
    return faults


def time_faults(at: datetime, now: datetime) -> list[Complaint]:
    """The fault of a time that is too old or ahead of our clock."""
    if now - BEHIND <= at <= now + AHEAD:
        return []
    return [("time", f"{at.isoformat()}, {_off(at - now)}", "")]


def _sample_faults(record: SampleIn, fleet: Fleet, now: datetime) -> list[Complaint]:
    """The same, and whether the agent has that SLI and it can have that value."""
    faults = _place_faults(record, fleet, now)
    agent = fleet.agents.get(record.agent)
    if agent is None:
        return faults
    sli = agent.sli(record.workflow, record.sli)
    if sli is None:
        faults.append(_stranger_to(agent, record))
    elif sli.percentile:
        why = f"; {sli.name} is a percentile, which is made of the tasks of POST /v1/tasks and of nothing else"
        faults.append(("sli", found(record.sli), why))
    elif sli.is_share and not 0 <= record.value <= _most(sli):
        faults.append(
            ("value", record.value, f", and for a share like {sli.name} from 0 to {_most(sli)} ({_scale(sli)})")
        )
    elif not _counts(agent, record):
        faults.append(
            ("n", "nothing", f"; {sli.name} is watched for the agent as a whole, and workflows are weighed by n")
        )
    return faults


def _stranger_to(agent: Agent, record: SampleIn) -> Complaint:
    """An SLI that the agent does not have, or has for some of its workflows only."""
    flows = [flow for flow, one in agent.slis if one.name == record.sli]
    if flows:
        said = found(record.workflow) if record.workflow else "nothing"
        return "workflow", said, f"; {record.sli} is watched for {', '.join(flows)}"
    return "sli", found(record.sli), f".{nearest(record.sli, sorted({one.name for _, one in agent.slis}))}"


def _counts(agent: Agent, record: SampleIn) -> bool:
    """Whether the value is watched, by itself or as a part of the agent's."""
    series = Series(record.agent, record.workflow, record.sli)
    return whole_of(agent, series) is None or can_be_pooled(agent, series, record.n)


def _off(distance: timedelta) -> str:
    """How far a time lies from now, in words."""
    seconds = distance.total_seconds()
    return f"{seconds:.0f} s ahead of our clock" if seconds > 0 else f"{-seconds / 86_400:.1f} days ago"


def strangers(rows: Iterable[Numbered], agent: str, fleet: Fleet) -> list[RecordFault]:
    """Records that speak for another agent than this one: refused in the same words, known or not."""
    named = [(index, row.get("agent") if isinstance(row, dict) else None) for index, row in rows]
    return [
        RecordFault(index, "agent", found(owner), f"{agent!r} only: this token reports for that agent alone")
        for index, owner in named
        if isinstance(owner, str) and fleet.aliases.agent(owner) != agent
    ]
