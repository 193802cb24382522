"""Each setting of the fleet file has an effect: another value makes another fleet, and the fleet is read by the bot.

A setting that is accepted and read by nobody is a promise that nobody keeps. One that is new fails here until it has a
row in CHANGES: what stands in the file, and what makes another fleet of it. Where a setting would have no effect, the
file is refused, which stands in REFUSED.
"""

import ast
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.config.fleet import (
    AgentEntry,
    AlertsEntry,
    ApprovalsEntry,
    BoundsEntry,
    BurnEntry,
    ControlEntry,
    EscalationEntry,
    FleetFile,
    NumberQueries,
    PersonEntry,
    RungEntry,
    SenderEntry,
    SliEntry,
    SourceEntry,
    StepEntry,
    ToolEntry,
    WayEntry,
    WorkflowEntry,
)
from bot.config.kinds.rules import KindRules
from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.people import EscalationPolicy, EscalationStep, Person, Way
from bot.core.model.rungs import Rung
from bot.core.model.slis import BurnAlert, PollQuery, Sli, SourceSpec
from bot.runtime.registry import REGISTRY
from tests.config.fleet_text import problems, read

WHOLE = """\
people:
  ana: {name: Ana Lima, slack: U0ANA, email: a@b.example, phone: "+1", ways: [{kind: pagerduty, target: "${WAY}"}]}
  bo: {name: Bo Chen, slack: U0BO}
sources:
  prom:
    kind: prometheus
    url: "http://prometheus:9090"
    slis:
      asked: {value: "a", by: {agent: who}}
      told: {value: "t", values_in: percent}
  desk:
    kind: http_json
    url: "https://desk"
    slis:
      seen: {items: all, by: {agent: who, workflow: kind}, value: open, count: n, time: at, partial: cut, path: /open}
      done: {items: all, by: {agent: who}, good: g, total: t}
  store: {kind: sql, url: "${DB}", slis: {rows: {query: "SELECT :start, :end", bad: b, total: t, by: {agent: a}}}}
  gateway: {kind: tasks}
slis:
  her: {source: prom, title: escalated, rule: literal, burn_alerts: [{factor: 2, over: 1d, and_over: 2h}]}
  tie: {source: prom}
  crm: {source: prom, template: tool_success, tool: crm}
  asked: {source: prom, unit: "%", better: higher, objective: 90, values_in: percent}
  told: {source: prom, unit: "%", better: higher, objective: 90}
  seen: {source: desk, kind: gauge, unit: open, better: lower, objective: 9}
  done: {source: desk, better: higher, objective: 90}
  rows: {source: store, better: lower, objective: 5, absolute_tolerance: 1}
  tail: {source: gateway, percentile: 95, of: tool_calls, better: lower, unit: calls, objective: 12}
ladder:
  - {name: full, may: act, grants: {writes: allow}}
  - {name: asking, may: ask, waits_for_people: true, grants: {writes: approve}}
  - {name: off, may: nothing, grants: {writes: deny}}
escalation: {steps: [{after: 0m, page: owner}, {after: 5m, page: deputy}], everyone_every: 10m}
responders: [bo]
responder_group: S0GROUP
announcements: C0LOUD
alerts: {agent_labels: [app], severities: {page: SEV1}, senders: {staging: {kind: alertmanager}}}
agents:
  refunds:
    aka: [Refund Agent]
    owner: ana
    deputy: bo
    title: Refunds
    workflows: {refund: {aka: [Refund], baselines: {seen: 3}, slis: {seen: {objective: 8}}}, chargeback: {}}
    tools: [crm]
    control: {kind: webhook, url: "https://agent.example/rung", secret: "${KEY}", fallback_rung: asking}
    cost: {tasks_per_month: 10}
    baselines: {tie: 3}
    slis: {tie: {sustain: 2m}}
"""
ENV = {"KEY": "whsec_" + "a" * 44, "DB": "postgresql+psycopg://u:p@h/d"}
ENV |= {"WAY": "a" * 32, "OTHER": "b" * 32, "URL": "json://example.com/x"}
OWN = "  her: {source: prom"
CHANGES: dict[type[BaseModel], dict[str, tuple[str, str]]] = {
    FleetFile: {
        "people": ("  bo: {", "  cy: {name: Cy Ray, slack: U0CY}\n  bo: {"),
        "sources": ("  desk:\n", "  pushed: {kind: samples}\n  desk:\n"),
        "slis": ("  tie: {source: prom}\n", "  tie: {source: prom}\n  dqr: {source: prom}\n"),
        "ladder": ("  - {name: off", "  - {name: halt, may: rest, grants: {writes: deny}}\n  - {name: off"),
        "escalation": ("everyone_every: 10m", "everyone_every: 11m"),
        "responders": ("responders: [bo]", "responders: [ana]"),
        "responder_group": ("S0GROUP", "S0OTHER"),
        "announcements": ("C0LOUD", "C0LOUDER"),
        "false_pages": ("responders:", "false_pages: 2\nresponders:"),
        "alerts": ("agent_labels: [app]", "agent_labels: [deployment]"),
        "agents": ("agents:\n", "agents:\n  kyc: {owner: bo, workflows: [review]}\n"),
    },
    AlertsEntry: {"agent_labels": ("[app]", "[a]"), "severities": ("SEV1", "SEV2"), "senders": ("staging", "other")},
    SenderEntry: {"kind": ("staging: {kind: alertmanager}", "staging: {kind: grafana}")},
    PersonEntry: {
        "name": ("Bo Chen", "Bo Cheng"),
        "slack": ("U0BO", "U0BOB"),
        "email": ("a@b.example", "a@c.example"),
        "phone": ('"+1"', '"+2"'),
        "tz": ("name: Bo Chen", "tz: Asia/Tokyo, name: Bo Chen"),
        "quiet": ("name: Bo Chen", 'quiet: "21:00-06:00", name: Bo Chen'),
        "is_person": ("name: Bo Chen", "is_person: true, name: Bo Chen"),
        "ways": (', ways: [{kind: pagerduty, target: "${WAY}"}]', ""),
    },
    WayEntry: {
        "kind": ('kind: pagerduty, target: "${WAY}"', 'kind: apprise, target: "${URL}"'),
        "target": ('target: "${WAY}"', 'target: "${OTHER}"'),
    },
    SourceEntry: {
        "kind": ("kind: prometheus\n    url", "kind: prometheus\n    timeout: 9s\n    url"),
        "settle": ("kind: prometheus\n", "kind: prometheus\n    settle: 3m\n"),
        "slis": ('value: "a"', 'value: "b"'),
    },
    NumberQueries: {
        "query": ("SELECT :start", "SELECT 1, :start"),
        "value": ("value: open", "value: opened"),
        "count": ("count: n,", "count: m,"),
        "good": ("good: g,", "good: h,"),
        "bad": ("bad: b,", "bad: c,"),
        "total": ("total: t}\n  store", "total: u}\n  store"),
        "items": ("seen: {items: all", "seen: {items: most"),
        "time": ("time: at", "time: when"),
        "partial": ("partial: cut", "partial: timed_out"),
        "path": ("path: /open", "path: /opened"),
        "by": ('value: "a", by: {agent: who}', 'value: "a", by: {agent: name}'),
        "values_in": ('value: "t", values_in: percent', 'value: "t", values_in: fraction'),
    },
    SliEntry: {
        "off": ("slis: {tie: {sustain: 2m}}", "slis: {tie: {off: true}}"),
        "template": ("template: tool_success, tool: crm", "template: task_success"),
        "tool": ("tool: crm", "tool: mail"),
        "source": (
            "  tie: {source: prom}\n",
            "  tie: {source: desk, value: v, items: i, by: {agent: a}, absolute_tolerance: 1}\n",
        ),
        "title": ("title: escalated", "title: handed over"),
        "unit": ("unit: open", "unit: tickets"),
        "kind": (
            "kind: gauge, unit: open, better: lower, objective: 9",
            "kind: ratio, unit: open, better: higher, objective: 9",
        ),
        "better": (
            "better: higher, objective: 90, values_in",
            "better: lower, absolute_tolerance: 1, objective: 90, values_in",
        ),
        "objective": ("objective: 8", "objective: 7"),
        "rule": (", rule: literal", ""),
        "sustain": ("slis: {tie: {sustain: 2m}}", "slis: {tie: {sustain: 5m}}"),
        "long_window": (OWN, f"{OWN}, long_window: 15m"),
        "every": (OWN, f"{OWN}, every: 5m"),
        "tolerance": (OWN, f"{OWN}, tolerance: 20 %"),
        "absolute_tolerance": (OWN, f"{OWN}, absolute_tolerance: 2"),
        "min_count": (OWN, f"{OWN}, min_count: 30"),
        "window": (OWN, f"{OWN}, window: 20m"),
        "moved_by_approval": (OWN, f"{OWN}, moved_by_approval: false"),
        "watch": (OWN, f"{OWN}, watch: both"),
        "slice_target": ("  tie: {source: prom}", "  tie: {source: prom, slice_target: 99 %}"),
        "burn_alerts": (", burn_alerts: [{factor: 2, over: 1d, and_over: 2h}]", ""),
        "values_in": ("values_in: percent}", "values_in: fraction}"),
        "percentile": ("percentile: 95", "percentile: 99"),
        "of": ("of: tool_calls", "of: cost"),
    },
    BurnEntry: {
        "factor": ("factor: 2", "factor: 3"),
        "over": ("over: 1d, and", "over: 2d, and"),
        "and_over": ("and_over: 2h", "and_over: 1h"),
    },
    WorkflowEntry: {
        "aka": ("aka: [Refund]", "aka: [Refunding]"),
        "slis": ("objective: 8", "objective: 7"),
        "baselines": ("baselines: {seen: 3}", "baselines: {seen: 4}"),
    },
    ControlEntry: {
        "kind": ('kind: webhook, url: "https://agent.example/rung", secret: "${KEY}"', "kind: ofrep"),
        "not_after": ("fallback_rung: asking", "not_after: 60s, fallback_rung: asking"),
        "fallback_rung": ("fallback_rung: asking", "fallback_rung: off"),
        "confirm_within": ("fallback_rung: asking", "confirm_within: 30s, fallback_rung: asking"),
    },
    AgentEntry: {
        "aka": ("aka: [Refund Agent]", "aka: [Refunder]"),
        "owner": ("owner: ana\n    deputy: bo", "owner: bo\n    deputy: ana"),
        "deputy": ("    deputy: bo\n", ""),
        "manager": ("    deputy: bo\n", "    deputy: bo\n    manager: bo\n"),
        "title": ("title: Refunds", "title: Repayments"),
        "workflows": (", chargeback: {}", ""),
        "tools": ("tools: [crm]", "tools: [crm, mail]"),
        "bounds": ("tools: [crm]", "tools: [crm]\n    bounds: {calls: 3}"),
        "approvals": ("tools: [crm]", "tools: [crm]\n    approvals: {two_above: 5}"),
        "redact_arguments": ("tools: [crm]", "tools: [crm]\n    redact_arguments: [iban]"),
        "cost": ("tasks_per_month: 10", "tasks_per_month: 11"),
        "control": ("fallback_rung: asking", "fallback_rung: off"),
        "slis": ("slis: {tie: {sustain: 2m}}", "slis: {tie: off}"),
        "baselines": ("baselines: {tie: 3}", "baselines: {tie: 4}"),
        **{
            name: ("    title: Refunds\n", f"    title: Refunds\n    {name}: {value}\n")
            for name, value in {
                "summary": "pays back",
                "scope": "refunds under 50",
                "blast_radius": "one customer",
                "stage": "beta",
                "fallback": "a form",
                "data_contracts": "[orders]",
                "top_failures": "[tool-misuse]",
                "runbook": "other",
                "containment": "auto",
                "channel": "C0OWN",
                "normal_rung": "asking",
            }.items()
        },
    },
    RungEntry: {
        "name": ("name: off", "name: halt"),
        "may": ("may: nothing", "may: rest"),
        "waits_for_people": ("may: nothing", "waits_for_people: true, may: nothing"),
        "grants": ("writes: allow", "writes: capped"),
    },
    ToolEntry: {
        "writes": ("tools: [crm]", "tools: {crm: {writes: no}}"),
        "reversible": ("tools: [crm]", "tools: {crm: {reversible: by hand}}"),
        "amount": ("tools: [crm]", "tools: {crm: {amount: order.total}}"),
    },
    ApprovalsEntry: {
        "expires_in": ("tools: [crm]", "tools: [crm]\n    approvals: {expires_in: 5m}"),
        "two_above": ("tools: [crm]", "tools: [crm]\n    approvals: {two_above: 500}"),
    },
    BoundsEntry: {
        "tools": ("tools: [crm]", "tools: [crm]\n    bounds: {tools: [crm]}"),
        "calls": ("tools: [crm]", "tools: [crm]\n    bounds: {calls: 3}"),
        "amount": ("tools: [crm]", "tools: [crm]\n    bounds: {amount: 20.5}"),
    },
    StepEntry: {"after": ("after: 5m", "after: 6m"), "page": ("page: deputy", "page: everyone")},
    EscalationEntry: {
        "steps": (", {after: 5m, page: deputy}", ""),
        "everyone_every": ("everyone_every: 10m", "everyone_every: 9m"),
        "rounds": ("everyone_every", "rounds: 3, everyone_every"),
        "ack_reminder": ("everyone_every", "ack_reminder: 20m, everyone_every"),
        "ack_lapse": ("everyone_every", "ack_lapse: 40m, everyone_every"),
    },
}
ROWS = [(kind, name) for kind, rows in CHANGES.items() for name in rows]
SAME = {(PersonEntry, "is_person"): "the name looks like no team's, so nobody is warned with it or without"}


def entries(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model the fleet file is made of: a new one has to stand in CHANGES too."""
    yield kind
    for sub in kind.__subclasses__():
        yield from entries(sub)


def test_every_setting_has_a_change_here() -> None:
    for kind, rows in CHANGES.items():
        inherited = set(NumberQueries.model_fields) if kind is SliEntry else set()
        assert set(rows) | inherited == set(kind.model_fields), kind.__name__
    ours = {one for one in entries(FleetFile.__mro__[1]) if one.__module__ == FleetFile.__module__}
    assert {one.__name__ for one in ours} - {"StrictEntry"} == {one.__name__ for one in CHANGES}


@pytest.mark.parametrize(("kind", "name"), ROWS, ids=lambda one: getattr(one, "__name__", one))
def test_another_value_makes_another_fleet(kind: type[BaseModel], name: str) -> None:
    before, after = CHANGES[kind][name]
    assert WHOLE.count(before) >= 1, "the change finds what it changes"
    text = WHOLE.replace(before, after, 1)
    assert problems(text, **ENV) == []
    assert (read(text, **ENV) == read(WHOLE, **ENV)) is ((kind, name) in SAME)


def test_the_word_of_a_person_is_read_where_it_matters() -> None:
    team = WHOLE.replace("name: Bo Chen", "name: Bo Oncall")
    assert [one for one in read(team, **ENV).warnings if "Bo Oncall" in one]
    person = team.replace("name: Bo Oncall", "name: Bo Oncall, is_person: true")
    assert not [one for one in read(person, **ENV).warnings if "Bo Oncall" in one]


REFUSED = {
    "two words on one scale": (
        'value: "a"',
        'values_in: fraction, value: "a"',
        "says fraction, and the SLI says percent",
    ),
    "a unit's scale of what is counted": ("good: g, total: t", "good: g, total: t, values_in: fraction", "counted"),
    "a unit's scale of what is no share": (
        "value: open, count",
        "values_in: percent, value: open, count",
        "only a share in %",
    ),
    "a multiple of what may be nothing": (
        "better: lower, objective: 9",
        "better: lower, objective: 2x",
        "absolute_tolerance",
    ),
    "a part that the source does not use": ('value: "a"', 'items: i, value: "a"', "'items' is not known"),
    "a label that the source does not use": ("by: {agent: a}", "by: {agent: a, part: p}", "'part' is not known"),
    "a setting of another kind": ("kind: prometheus\n", "kind: prometheus\n    path: /x\n", "'path' is not known"),
    "a tool without a template for it": (
        "template: tool_success, tool: crm",
        "template: tool_success",
        "name it with `tool:`",
    ),
    "an alert that never rings": ("factor: 2", "factor: 21", "can never be"),
    "a whole window": ("and_over: 2h", "and_over: 1d", "must be shorter"),
    "a long window that is short": (OWN, f"{OWN}, long_window: 2m", "longer than `sustain`"),
    "a period between minutes": (OWN, f"{OWN}, every: 90s", "only whole minutes"),
    "an objective on the other side": ("objective: 8", 'objective: ">= 8"', "does not fit"),
    "a fraction as an objective": ("objective: 90, values_in", "objective: 0.9, values_in", "could mean 90 % or 0.9 %"),
    "a percentage above all": ("objective: 90, values_in", "objective: 190, values_in", "not a percentage"),
    "a baseline of an SLI that is not there": ("baselines: {tie: 3}", "baselines: {tei: 3}", "tei"),
    "a rung that is not on the ladder": ("fallback_rung: asking", "fallback_rung: read-only", "read-only"),
    "a setting of another control": (
        "fallback_rung: asking",
        "topic: x, fallback_rung: asking",
        "'topic' is not known",
    ),
    "a first page that waits": ("{after: 0m", "{after: 1m", "must be `after: 0m`"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_have_no_effect_is_refused_with_what_is_allowed(what: str) -> None:
    before, after, said = REFUSED[what]
    assert before in WHOLE
    told = problems(WHOLE.replace(before, after, 1), **ENV)
    assert told
    assert said in told[0]


def test_whether_a_share_is_written_as_97_or_as_a_fraction_is_asked() -> None:
    asked = [one for one in read(WHOLE.replace("90, values_in: percent", "90"), **ENV).warnings if "values_in" in one]
    assert [one.partition(" ")[0] for one in asked] == ["fleet.yaml:9:22:"]
    assert "is asked 97 or 0.97 when 97 of 100 are meant?" in asked[0]
    assert not [one for one in read(WHOLE, **ENV).warnings if "values_in" in one]


@cache
def attributes_read(folder: Path) -> frozenset[str]:
    """Names that the bot reads, by attribute or `get`, outside of what fills them and what declares them."""
    filling = {("bot", "config"), ("core", "model"), ("bot", "simulation")}
    files = [path for path in folder.rglob("*.py") if not filling & set(pairwise(path.parts))]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    gets = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".get")]
    return frozenset(read | {str(one.value) for call in gets for one in call.args[:1] if isinstance(one, ast.Constant)})


@pytest.mark.parametrize(
    "kind",
    [
        Fleet,
        Agent,
        ControlSpec,
        Person,
        Way,
        EscalationPolicy,
        EscalationStep,
        Rung,
        Sli,
        BurnAlert,
        PollQuery,
        SourceSpec,
    ],
)
def test_what_the_file_becomes_is_read(repository: Path, kind: type) -> None:
    # pinned baselines are read through `Agent.pinned_baseline`
    unread = {one.name for one in fields(kind)} - attributes_read(repository / "bot") - {"pinned"}
    assert not unread, unread


KINDS = [
    (folder, kind)
    for folder, kinds in (("sources", REGISTRY.sources), ("pagers", REGISTRY.pagers), ("controls", REGISTRY.controls))
    for kind in kinds.values()
]


@pytest.mark.parametrize(("folder", "kind"), KINDS, ids=[f"{folder} {kind.name}" for folder, kind in KINDS])
def test_what_a_kind_lets_be_set_is_read_by_its_adapter(repository: Path, folder: str, kind: KindRules) -> None:
    unread = set(kind.settings.model_fields) - attributes_read(repository / "bot" / folder)
    assert not unread, unread
