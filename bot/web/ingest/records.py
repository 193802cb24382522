"""Pushed records: from JSON to values, checked whole. One bad record refuses the request, and every fault is named.

Two rounds. First the record's own shape (pydantic, strict: no "3" for 3, no true for 1, no NaN). Then what only the
fleet and the clock can tell: is there such an agent, workflow and SLI, and is the time plausible.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bot.core.model.fleet import Agent, Fleet
from bot.core.model.posted_change import ChangeKind, PostedChange
from bot.core.model.samples import Sample, Series
from bot.core.telemetry.pooling import can_be_pooled, whole_of
from bot.core.telemetry.task_records import TaskRecord, ToolUse
from bot.web.errors import found, nearest

AHEAD = timedelta(seconds=30)
BEHIND = timedelta(days=14)
BATCH = 5_000
"""Records in one request."""
FAULTS_SHOWN = 100
PERCENT = 100


@dataclass(frozen=True, slots=True)
class RecordFault:
    """One thing that is wrong: in which record, in which field, what was found and what is allowed."""

    index: int
    field: str
    found: str
    allowed: str


class RecordFaults(Exception):  # noqa: N818 - the caller's mistake, not a failure of ours
    """Records that were refused; nothing of the request was stored."""

    def __init__(self, faults: Sequence[RecordFault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.count = len(faults)
        self.shown = [asdict(fault) for fault in faults[:FAULTS_SHOWN]]
        self.first = f"{faults[0].field or 'record'}: {faults[0].found}" if faults else ""


def _moment(value: object) -> object:
    """ISO 8601 with an offset, or seconds since 1970; anything else is left for the model to refuse."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError("no offset")
            return moment.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError):
        raise ValueError("no such time") from None
    return value


def _printable(value: object) -> object:
    """Text that any database and terminal can take."""
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("not printable")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
Text = Annotated[str, BeforeValidator(_printable), Field(min_length=1, max_length=200)]
Flow = Annotated[str, BeforeValidator(_printable), Field(max_length=200)]
Times = Annotated[int, Field(ge=0, le=1_000_000)]
Names = Annotated[list[Text], Field(max_length=200)]
Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]


class SampleIn(BaseModel):
    """One ready value of an SLI. Percentages run from 0 to 100; `n` is the number of tasks behind the value."""

    model_config = ConfigDict(extra="forbid", strict=True)

    time: Moment
    agent: Text
    workflow: Flow = ""
    sli: Text
    value: float = Field(ge=-1e15, le=1e15, allow_inf_nan=False)
    n: Amount | None = None


class ToolIn(BaseModel):
    """One tool in one task: calls, and how many of them failed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Text
    calls: int = Field(ge=0, le=1_000_000)
    errors: int = Field(default=0, ge=0, le=1_000_000)


class TaskIn(BaseModel):
    """What is known of one task. Report it again when more is known: the newest `time` counts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    task_id: Text
    agent: Text
    workflow: Flow = Field(default="", validation_alias=AliasChoices("workflow", "task_class"))
    time: Moment
    tool_calls: int = Field(default=0, ge=0, le=1_000_000)
    required_escalation: bool = False
    pending_approval: bool = False
    completed: bool = False
    decision_confidence: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    decision_correct: bool | None = None
    success: bool | None = None
    cost: Amount | None = None
    tools: list[ToolIn] = Field(default=[], max_length=100)
    invalid_calls: Times | None = None
    denied_calls: Times | None = None
    repeated_calls: Times | None = None
    replans: Times | None = None
    flagged: Times | None = None
    context_use: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    model: Flow = ""
    prompt: Flow = ""


class ChangeIn(BaseModel):
    """One change. Empty lists mean all of them. `id` is yours: a commit, a pipeline's run, a version."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Text
    kind: ChangeKind
    time: Moment
    summary: Text
    agents: Names = []
    workflows: Names = []
    tools: Names = []
    version: Flow = ""
    by: Flow = ""

    def value(self) -> PostedChange:
        """The value of the core."""
        lists = (tuple(self.agents), tuple(self.workflows), tuple(self.tools))
        return PostedChange(self.id, self.kind, self.time, self.summary, *lists, self.version, self.by)


_TIME = "ISO 8601 with an offset (2026-03-01T02:14:00Z) or seconds since 1970; at most 30 s ahead, 14 days old"
_YES_NO = "true or false"
_COUNT = "a whole number from 0 to 1000000"
_VERSION = "at most 200 printable characters"
Model = TypeVar("Model", bound=BaseModel)
ALLOWED = {
    "time": _TIME,
    "agent": "the key of an agent in the fleet file",
    "workflow": "a workflow of the agent, or empty for the agent as a whole",
    "task_class": "a workflow of the agent, or empty for the agent as a whole",
    "sli": "an SLI of the agent in the fleet file",
    "value": "a finite number",
    "n": "a finite number, 0 or more: the tasks behind the value",
    "task_id": "1 to 200 printable characters, unique within the agent",
    "tool_calls": _COUNT,
    "required_escalation": _YES_NO,
    "pending_approval": _YES_NO,
    "completed": _YES_NO,
    "decision_confidence": "a number from 0 to 1",
    "decision_correct": _YES_NO,
    "success": _YES_NO,
    "cost": "a finite number, 0 or more",
    "tools": 'at most 100 of {"name": a tool, "calls": a whole number, "errors": a whole number}',
    "invalid_calls": _COUNT,
    "denied_calls": _COUNT,
    "repeated_calls": _COUNT,
    "replans": _COUNT,
    "flagged": _COUNT,
    "context_use": "a number from 0 to 1",
    "model": _VERSION,
    "prompt": _VERSION,
}


def samples_from(parsed: object, fleet: Fleet, now: datetime) -> list[Sample]:
    """Samples from a request's JSON. Raises Faulty."""
    records = [_named(record, fleet) for record in shaped(parsed, SampleIn)]
    insist(records, lambda record: _sample_faults(record, fleet, now))
    return [Sample(Series(r.agent, r.workflow, r.sli), r.time, r.value, r.n) for r in records]


def tasks_from(parsed: object, fleet: Fleet, now: datetime) -> list[TaskRecord]:
    """Task records from a request's JSON. Raises Faulty."""
    records = [_named(record, fleet) for record in shaped(parsed, TaskIn)]
    insist(records, lambda record: _place_faults(record, fleet, now))
    return [_task(record) for record in records]


Named = TypeVar("Named", SampleIn, TaskIn)


def _named(record: Named, fleet: Fleet) -> Named:
    """The record with agent and workflow in the words of the fleet file (`aka`)."""
    agent, workflow = fleet.aliases.named(record.agent, record.workflow)
    return record.model_copy(update={"agent": agent, "workflow": workflow})


def refused_agents(parsed: object, fleet: Fleet) -> Mapping[str, int]:
    """Agent -> how many records of a refused request are its; by key where the fleet file knows it."""
    rows = parsed if isinstance(parsed, list) else [parsed]
    names = [row.get("agent") for row in rows if isinstance(row, dict)]
    return Counter(fleet.aliases.agent(name)[:200] for name in names if isinstance(name, str))


def _task(record: TaskIn) -> TaskRecord:
    tools = tuple(ToolUse(tool.name, tool.calls, tool.errors) for tool in record.tools)
    return TaskRecord(at=record.time, tools=tools, **record.model_dump(exclude={"time", "tools"}))


def shaped(parsed: object, model: type[Model], words: Mapping[str, str] = ALLOWED) -> list[Model]:
    """Every record in its own shape. Raises Faulty with every fault of every record; `words` say what is allowed."""
    rows = parsed if isinstance(parsed, list) else [parsed]
    if len(rows) > BATCH:
        raise RecordFaults([RecordFault(BATCH, "", f"{len(rows)} records", f"at most {BATCH} records in one request")])
    good: list[Model] = []
    faults: list[RecordFault] = []
    for index, row in enumerate(rows):
        try:
            good.append(model.model_validate(row))
        except ValidationError as error:
            faults += [_shape_fault(index, detail, model, words) for detail in error.errors(include_url=False)]
    if faults:
        raise RecordFaults(faults)
    return good


def _shape_fault(index: int, detail: ErrorDetails, model: type[BaseModel], words: Mapping[str, str]) -> RecordFault:
    """One of pydantic's complaints in our words."""
    field = str(detail["loc"][0])[:200] if detail["loc"] else ""
    if not field:
        return RecordFault(index, "", found(detail["input"]), "a JSON object for each record")
    if detail["type"] == "missing":
        return RecordFault(index, field, "nothing", words[field])
    known = [name for name in words if name in model.model_fields or (name == "task_class" and model is TaskIn)]
    if field not in known:
        return RecordFault(
            index, found(field), "a field that is not known", f"{', '.join(known)}.{nearest(field, known)}"
        )
    if detail["type"] == "extra_forbidden":
        return RecordFault(index, field, found(detail["input"]), "either workflow or task_class, not both")
    return RecordFault(index, field, found(detail["input"]), words[field])


def insist(
    records: Sequence[Model],
    faults_of: Callable[[Model], list[tuple[str, object, str]]],
    words: Mapping[str, str] = ALLOWED,
) -> None:
    """Raise Faulty with what the fleet and the clock find wrong, if anything."""
    faults = [
        RecordFault(index, field, value if isinstance(value, str) else found(value), f"{words[field]}{more}")
        for index, record in enumerate(records)
        for field, value, more in faults_of(record)
    ]
    if faults:
        raise RecordFaults(faults)


def _place_faults(record: SampleIn | TaskIn, fleet: Fleet, now: datetime) -> list[tuple[str, object, str]]:
    """(field, found, addition to what is allowed) for the agent, workflow and time of a record."""
    faults = time_faults(record.time, now)
    agent = fleet.agents.get(record.agent)
    if agent is None:
        faults.append(("agent", found(record.agent), f".{nearest(record.agent, list(fleet.agents))}"))
    return faults


def time_faults(at: datetime, now: datetime) -> list[tuple[str, object, str]]:
    """The fault of a time that is too old or ahead of our clock."""
    if now - BEHIND <= at <= now + AHEAD:
        return []
    return [("time", f"{at.isoformat()}, {_off(at - now)}", "")]


def _sample_faults(record: SampleIn, fleet: Fleet, now: datetime) -> list[tuple[str, object, str]]:
    """The same, and whether the agent has that SLI and it can have that value."""
    faults = _place_faults(record, fleet, now)
    agent = fleet.agents.get(record.agent)
    if agent is None:
        return faults
    sli = agent.sli(record.workflow, record.sli)
    if sli is None:
        faults.append(_stranger_to(agent, record))
    elif sli.kind == "ratio" and not 0 <= record.value <= PERCENT:
        faults.append(("value", record.value, f", and for a ratio like {sli.name} from 0 to 100 (percent)"))
    elif not _counts(agent, record):
        faults.append(
            ("n", "nothing", f"; {sli.name} is watched for the agent as a whole, and workflows are weighed by n")
        )
    return faults


def _stranger_to(agent: Agent, record: SampleIn) -> tuple[str, object, str]:
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


def stranger(parsed: object, agent: str, fleet: Fleet) -> tuple[int, str] | None:
    """(index, agent) of the first record that speaks for another agent than this one."""
    for index, row in enumerate(parsed if isinstance(parsed, list) else [parsed]):
        owner = row.get("agent") if isinstance(row, dict) else None
        if isinstance(owner, str) and fleet.aliases.agent(owner) != agent:
            return index, owner
    return None
