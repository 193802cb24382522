"""`stepdown ready`, `review`, `scope`: may an agent go live, and what the week held."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from bot.cli.cards import card_lines
from bot.core.formatting.json_view import json_view
from bot.core.formatting.terminal_text import visible
from bot.core.model.fleet import Agent
from bot.core.reports import readiness, weekly_review
from bot.core.reports.readiness import Readiness
from bot.core.reports.weekly_review import Review
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.engine.reliability.weekly_review import WeeklyReview
from bot.engine.views.ready import ready_card
from bot.runtime.offline import OfflineCommands

NO = 1


def show_readiness(desk: OfflineCommands, agent: Agent, *, as_json: bool) -> int:
    """Print every line with its evidence; 1 where the agent is not production-ready."""
    found = desk.readiness_check.of(agent, datetime.now(UTC))
    if as_json:
        print(json.dumps(_readiness_view(found), indent=2))
    else:
        print(visible("\n".join(card_lines(ready_card(found)))))
    return 0 if found.production_ready else NO


def _readiness_view(found: Readiness) -> Mapping[str, object]:
    return {
        "agent": found.agent,
        "production_ready": found.production_ready,
        "claimed": found.claimed,
        "reached": found.reached,
        "headline": found.headline,
        "stable_days": found.stable_days,
        "stable_days_needed": readiness.STABLE_DAYS,
        "lines": [{**asdict(line), "call": line.call.value} for line in found.lines],
    }


def show_review(desk: OfflineCommands, *, as_json: bool) -> int:
    """Print the last seven days, as the weekly message has them."""
    now = datetime.now(UTC)
    found = reviewing(desk.readiness_check, desk).of(now)
    print(json.dumps(_review(found), indent=2) if as_json else visible("\n".join(weekly_review.words(found))))
    return 0


def reviewing(readiness_check: ReadinessCheck, desk: OfflineCommands) -> WeeklyReview:
    """The review beside a running bot; it posts nothing from here."""
    return WeeklyReview(desk.store, lambda: desk.fleet, readiness_check, desk.clock, lambda: 0.0)


def _review(found: Review) -> Mapping[str, object]:
    times = {name: mean and {"minutes": mean[0], "n": mean[1]} for name, mean in asdict(found.times).items()}
    incidents = [
        {
            "number": one.number,
            "agent": one.agent,
            "severity": one.severity,
            "state": one.state.value,
            "opened_at": one.opened_at,
            "title": one.title,
        }
        for one in found.incidents
    ]
    owed = ("overdue", "stale_runbooks", "stale_drills", "unreachable", "not_ready")
    told = {
        "since": found.since,
        "until": found.until,
        "agents": found.agents,
        "incidents": incidents,
        "mean_time_to": times,
        "pages": len(found.pages),
        "pages_at_night": dict(found.nights),
        "budgets": [one._asdict() for one in found.budgets],
        **{name: list(getattr(found, name)) for name in owed},
    }
    return {name: json_view(value) for name, value in told.items()}
