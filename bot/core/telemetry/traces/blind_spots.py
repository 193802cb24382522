"""What spans cannot tell of an agent, and why: UNKNOWN with its reason, before anybody takes it for a good day."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.core.model.fleet import Agent
from bot.core.telemetry.traces.trace_rules import NO_RULES, TraceRules


class BlindSpot(NamedTuple):
    """One SLI of an agent that spans alone cannot answer for; `text` says why, and what to write."""

    agent: str
    sli: str
    text: str


def blind_spots(agent: Agent, rules: TraceRules) -> Iterator[BlindSpot]:
    """Those of the SLIs by which the agent is watched."""
    own = rules.agents.get(agent.key, NO_RULES)
    watched = {sli.name for _, sli in agent.slis}
    here = f"`agents: {agent.key}:` of the source of spans"
    if "her" in watched and own.escalates is None:
        why = f"no span says what an escalation is. Write `escalates` under {here}"
        yield BlindSpot(agent.key, "her", f"HER is UNKNOWN: {why}")
    if "aqdd" in watched and rules.sampled is not None:
        yield BlindSpot(
            agent.key, "aqdd", "AQDD is UNKNOWN: only a part of all runs is sent, so a queue cannot be counted"
        )
    elif "aqdd" in watched and own.waits is None:
        why = f"a wait is known only where the framework marks it. Write `waits` under {here}"
        yield BlindSpot(agent.key, "aqdd", f"AQDD may be UNKNOWN: {why}")
    if "dqr" in watched and own.good is None:
        why = f"nobody said which evaluation judges a run. Write `good` under {here}"
        yield BlindSpot(agent.key, "dqr", f"DQR is UNKNOWN: {why}")
    if "cost_per_task" in watched and not rules.prices:
        why = "spans seldom tell the cost, and there is no price table. Write `prices` at the source of spans"
        yield BlindSpot(agent.key, "cost_per_task", f"the cost may be UNKNOWN: {why}")
