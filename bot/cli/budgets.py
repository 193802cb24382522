"""`stepdown budget` and `stepdown gate`: what is left of an agent's error budgets, and whether it may be changed."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.core.budget import Budget, alert_words, refusal
from bot.core.model import Agent
from bot.desk import LocalDesk
from bot.engine.budgets import Budgets

NO = 1


def show_budgets(desk: LocalDesk, agent: Agent, *, as_json: bool) -> int:
    """Print every budget of an agent; returns the exit code."""
    found = Budgets(desk.store).of(agent, datetime.now(UTC))
    if as_json:
        print(json.dumps({"agent": agent.key, "budgets": [_plain(one) for one in found]}, indent=2))
    else:
        print("\n".join([one.why for one in found] + _tickets(agent, found)))
    return 0


def gate(desk: LocalDesk, agent: Agent, *, as_json: bool) -> int:
    """Say whether the agent may be changed or widened: 1 where a budget is gone or none is known."""
    found = Budgets(desk.store).of(agent, datetime.now(UTC))
    may, why = refusal(found)
    if as_json:
        told = {"agent": agent.key, "pass": may, "why": list(why), "budgets": [_plain(one) for one in found]}
        print(json.dumps(told, indent=2))
    elif may:
        print("\n".join([f"{agent.key} may be changed.", *(one.why for one in found)]))
    else:
        print("\n".join([f"{agent.key} may not be changed or widened now.", *why]), file=sys.stderr)
    return 0 if may else NO


def _tickets(agent: Agent, found: Sequence[Budget]) -> list[str]:
    slis = [sli for _, sli in agent.slis]
    both = zip(slis, found, strict=True)
    return [f"TICKET {alert_words(one.series, sli, burn)}" for sli, one in both for burn in one.burns if burn.ringing]


def _plain(one: Budget) -> Mapping[str, object]:
    return {
        "workflow": one.series.workflow,
        "sli": one.series.sli,
        "method": one.method,
        "target": round(one.target, 6),
        "bad": one.spent.bad,
        "total": one.spent.total,
        "unknown": one.spent.unknown,
        "allowed": one.allowed,
        "remaining": one.remaining,
        "gone": one.gone,
        "burn": {f"{window}m": rate for window, rate in one.rates.items()},
        "alerts": [
            {
                "factor": burn.alert.factor,
                "over_minutes": burn.alert.over,
                "and_over_minutes": burn.alert.and_over,
                "burn": burn.long,
                "burn_short": burn.short,
                "ringing": burn.ringing,
            }
            for burn in one.burns
        ],
        "why": one.why,
    }
