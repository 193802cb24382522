"""Healthy agents: what a task of theirs looks like, drawn anew for every seed."""

from dataclasses import dataclass, field

import numpy as np

Random = np.random.Generator
TOOLS = ("orders.read", "ledger.post", "mail.send", "policy.lookup", "ledger.adjust")
FLOWS = ("refund", "chargeback", "goodwill")


@dataclass
class Draft:
    """One task before it is reported. Probabilities are drawn when it is finished."""

    flow: str
    calls: dict[str, int]
    good: float
    escalate: float
    pends: float
    succeed: float
    price: float
    context: float
    repeated: int = 0
    invalid: int = 0
    denied: int = 0
    replans: int = 0
    flagged: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    model: str = ""
    prompt: str = ""

    @property
    def total(self) -> int:
        """Calls of all tools, those refused or repeated too."""
        return sum(self.calls.values()) + self.repeated + self.invalid


@dataclass
class Habits:
    """How an agent works on a normal day."""

    rate: float
    flows: tuple[float, ...]
    tools: dict[str, float]
    """Tool -> mean calls a task, among tasks that use it, and `use` how often it is used."""
    use: dict[str, float]
    good: tuple[float, ...]
    escalate: float
    pends: float
    succeed: float
    price: float
    context: tuple[float, float]
    repeated: float
    invalid: float
    denied: float
    replans: float
    flagged: float
    errors: dict[str, float]
    model: str = "acme-large-0612"
    prompt: str = "v11"


def habits(random: Random, rate: tuple[float, float], error_rates: dict[str, float]) -> Habits:
    """Draw a healthy agent."""
    return Habits(
        rate=random.uniform(*rate),
        flows=tuple(random.dirichlet((6, 3, 3))),
        tools={tool: random.uniform(1.0, 2.2) for tool in TOOLS},
        use=dict(zip(TOOLS, (0.97, random.uniform(0.55, 0.9), random.uniform(0.3, 0.7), 0.5, 0.04), strict=True)),
        good=tuple(random.uniform(0.91, 0.97, len(FLOWS))),
        escalate=random.uniform(0.008, 0.022),
        pends=random.uniform(0.08, 0.16),
        succeed=random.uniform(0.94, 0.985),
        price=random.uniform(0.006, 0.015),
        context=(random.uniform(2.0, 3.0), random.uniform(4.0, 6.0)),
        repeated=random.uniform(0.08, 0.3),
        invalid=random.uniform(0.01, 0.06),
        denied=random.uniform(0.005, 0.03),
        replans=random.uniform(0.1, 0.35),
        flagged=random.uniform(0.0005, 0.004),
        errors=error_rates,
    )


def draft(random: Random, own: Habits) -> Draft:
    """One ordinary task."""
    flow = int(random.choice(len(FLOWS), p=own.flows))
    calls = {tool: 1 + int(random.poisson(own.tools[tool] - 1)) for tool in TOOLS if random.random() < own.use[tool]}
    return Draft(
        flow=FLOWS[flow],
        calls=calls,
        good=own.good[flow],
        escalate=own.escalate,
        pends=own.pends,
        succeed=own.succeed,
        price=own.price * random.lognormal(0, 0.2),
        context=float(random.beta(*own.context)),
        repeated=int(random.poisson(own.repeated)),
        invalid=int(random.poisson(own.invalid)),
        denied=int(random.poisson(own.denied)),
        replans=int(random.poisson(own.replans)),
        flagged=int(random.random() < own.flagged),
        model=own.model,
        prompt=own.prompt,
    )


def call_errors(random: Random, task: Draft, rates: dict[str, float]) -> None:
    """Some calls fail; a failed one is tried once more, mostly."""
    for tool, count in list(task.calls.items()):
        failed = int(random.binomial(count, min(rates.get(tool, 0.01), 1.0)))
        if failed:
            again = int(random.binomial(failed, 0.7))
            task.calls[tool] += again
            task.errors[tool] = task.errors.get(tool, 0) + failed + int(random.binomial(again, rates.get(tool, 0.01)))
            task.succeed *= 0.85 ** min(failed, 3)
