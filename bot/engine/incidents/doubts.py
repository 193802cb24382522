"""Whether the numbers of an incident are in doubt now (told once when it begins, once when it is over), or old."""

from collections.abc import Mapping
from datetime import datetime

from bot.core.incident.events import Doubted
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent
from bot.core.model.people import BOT
from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start, short_doubt
from bot.engine.baselines import Rows

LOOKED_AT = 45
"""Minutes back whose rows are looked at: as long as a number is shown at least."""
RECENT = 10
"""Minutes back in which a doubt is one of now."""
AGE_STEP = 300
"""Seconds after which an age that is shown is drawn anew."""
WHOLE = 3
"""Whole minutes in a row that end a doubt: answers that are whole now and then are one episode."""


def doubt_event(incident: Incident, agent: Agent, rows: Mapping[Series, Rows], now: datetime) -> Doubted | None:
    """The beginning or the end of doubt about an incident's SLIs (about all of the agent's where it has none)."""
    concerned = {breach.series for breach in incident.breaches} or set(agent.series())
    since = minute_of(now) - RECENT
    newest = {series: _newest(rows.get(series, {}), since) for series in concerned}
    known = [row for own in newest.values() for row in own]
    if not known:
        return None
    if not incident.doubt:
        doubts = [f"{row.series.sli.upper()}: {row.doubt}" for own in newest.values() for row in own[:1] if row.doubt]
        return Doubted(now, BOT, short_doubt(*sorted(doubts))) if doubts else None
    return None if any(row.doubt for row in known) else Doubted(now, BOT, "")


def overdue(agent: Agent, rows: Mapping[Series, Rows], now: datetime) -> str:
    """Which SLIs have no number that speaks of now, and how long roughly: what the cards say of it. Empty: none."""
    told = []
    for workflow, sli in agent.slis:
        latest = max(rows.get(Series(agent.key, workflow, sli.name), {}), default=0)
        age = (now - minute_start(latest + 1)).total_seconds()
        if age > sli.every + sli.settle:
            told.append(f"{workflow}/{sli.name}/{int(min(age, 3600) // AGE_STEP)}")
    return ",".join(told)


def _newest(own: Rows, since: int) -> list[MinuteRow]:
    return [own[minute] for minute in sorted(own, reverse=True)[:WHOLE] if minute >= since]
