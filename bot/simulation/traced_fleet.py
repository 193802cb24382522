"""The agent of the demo that is watched by its spans alone: nothing is asked for its numbers, it sends what it does.

In the middle of the night its provider answers with another model. That one is unsure of itself and hands every fourth
invoice to a person; three quarters of an hour later it is gone again.
"""

from bot.simulation.curves import Bend, Channel, Curve, Fault
from bot.simulation.traced_agents import Instrumentation
from bot.simulation.world import SimulatedAgent

TRACED = "invoices"
OWNER = "dan"
CHANNEL = {"id": "C0INVOICES", "name": "agents-invoices", "topic": "The invoice agent and the people who run it"}
BREAKS_AFTER, LASTS = 28.0, 25.0
"""Scenario minutes from the beginning of the story, and until the model is the old one again."""

AGENT = SimulatedAgent(
    TRACED,
    {"match": Curve(tasks=40, good=0.97, calls=3.0, escalated=0.006, pending=6)},
    dialect="plain",
    metrics="spans",
)
INSTRUMENTATION = Instrumentation(
    service="invoices-svc",
    agent="invoice matcher",
    tools=("invoices.read", "orders.match", "ledger.post"),
    hands_over="transfer_to_human",
    asks="request_approval",
    model="model-2026-05",
    faulty_model="model-2026-11",
)
UNSURE = Fault("unsure-model", (Bend(Channel.ESCALATED, plus=0.25, ramp=1, fade=1),))

SOURCE = """\
  spans:
    kind: otlp
    settle: 1m
    agents:
      invoices:
        service: invoices-svc
        escalates: {tools: transfer_to_human}
        waits: {tools: request_approval}
        good: {evaluation: correctness, at_least: 0.5}
"""
ENTRY = """\
  invoices:
    title: Invoice agent
    owner: dan
    deputy: bo
    manager: cleo
    summary: Matches suppliers' invoices with orders and posts what fits to the ledger.
    scope: Invoices of known suppliers of up to 2,000 EUR that name an order.
    blast_radius: 2,000 EUR an invoice; what was posted wrongly is paid back by the supplier or not at all.
    workflows: [match]
    tools: [invoices.read, orders.match, ledger.post]
    stage: production
    fallback: The invoice waits for the bookkeepers.
    data_contracts: [orders.v3]
    cost: {per_task: 0.011}
    top_failures: [model-or-prompt-regression, approval-queue-growth]
    control: {kind: ofrep, not_after: 15m, confirm_within: CONFIRM_WITHIN, fallback_rung: read-only}
    channel: CHANNEL
    baselines: {tie: 3, her: 0.6, aqdd: 6}
    slis:
      dqr: {source: spans}
      tie: {source: spans}
      her: {source: spans}
      aqdd: {source: spans}
"""


def with_traced(fleet_text: str, confirm_within: float) -> str:
    """A fleet file (YAML; `sources:`, `slis:` and, last, `agents:`) with this agent and its source beside the rest."""
    entry = ENTRY.replace("CONFIRM_WITHIN", f"{confirm_within:g}s").replace("CHANNEL", CHANNEL["id"])
    sources, _, rest = fleet_text.partition("\n\nslis:\n")
    return f"{sources}\n{SOURCE}\nslis:\n{rest}{entry}"
