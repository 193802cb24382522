"""`stepdown budget` and `stepdown gate`: what is left of an agent's error budgets, and whether it may be changed."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.charts.budget_chart import draw
from bot.core.budgets.budget import Budget, GateAnswer
from bot.core.budgets.budget import gate as ask
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


def gate(desk: OfflineCommands, agent: Agent, *, as_json: bool, young_may: bool = False) -> int:
    """Say whether the agent may be changed or widened: 1 where a budget is gone or none can be judged.

    `young_may`: an agent that is too young to be judged may, which whoever calls has decided.
    """
    found = BudgetReader(desk.store).of(agent, datetime.now(UTC))
    answer = ask(found)
    may = answer.may or (answer.too_young and young_may)
    if as_json:
        told = {"agent": agent.key, "pass": may, "too_young": answer.too_young, "why": list(answer.why)}
        print(json.dumps({**told, "budgets": [_budget_view(one) for one in found]}, indent=2))
        return 0 if may else NO
    lines = answer.why or tuple(one.why for one in found)
    print(visible("\n".join([_first_line(agent, answer, may=may), *lines])), file=sys.stdout if may else sys.stderr)
    return 0 if may else NO


def _first_line(agent: Agent, answer: GateAnswer, *, may: bool) -> str:
    if answer.too_young:
        return f"{agent.key} is too young to judge{', and --young-may lets it be changed' if may else ''}."
    return f"{agent.key} may be changed." if may else f"{agent.key} may not be changed or widened now."


def _budget_view(one: Budget) -> Mapping[str, object]:
    return {
        "workflow": one.series.workflow,
        "sli": one.series.sli,
        "method": one.method,
        "target": round(one.target, 6),
        "bad": one.spent.bad,
        "total": one.spent.total,
        "unknown": one.spent.unknown,
        "lived_minutes": one.lived,
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
