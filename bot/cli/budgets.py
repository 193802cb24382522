"""`stepdown budget` and `stepdown gate`: what is left of an agent's error budgets, and whether it may be changed."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.charts.budget_chart import draw
from bot.core.budgets.budget import Budget, refusal
from bot.core.budgets.tickets import Ticket
from bot.core.formatting.terminal_text import visible
from bot.core.model.fleet import Agent
from bot.engine.budgets.budgets import BudgetReader
from bot.runtime.offline import OfflineCommands

NO = 1


def show_budgets(desk: OfflineCommands, agent: Agent, *, as_json: bool, chart: Path | None = None) -> int:
    """Print every budget of an agent; returns the exit code."""
    now = datetime.now(UTC)
    if as_json:
        found = BudgetReader(desk.store).of(agent, now)
        tickets = [_ticket(one) for one in desk.store.tickets([agent.key])]
        told = {"agent": agent.key, "budgets": [_budget_view(one) for one in found], "tickets": tickets}
        print(json.dumps(told, indent=2))
    else:
        print(visible(desk.commands.reliability.budget(agent.key).text))
    if chart is None:
        return 0
    try:
        chart.write_bytes(draw(agent.key, BudgetReader(desk.store).burndowns(agent, now)))
    except OSError as error:
        print(f"{chart}: the chart cannot be written: {error.strerror or error}", file=sys.stderr)
        return NO
    return 0


def _ticket(one: Ticket) -> Mapping[str, object]:
    return {
        "workflow": one.series.workflow,
        "sli": one.series.sli,
        "alert": one.alert,
        "opened_at": one.opened_at.isoformat(),
        "text": one.text,
    }


def gate(desk: OfflineCommands, agent: Agent, *, as_json: bool) -> int:
    """Say whether the agent may be changed or widened: 1 where a budget is gone or none is known."""
    found = BudgetReader(desk.store).of(agent, datetime.now(UTC))
    may, why = refusal(found)
    if as_json:
        told = {"agent": agent.key, "pass": may, "why": list(why), "budgets": [_budget_view(one) for one in found]}
        print(json.dumps(told, indent=2))
    elif may:
        print("\n".join([f"{agent.key} may be changed.", *(one.why for one in found)]))
    else:
        print("\n".join([f"{agent.key} may not be changed or widened now.", *why]), file=sys.stderr)
    return 0 if may else NO


def _budget_view(one: Budget) -> Mapping[str, object]:
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
