"""The fleet of `stepdown demo`: three agents, four people, a workspace to meet in, and the story of one night.

Ids here are the same in the fleet file and in the local Slack. Telephone numbers are from the ranges that are set
aside for fiction.

The numbers of the healthy agents are chosen so that a single minute tells well from ill (`product.md` section 4
judges each minute by itself): at 124 tasks a minute an escalation rate of 0.8 % is above 5 % in one minute of 7,000,
one of 3 % in every tenth.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.simulation.curves import Curve
from bot.simulation.exposition import CALLS_PER_TASK, ESCALATIONS, GOOD, QUEUE, TASKS
from bot.simulation.faults import RETRY_LOOP
from bot.simulation.script import WorldScript
from bot.simulation.world import SimulatedAgent

FAILING = "refunds"


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the demo. `key` is the name in both the fleet file and the local Slack."""

    key: str
    name: str
    slack: str
    phone: str
    tz: str


PEOPLE = (
    Member("ana", "Ana Duarte", "U0ANA", "+44 20 7946 0001", "Europe/Lisbon"),
    Member("bo", "Bo Lindgren", "U0BO", "+44 20 7946 0002", "Europe/Stockholm"),
    Member("cleo", "Cleo Baptiste", "U0CLEO", "+44 20 7946 0003", "Europe/Paris"),
    Member("dan", "Dan Okoro", "U0DAN", "+44 20 7946 0004", "Europe/London"),
)
CHANNELS = {
    "agents-refunds": "C0REFUNDS",
    "agents-kyc": "C0KYC",
    "agents-support": "C0SUPPORT",
    "incidents": "C0INCIDENTS",
}
GROUP = "S0RESPONDERS"
RESPONDERS = ("ana", "bo", "dan")

AGENTS = (
    SimulatedAgent(
        FAILING,
        {
            "refund": Curve(tasks=104, good=0.955, calls=4.2, escalated=0.008, pending=14),
            "exchange": Curve(tasks=20, good=0.96, calls=3.6, escalated=0.006, pending=3),
        },
        instances=3,
    ),
    SimulatedAgent(
        "kyc",
        {"review": Curve(tasks=82, good=0.965, calls=6.1, escalated=0.004, pending=10, peak=600)},
        dialect="plain",
        fallback_rung="suspended",
    ),
    SimulatedAgent(
        "support",
        {"answer": Curve(tasks=96, good=0.96, calls=2.4, escalated=0.005, pending=8, peak=1020)},
        metrics="json",
    ),
)


CHANGE = {
    "id": "payments-schema-412",
    "kind": "tool-schema",
    "summary": "`currency` is a required field of payments.refund",
    "agents": [FAILING],
    "tools": ["payments.refund"],
    "version": "412",
    "by": "payments-pipeline",
}
"""What the payments team's pipeline posts to `/v1/changes` on the night of the demo."""


def story(breaks_after: float = 15, fixed_after: float = 8) -> WorldScript:
    """The night of the demo, in scenario minutes: 15 are half a minute at 30x."""
    return WorldScript(
        agent=FAILING,
        fault=RETRY_LOOP,
        breaks_after=breaks_after,
        fixed_after=fixed_after,
        enough=("approval", "read-only", "suspended"),
        teller="dan",
        fixed_says=(
            "Found it: tonight's release of the payments tool made `currency` a required field, so every refund call "
            "was refused and tried again. I have rolled the tool schema back; it is everywhere within seven minutes."
        ),
    )


def workspace(*more: Mapping[str, str]) -> Mapping[str, object]:
    """The local Slack's users, group and channels; the app is in every channel. The app's manifest is not in it.

    `more`: channels besides (`id`, `name`, `topic`).
    """
    everybody = [person.key for person in PEOPLE]
    channels = [{"id": channel, "name": name, "topic": TOPICS[name]} for name, channel in CHANNELS.items()]
    return {
        "team": {"name": "Kestrel Outfitters", "domain": "kestrel"},
        "users": [
            {
                "id": person.slack,
                "name": person.key,
                "real_name": person.name,
                "email": f"{person.key}@example.com",
                "tz": person.tz,
            }
            for person in PEOPLE
        ],
        "usergroups": [{"id": GROUP, "handle": "responders", "name": "Responders", "users": list(RESPONDERS)}],
        "channels": [{**channel, "members": [*everybody, "@app"]} for channel in (*channels, *more)],
    }


TOPICS = {
    "agents-refunds": "The refunds agent and the people who run it",
    "agents-kyc": "The identity review agent and the people who run it",
    "agents-support": "The support agent and the people who run it",
    "incidents": "Every open incident of an agent; loud when nobody answers",
}


def fleet_text(metrics_url: str, confirm_within: float = 60) -> str:
    """The fleet file (YAML), its sources at the metrics server's address.

    `confirm_within`: scenario seconds that the agents have to read a lowered rung back.
    """
    return FLEET.replace("METRICS_URL", metrics_url).replace("CONFIRM_WITHIN", f"{confirm_within:g}s")


_PEOPLE_LINES = "\n".join(
    f'  {person.key}: {{name: {person.name}, slack: {person.slack}, phone: "{person.phone}", '
    f"email: {person.key}@example.com, tz: {person.tz}}}"
    for person in PEOPLE
)

FLEET = f"""\
# The fleet of the demo: three simulated agents. Written by hand it would look the same, but for one thing: the demo's
# minutes are a second or two long, so `not_after` is longer than the 5 minutes one would usually choose.
people:
{_PEOPLE_LINES}

responders: [{", ".join(RESPONDERS)}]
responder_group: {GROUP}
announcements: {CHANNELS["incidents"]}

sources:
  metrics:
    kind: prometheus
    url: METRICS_URL
    settle: 1m
    slis:
      dqr:
        good: {GOOD}
        total: {TASKS}
        by: {{agent: agent}}
      tie:
        value: {CALLS_PER_TASK}
        count: {TASKS}
        by: {{agent: agent}}
      her:
        bad: {ESCALATIONS}
        total: {TASKS}
        by: {{agent: agent}}
      aqdd:
        value: {QUEUE}
        by: {{agent: agent}}
  support-desk:
    kind: http_json
    url: METRICS_URL
    settle: 1m
    slis:
      dqr: {{path: /sli/support.json, items: minutes, time: time, good: good, total: tasks}}
      tie: {{path: /sli/support.json, items: minutes, time: time, value: calls_per_task, count: tasks}}
      her: {{path: /sli/support.json, items: minutes, time: time, bad: escalated, total: tasks}}
      aqdd: {{path: /sli/support.json, items: minutes, time: time, value: pending}}

slis:
  dqr: {{source: metrics}}
  tie: {{source: metrics}}
  her: {{source: metrics}}
  aqdd: {{source: metrics}}

agents:
  refunds:
    title: Refunds agent
    owner: ana
    deputy: bo
    manager: cleo
    summary: Decides refund and exchange requests and pays out through the payments tool.
    scope: Refunds and exchanges of up to 250 EUR on web orders that are at most 30 days old.
    blast_radius: 250 EUR a task and about 7,000 tasks an hour; payouts cannot be called back.
    workflows: [refund, exchange]
    tools: [orders.lookup, payments.refund, payments.exchange, mail.send]
    stage: production
    fallback: The request waits in the refunds team's queue and the customer is told so.
    data_contracts: [orders.v3, payments.v5]
    cost: {{per_task: 0.021, per_tool_call: 0.002}}
    top_failures: [retry-loop, approval-queue-growth]
    runbook: retry-loop
    control: {{kind: ofrep, not_after: 15m, confirm_within: CONFIRM_WITHIN, fallback_rung: read-only}}
    channel: {CHANNELS["agents-refunds"]}
  kyc:
    title: Identity review agent
    owner: bo
    deputy: ana
    manager: cleo
    summary: Reads identity papers of new sellers and clears the plain cases.
    scope: First review of passports and identity cards of sellers from the European Union.
    blast_radius: One seller account a task; a wrong clearance is undone by closing the account.
    workflows: [review]
    tools: [papers.read, registry.search, case.write]
    stage: production
    fallback: The case goes to the compliance desk.
    data_contracts: [registry.v2]
    cost: {{per_task: 0.048}}
    top_failures: [hallucinated-tools, model-or-prompt-regression]
    control: {{kind: ofrep, not_after: 10m, fallback_rung: suspended}}
    channel: {CHANNELS["agents-kyc"]}
  support:
    title: Support agent
    owner: dan
    deputy: ana
    manager: cleo
    summary: Answers questions about orders and opens tickets.
    scope: Questions about the state of an order, in English, from signed-in customers.
    blast_radius: Words only; it can open a ticket but move neither money nor goods.
    workflows: [answer]
    tools: [orders.lookup, help.search, ticket.open]
    stage: beta
    fallback: The customer gets the help pages and a form.
    data_contracts: [orders.v3]
    cost: {{per_task: 0.007}}
    top_failures: [context-loss, prompt-injection]
    control: {{kind: ofrep, not_after: 15m, confirm_within: CONFIRM_WITHIN, fallback_rung: read-only}}
    channel: {CHANNELS["agents-support"]}
    slis:
      dqr: {{source: support-desk}}
      tie: {{source: support-desk}}
      her: {{source: support-desk}}
      aqdd: {{source: support-desk}}
"""
