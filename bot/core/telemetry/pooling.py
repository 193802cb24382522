"""Values of workflows, where the fleet watches the agent as a whole: sum over sum, as everywhere (`product.md`, 4).

A recording or a push may be finer than the fleet file. What a query would have summed is summed here: values weigh by
the tasks behind them, and the depths of queues add up. A value that does not tell its tasks cannot be weighed, so it
stands for its agent only where the agent has no other workflow.
"""

from collections.abc import Iterable

from bot.core.model.fleet import Agent
from bot.core.model.samples import Series
from bot.core.telemetry.task_records import QUEUE
from bot.core.telemetry.weighted_mean import weighted_mean

Part = tuple[float | None, float | None]
"""(value, n) of one workflow in one minute; value None: no answer. n None: not told."""


def whole_of(agent: Agent, series: Series) -> Series | None:
    """The agent-wide series that a workflow's series is a part of; None where it is watched itself, or neither is.

    A workflow that the fleet file does not list is a part of its agent like any other: it works, so it counts.
    """
    if not series.workflow:
        return None
    whole, watched = Series(agent.key, "", series.sli), agent.series()
    return whole if whole in watched and series not in watched else None


def can_be_pooled(agent: Agent, series: Series, n: float | None) -> bool:
    """Whether a workflow's value says something of its agent as a whole."""
    return n is not None or series.sli == QUEUE or (len(agent.workflows) == 1 and series.workflow in agent.workflows)


def pooled(sli: str, parts: Iterable[Part]) -> Part:
    """The agent's value and n in one minute, from those of its workflows.

    No answer from any of them is no answer, and so is one that cannot be weighed: a workflow watched for itself may
    answer without its tasks, and a value that left it out would speak for an agent it does not know.
    """
    told = [(value, n) for value, n in parts if value is not None]
    if not told:
        return None, None
    if sli == QUEUE:
        return sum(value for value, _ in told), None
    if len(told) == 1:
        return told[0]
    weighed = [(value, n) for value, n in told if n is not None]
    if len(weighed) < len(told):
        return None, None
    return weighted_mean(weighed), sum(n for _, n in weighed)
