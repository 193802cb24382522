"""The eleven failure modes as generative models: what each does to a task, to tools, to load and to people.

`share` of the affected tasks are hit, and severity is drawn, so that some incidents are mild. A fault starts at once or
creeps in over minutes. `MODES` says what may be behind each; the world makes the change, the ill
tool or the missing reviewers that belong to it.
"""

from dataclasses import dataclass

from bench.incidents.agents import FLOWS, TOOLS, Draft, Random


@dataclass
class Fault:
    """One failure of one agent. `cause` is the truth."""

    random: Random
    cause: str
    tool: str = "ledger.post"
    ramp: float = 0.0
    """Minutes until it is fully there."""
    share: float = 0.5
    size: float = 1.0
    flows: tuple[str, ...] = FLOWS

    def __post_init__(self) -> None:
        self.share = self.random.uniform(0.3, 0.6)
        self.size = self.random.uniform(0.75, 1.35)
        self.ramp = 0.0 if self.random.random() < 0.65 else self.random.uniform(2, 9)
        self.settle()

    def settle(self) -> None:
        """Draw what is special to this mode."""

    def level(self, minutes: float) -> float:
        """How much of it is there so long after the onset, 0 to 1."""
        return 0.0 if minutes < 0 else 1.0 if not self.ramp else min(1.0, minutes / self.ramp)

    def hits(self, task: Draft, level: float) -> bool:
        """Whether this task is one of those."""
        return task.flow in self.flows and self.random.random() < self.share * level

    def bend(self, task: Draft, level: float) -> None:
        """Change one task of the failing agent."""

    def load(self, level: float) -> float:
        """Tasks a minute as a multiple of normal."""
        del level
        return 1.0

    def decisions(self, level: float) -> float:
        """What people decide, as a multiple of normal."""
        del level
        return 1.0

    def tool_errors(self, level: float) -> dict[str, float]:
        """Share of failed calls of a tool, for everybody who calls it."""
        del level
        return {}


class ToolMisuse(Fault):
    """It takes the wrong tool, mostly one that it seldom used."""

    def bend(self, task: Draft, level: float) -> None:
        if self.hits(task, level):
            task.calls["ledger.adjust"] = (
                task.calls.get("ledger.adjust", 0) + 1 + int(self.random.poisson(1.5 * self.size))
            )
            if self.random.random() < 0.5:
                task.calls.pop("ledger.post", None)
            task.good *= 1 - 0.5 * self.size
            task.denied += int(self.random.poisson(0.25))
            task.escalate += 0.06


class HallucinatedTools(Fault):
    """It calls tools that are not there, or with arguments that nobody takes."""

    def bend(self, task: Draft, level: float) -> None:
        if self.hits(task, level):
            task.invalid += 1 + int(self.random.poisson(1.6 * self.size))
            task.succeed *= 1 - 0.35 * self.size
            task.escalate += 0.12 * self.size
            task.good *= 1 - 0.25 * self.size
            task.replans += int(self.random.poisson(0.3))


class ContextLoss(Fault):
    """Long tasks forget what was said at their beginning."""

    def settle(self) -> None:
        self.share = self.random.uniform(0.75, 1.0)

    def bend(self, task: Draft, level: float) -> None:
        if self.cause == "code" and level > 0:
            task.context = min(0.99, task.context * (1 + 0.35 * self.size * level))
        if task.context > 0.38 and self.hits(task, level):
            task.good *= 1 - min(0.85, 0.75 * self.size)
            task.repeated += int(self.random.poisson(0.8))
            task.calls["orders.read"] = task.calls.get("orders.read", 0) + int(self.random.poisson(1.5))
            task.escalate += 0.05


class RetryLoop(Fault):
    """The same call again until a cap ends it."""

    def settle(self) -> None:
        self.share = self.random.uniform(0.22, 0.5)
        self.flows = FLOWS if self.random.random() < 0.7 else tuple(self.random.choice(FLOWS, 2, replace=False))

    def bend(self, task: Draft, level: float) -> None:
        if self.cause in ("tool", "schema") and self.tool not in task.calls:
            return
        if not self.hits(task, level):
            return
        turns = 4 + int(self.random.poisson(7 * self.size))
        task.repeated += turns
        if self.cause in ("tool", "schema"):
            own = int(self.random.binomial(turns, 0.8))
            task.calls[self.tool] = task.calls.get(self.tool, 0) + turns
            task.errors[self.tool] = task.errors.get(self.tool, 0) + own
        task.succeed *= 0.55
        task.escalate += 0.07

    def tool_errors(self, level: float) -> dict[str, float]:
        return {self.tool: 0.16 * self.size * level} if self.cause == "tool" else {}


class DriftUnderPressure(Fault):
    """More tasks than it can think about: checks are skipped and decisions get worse, minute by minute."""

    def settle(self) -> None:
        self.ramp = self.random.uniform(8, 20)
        self.peak = self.random.uniform(0.7, 1.5)

    def bend(self, task: Draft, level: float) -> None:
        pressed = self.peak * level
        task.good *= 1 - 0.17 * self.size * pressed
        task.escalate += 0.025 * pressed
        for tool in list(task.calls):
            if task.calls[tool] > 1 and self.random.random() < 0.35 * pressed:
                task.calls[tool] -= 1
        if self.random.random() < 0.3 * pressed:
            task.calls.pop("policy.lookup", None)

    def load(self, level: float) -> float:
        wave = 1 + 0.12 * self.random.normal()
        return 1 + self.peak * level * max(0.3, wave)


class PlanCorruption(Fault):
    """Plans are made again and again, or end before the work is done."""

    def bend(self, task: Draft, level: float) -> None:
        if not self.hits(task, level):
            return
        task.replans += 1 + int(self.random.poisson(1.6 * self.size))
        task.succeed *= 1 - 0.5 * self.size if self.size < 1.9 else 0.1
        task.good *= 1 - 0.4 * self.size
        if self.random.random() < 0.5:
            task.calls = dict.fromkeys(list(task.calls)[:2], 1)
        else:
            task.calls["orders.read"] = task.calls.get("orders.read", 0) + 1 + int(self.random.poisson(1))
        task.escalate += 0.04


class PromptInjection(Fault):
    """Instructions come in with what it reads; a guard sees most of them."""

    def settle(self) -> None:
        self.share = self.random.uniform(0.05, 0.16)
        self.recall = self.random.uniform(0.55, 0.95)
        self.flows = (str(self.random.choice(FLOWS)),) if self.random.random() < 0.6 else FLOWS

    def bend(self, task: Draft, level: float) -> None:
        if self.hits(task, level):
            task.flagged += int(self.random.random() < self.recall)
            task.calls["mail.send"] = task.calls.get("mail.send", 0) + 1 + int(self.random.poisson(1))
            task.good *= 0.25
            task.denied += int(self.random.random() < 0.3)


class CostRunaway(Fault):
    """Each task costs a multiple: a dearer model, no cache, or work that fans out."""

    def settle(self) -> None:
        self.times = self.random.uniform(1.9, 3.6)
        self.fans_out = self.cause in ("agent", "prompt") or self.random.random() < 0.2

    def bend(self, task: Draft, level: float) -> None:
        if level <= 0:
            return
        if self.fans_out:
            for tool in list(task.calls):
                extra = (self.times - 1) * level * task.calls[tool]
                task.calls[tool] += int(self.random.poisson(extra))
        else:
            task.price *= 1 + (self.times - 1) * level


class Regression(Fault):
    """A new model or prompt is worse at everything."""

    def settle(self) -> None:
        self.drop = self.random.uniform(0.13, 0.32)
        self.rolled_out = 1.0 if self.random.random() < 0.7 else self.random.uniform(0.3, 0.7)
        self.ramp = 0.0

    def on_new(self) -> bool:
        """Whether this task runs on the new version."""
        return self.random.random() < self.rolled_out

    def bend(self, task: Draft, level: float) -> None:
        if level <= 0 or not self.on_new():
            return
        if self.cause == "model":
            task.model = "acme-large-0918"
        else:
            task.prompt = "v12"
        task.good *= 1 - self.drop / max(self.rolled_out, 0.55)
        task.escalate += self.random.uniform(0.02, 0.08)
        task.succeed *= 0.93
        task.invalid += int(self.random.poisson(0.04))


class QueueGrowth(Fault):
    """Approvals pile up: people are missing, or more has to be asked for."""

    def settle(self) -> None:
        self.left = self.random.uniform(0.05, 0.45)
        self.more = self.random.uniform(2.2, 4.0)

    def bend(self, task: Draft, level: float) -> None:
        if self.cause == "policy" and level > 0:
            task.pends = min(0.9, task.pends * (1 + (self.more - 1) * level))
            task.denied += int(self.random.poisson(0.04 * level))

    def decisions(self, level: float) -> float:
        return 1 - (1 - self.left) * level if self.cause == "people" else 1.0


class ToolOutage(Fault):
    """A tool is down or slow for everybody; the agent tries again, gives up, and hands over."""

    def settle(self) -> None:
        self.failing = self.random.uniform(0.25, 0.9)
        self.tool = str(self.random.choice(TOOLS[:4], p=(0.2, 0.4, 0.2, 0.2)))
        self.ramp = 0.0 if self.random.random() < 0.8 else self.random.uniform(1, 5)

    def bend(self, task: Draft, level: float) -> None:
        if self.tool in task.calls and self.random.random() < self.failing * level:
            task.escalate += 0.25
            task.succeed *= 0.5
            task.good *= 0.93
            task.repeated += int(self.random.poisson(0.6))
            task.calls[self.tool] += int(self.random.poisson(0.8))

    def tool_errors(self, level: float) -> dict[str, float]:
        return {self.tool: self.failing * level}


MODES: dict[str, tuple[type[Fault], tuple[str, ...]]] = {
    "tool-misuse": (ToolMisuse, ("agent", "schema", "prompt", "agent")),
    "hallucinated-tools": (HallucinatedTools, ("schema", "model", "agent", "agent")),
    "context-loss": (ContextLoss, ("code", "agent", "code", "agent")),
    "retry-loop": (RetryLoop, ("tool", "schema", "code", "agent")),
    "drift-under-pressure": (DriftUnderPressure, ("load", "load", "load", "load")),
    "plan-corruption": (PlanCorruption, ("prompt", "agent", "code", "agent")),
    "prompt-injection": (PromptInjection, ("data", "data", "data", "data")),
    "cost-runaway": (CostRunaway, ("model", "agent", "code", "prompt")),
    "model-or-prompt-regression": (Regression, ("model", "prompt", "model", "prompt")),
    "approval-queue-growth": (QueueGrowth, ("people", "people", "policy", "people")),
    "tool-outage": (ToolOutage, ("tool", "tool", "tool", "tool")),
}
"""Failure mode -> its model, and four causes that it has in the field."""
