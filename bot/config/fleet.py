"""What the fleet file may say, as models (`product.md` section 2). The JSON Schema is generated from these.

They check shape only: names, types, units. What refers to what is checked in `references.py`, so that a wrong key in
one place hides nothing in another. Field order is the order in which a person would write them.
"""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

from bot.config.value_types import (
    OFF,
    AlsoWritten,
    ArgumentPath,
    ChannelId,
    FalsePages,
    GroupId,
    Minutes,
    Name,
    ObjectiveLine,
    Percentile,
    ReversibleWord,
    RungName,
    Seconds,
    Share,
    UserId,
    WholeMinutes,
    YesNo,
)

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "query": "one question that answers all parts; then the others say where in its answer they stand",
        "value": "the value, in the SLI's unit",
        "count": "the tasks behind `value`",
        "good": "tasks that went well; for SLIs where higher is better",
        "bad": "tasks that went badly; for SLIs where lower is better",
        "total": "all tasks",
        "items": "the list that holds one item for each agent or workflow",
        "time": "when it was true",
        "partial": "what an answer says of itself where it is not whole: anything but false, 0, null or nothing",
        "path": "added to the source's `url`",
    }
)
"""The roles a query's texts may have, and what each gives. Which of them a source uses is the source's to say."""


class StrictEntry(BaseModel):
    """A mapping in the file: no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WayEntry(StrictEntry):
    """One way besides Slack to reach a person; the fields of its kind stand beside these.

    The target is a secret, so it stands as `${NAME}`. What it must look like is the kind's to say.
    """

    model_config = ConfigDict(extra="allow")

    kind: str
    target: str = Field(repr=False)


class PersonEntry(StrictEntry):
    """Somebody with a name. `slack` is the member id (U...) from their Slack profile.

    `quiet`: when reminders wait, such as 22:00-07:00, in their own time zone. Pages never do. `is_person`: the name
    looks like a team's and is one person's, so nobody need be warned of it.
    """

    name: str
    slack: UserId = ""
    email: str = ""
    phone: str = ""
    tz: str = "UTC"
    quiet: str = ""
    is_person: bool = False
    ways: list[WayEntry] = []


class NumberQueries(StrictEntry):
    """The texts of a query by role, and how its labels are ours (`by: {agent: agent, workflow: task_class}`)."""

    query: str = ""
    value: str = ""
    count: str = ""
    good: str = ""
    bad: str = ""
    total: str = ""
    items: str = ""
    time: str = ""
    partial: str = ""
    path: str = ""
    by: dict[Literal["agent", "workflow", "part"], str] = {}
    values_in: Literal["percent", "fraction"] | None = None
    """How `value` writes a share that the source does not count: 97 or 0.97."""

    def texts(self) -> dict[str, str]:
        """The roles that were given."""
        return {role: text for role in PARTS if (text := getattr(self, role))}


class SourceEntry(StrictEntry):
    """What every source has; the fields of its kind stand beside these."""

    model_config = ConfigDict(extra="allow")

    kind: str
    settle: Seconds = 120
    slis: dict[Name, NumberQueries] = {}
    """Queries for SLIs that this source names, in its own language."""


class BurnEntry(StrictEntry):
    """A ticket when the error budget burns `factor` times too fast over both windows."""

    factor: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    over: WholeMinutes
    and_over: WholeMinutes


class SliEntry(NumberQueries):
    """An SLI, or what an agent or workflow overrides of one. Everything may be left out that a template knows."""

    off: bool = False
    """An agent or workflow is not measured by this SLI."""
    template: str = ""
    tool: str = ""
    """Fills `$tool` in a template's query."""
    source: str = ""
    title: str = ""
    unit: str | None = None
    kind: Literal["ratio", "gauge"] | None = None
    better: Literal["higher", "lower"] | None = None
    objective: ObjectiveLine | None = None
    percentile: Percentile | None = None
    """The SLI is this percentile of what single tasks took, from task records; `of` says what."""
    of: Literal["tool_calls", "cost", "duration"] | None = None
    rule: Literal["evidence", "literal"] | None = None
    """`evidence` (by default): a breach is what chance would not show. `literal`: BAD for `sustain` minutes."""
    watch: Literal["bad", "both"] | None = None
    """`both` (HER by default): a move in the good direction counts too, beside another sign of trouble."""
    sustain: WholeMinutes | None = None
    long_window: Annotated[WholeMinutes, Field(le=60)] | None = None
    """So long a time as a whole must be past the objective too before it is a breach."""
    every: Annotated[Seconds, Field(ge=10, le=3600)] | None = None
    tolerance: Share | None = None
    absolute_tolerance: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    min_count: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    window: Annotated[WholeMinutes, Field(le=1440)] | None = None
    moved_by_approval: bool | None = None
    slice_target: Share | None = None
    """Share of minutes that a gauge must be on the good side of its objective: its error budget is the rest."""
    burn_alerts: list[BurnEntry] | None = None


def _nothing_is_empty(given: object) -> object:
    """`her:` with nothing behind it is `her: {}`."""
    return {} if given is None else given


def _off_or_entry(given: object) -> object:
    """`tie: off` is `tie: {off: true}`. YAML 1.1 readers make False of `off`, YAML 1.2 readers a word."""
    return {"off": True} if given is False or given == OFF else _nothing_is_empty(given)


def _list_or_mapping(given: object) -> object:
    """`[refund, chargeback]` is `{refund: {}, chargeback: {}}`."""
    if isinstance(given, list):
        if wrong := [name for name in given if not isinstance(name, str)]:
            raise ValueError(_no_name(wrong[0]))
        return {name: {} for name in given}
    if isinstance(given, dict):
        return {name: _nothing_is_empty(entry) for name, entry in given.items()}
    return given


def _no_name(given: object) -> str:
    """What to do about something in a list of names that YAML does not read as text."""
    if isinstance(given, bool | int | float):
        shown = str(given).lower() if isinstance(given, bool) else given
        return f"{shown} is read as a number or a truth value; put it in quotes: '{shown}'"
    return "each entry of this list has to be a name; write a mapping (name: settings) to set more"


Slis = dict[
    Name,
    Annotated[
        SliEntry,
        BeforeValidator(_nothing_is_empty),
        AlsoWritten({"type": "null"}),
    ],
]
Overrides = dict[
    Name,
    Annotated[
        SliEntry,
        BeforeValidator(_off_or_entry),
        AlsoWritten({"enum": ["off", False, None]}),
    ],
]


OtherName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class WorkflowEntry(StrictEntry):
    """What is different for one task class. `aka`: what sources and pushed records call it, besides its key."""

    aka: list[OtherName] = []
    slis: Overrides = {}
    baselines: dict[Name, float] = {}


class ControlEntry(StrictEntry):
    """How the agent obeys; the fields of its kind stand beside these. An agent that asks needs nothing here."""

    model_config = ConfigDict(extra="allow")

    kind: str = "ofrep"
    not_after: Annotated[Seconds, Field(ge=10, le=3600)] = 300
    fallback_rung: str = ""
    confirm_within: Annotated[Seconds, Field(ge=5, le=3600)] = 60


ToolName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ToolEntry(StrictEntry):
    """What one tool does. `amount`: JMESPath into its arguments, where the amount stands that a call moves."""

    writes: YesNo | None = None
    reversible: ReversibleWord | None = None
    amount: ArgumentPath = ""


class BoundsEntry(StrictEntry):
    """How far one task may go on a rung that grants `writes: capped` (`bounded`)."""

    tools: list[ToolName] | None = None
    calls: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    amount: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class ApprovalsEntry(StrictEntry):
    """How writes are approved: how long an approval may be answered, and the amount from which two people have to."""

    expires_in: Annotated[Seconds, Field(ge=60, le=86_400)] = 900
    two_above: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class AgentEntry(StrictEntry):
    """A deployed agent with one named owner. `aka`: what sources and pushed records call it, besides its key."""

    aka: list[OtherName] = []
    owner: str
    deputy: str = ""
    manager: str = ""
    title: str = ""
    summary: str = ""
    scope: str = ""
    blast_radius: str = ""
    workflows: Annotated[
        dict[Name, Annotated[WorkflowEntry, AlsoWritten({"type": "null"})]],
        BeforeValidator(_list_or_mapping),
        AlsoWritten({"type": "array", "items": {"type": "string"}}),
    ] = {}
    tools: Annotated[
        dict[ToolName, Annotated[ToolEntry, AlsoWritten({"type": "null"})]],
        BeforeValidator(_list_or_mapping),
        AlsoWritten({"type": "array", "items": {"type": "string"}}),
    ] = {}
    """Names, or what each tool does: a gateway holds to it (docs/gateway.md)."""
    bounds: BoundsEntry = BoundsEntry()
    approvals: ApprovalsEntry = ApprovalsEntry()
    redact_arguments: list[ToolName] = []
    """Names of arguments whose values are kept nowhere, besides those that look like secrets."""
    stage: Literal["demo", "beta", "production"] = "demo"
    fallback: str = ""
    data_contracts: list[str] = []
    cost: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = {}
    top_failures: Annotated[list[str], Field(max_length=2)] = []
    runbook: str = "default"
    control: ControlEntry = ControlEntry()
    containment: Literal["suggest", "auto"] = "suggest"
    channel: ChannelId = ""
    normal_rung: str = ""
    slis: Overrides = {}
    baselines: dict[Name, Annotated[float, Field(allow_inf_nan=False)]] = {}
    """Pre-deployment baselines by SLI, in the SLI's unit."""


class RungEntry(StrictEntry):
    """One autonomy level, in plain words and, for the agent, in `grants`."""

    name: RungName
    may: str
    waits_for_people: bool = False
    grants: dict[str, object] = {}


class StepEntry(StrictEntry):
    """Who is paged how long after the incident began to page."""

    after: Minutes
    page: Literal["owner", "deputy", "manager", "everyone"]


class EscalationEntry(StrictEntry):
    """`product.md` section 6."""

    steps: list[StepEntry] = []
    everyone_every: Minutes = 10
    rounds: Annotated[int, Field(ge=1, le=20)] = 5
    ack_reminder: Minutes = 25
    ack_lapse: Minutes = 30

    @field_validator("steps")
    @classmethod
    def _in_order(cls, steps: list[StepEntry]) -> list[StepEntry]:
        if steps and steps[0].after != 0:
            raise ValueError("the first step must be `after: 0m`, or nobody is paged when it breaks")
        if any(later.after < earlier.after for earlier, later in pairwise(steps)):
            raise ValueError("steps must stand in the order of their times")
        return steps


class SenderEntry(StrictEntry):
    """A system that sends alerts; the fields of its kind stand beside `kind`."""

    model_config = ConfigDict(extra="allow")

    kind: str


class AlertsEntry(StrictEntry):
    """How alerts of other systems are read. Kinds of sender that need no settings work without an entry."""

    agent_labels: list[OtherName] = []
    """Labels whose value names the agent, first one first; by default those of `docs/alerts.md`."""
    severities: dict[OtherName, Literal["SEV1", "SEV2", "SEV3", "SEV4"]] = {}
    """What the sender's words mean here, before the usual ones."""
    senders: dict[Name, SenderEntry] = {}
    """By name: it is the last part of the address they send to."""


class FleetFile(StrictEntry):
    """The whole file. That people and agents must be there is checked with the references, after everything else."""

    model_config = ConfigDict(json_schema_extra={"required": ["people", "agents"]})

    people: dict[Name, PersonEntry] = {}
    sources: dict[Name, SourceEntry] = {}
    slis: Slis = {}
    ladder: Annotated[list[RungEntry], Field(min_length=2)] | None = None
    escalation: EscalationEntry = EscalationEntry()
    responders: list[str] = []
    responder_group: GroupId = ""
    announcements: ChannelId = ""
    false_pages: FalsePages = 1.0
    """Pages by chance that are allowed for each agent and month, over all its SLIs."""
    alerts: AlertsEntry = AlertsEntry()
    agents: dict[Name, AgentEntry] = {}
