"""What a source of spans has beside `kind` in the fleet file, and the rules that it makes."""

from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from bot.config.value_types import Seconds, Share
from bot.core.telemetry.traces.trace_rules import AgentRules, GoodEvaluation, Markers, Price, TraceRules
from bot.sources.otlp.trace_template import template_fault

NOTHING = "names nothing; leave it out where nobody can say, and the SLI is UNKNOWN"


def _listed(given: object) -> object:
    return [given] if isinstance(given, str) else given


def _template(given: str) -> str:
    if given and (fault := template_fault(given)):
        raise ValueError(f"{given[:80]!r} {fault}")
    return given


_Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Patterns = Annotated[
    list[_Pattern],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SignsEntry(_Entry):
    """Signs in a run: names of tools, of agents that work is handed to, of errors, of spans. `*` fits anything."""

    tools: Patterns = []
    handoffs: Patterns = []
    errors: Patterns = []
    spans: Patterns = []

    def markers(self) -> Markers:
        """The value of the core."""
        return Markers(tuple(self.tools), tuple(self.handoffs), tuple(self.errors), tuple(self.spans))

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name) for name in type(self).model_fields):
            raise ValueError(NOTHING)
        return self


class WaitsEntry(SignsEntry):
    """The same, for a run that stops to wait for a person.

    `unanswered_calls`: the run ended when its model had asked for tools, and none of them was called.
    """

    unanswered_calls: bool = False

    def markers(self) -> Markers:
        """The value of the core."""
        signs = SignsEntry.markers(self)
        return Markers(signs.tools, signs.handoffs, signs.errors, signs.spans, self.unanswered_calls)


class GoodEntry(_Entry):
    """Which evaluation judges a run, and from which score on, or with which labels, the run was good."""

    evaluation: _Pattern
    at_least: Annotated[float, Field(allow_inf_nan=False)] | None = None
    labels: Patterns = []

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if self.at_least is None and not self.labels:
            raise ValueError("say from which score on a run is good (`at_least`), or with which `labels`")
        return self


class OtlpAgentEntry(_Entry):
    """How the spans of one agent are known, and what they mean."""

    service: Patterns = []
    agent: Patterns = []
    workflow: Patterns = []
    tenant: Patterns = []
    escalates: SignsEntry | None = None
    waits: WaitsEntry | None = None
    good: GoodEntry | None = None

    def rules(self) -> AgentRules:
        """The value of the core."""
        good = self.good
        return AgentRules(
            tuple(self.service),
            tuple(self.agent),
            tuple(self.workflow),
            tuple(self.tenant),
            None if self.escalates is None else self.escalates.markers(),
            None if self.waits is None else self.waits.markers(),
            None if good is None else GoodEvaluation(good.evaluation, good.at_least, tuple(good.labels)),
        )


class PriceEntry(_Entry):
    """Of a million tokens that were read, and written."""

    input: Amount
    output: Amount


class OtlpSettings(_Entry):
    """How spans become tasks. `agents`: by key of the fleet file."""

    gather: Annotated[Seconds, Field(ge=1, le=600)] = 10
    parents_within: Annotated[Seconds, Field(ge=1, le=86_400)] = 300
    late: Annotated[Seconds, Field(ge=10, le=86_400)] = 300
    sampling: Share | None = None
    trace_url: Annotated[str, AfterValidator(_template)] = ""
    prices: dict[str, PriceEntry] = {}
    agents: dict[str, OtlpAgentEntry] = {}

    def rules(self) -> TraceRules:
        """The value of the core."""
        return TraceRules(
            {key: entry.rules() for key, entry in self.agents.items()},
            {name: Price(entry.input, entry.output) for name, entry in self.prices.items()},
            self.gather,
            self.parents_within,
            self.late,
            self.sampling if self.sampling is not None and self.sampling < 1 else None,
            self.trace_url,
        )
