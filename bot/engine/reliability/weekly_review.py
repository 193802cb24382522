"""The weekly review: gathered from what is stored, posted once a week.

What makes it happen once is a row for the week, taken in the transaction that wants the message: a second replica and a
restart find it taken. A bot that was down on Monday posts it when it is back, within the week.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from bot.core.incident import events as ev
from bot.core.incident.effects import Notice
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.slis import Call
from bot.core.reports import weekly_review
from bot.core.reports.readiness import Readiness
from bot.core.reports.weekly_review import Paged, Review, Spend
from bot.engine.budgets.budgets import BudgetReader
from bot.engine.reliability.readiness_check import INCIDENTS, ReadinessCheck
from bot.ports.clock import Clock
from bot.ports.store import Store

WEEK = timedelta(days=7)
POSTED_AT = time(8, 0)
"""UTC, on Mondays: the beginning of the working day in Europe, and before the weekly meeting in the Americas."""
REHEARSED = frozenset({"step_down", "tabletop"})

KIND = "review"


class WeeklyReview:
    """Builds the review, and wants it posted when a week is over."""

    def __init__(
        self,
        store: Store,
        fleet: Callable[[], Fleet],
        readiness_check: ReadinessCheck,
        clock: Clock,
        wall: Callable[[], float],
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._readiness_check = readiness_check
        self._clock = clock
        self._wall = wall
        self._budgets = BudgetReader(store)

    def of(self, until: datetime) -> Review:
        """The seven days that end at `until`."""
        since, fleet = until - WEEK, self._fleet()
        incidents = tuple(one for one in self._store.incidents(INCIDENTS) if _belongs(one, since, until))
        ready = [self._readiness_check.of(agent, until) for agent in fleet.agents.values()]
        return Review(
            since,
            until,
            len(fleet.agents),
            incidents,
            weekly_review.times([one for one in incidents if one.opened_at >= since]),
            tuple(self._pages(incidents, since, until)),
            budgets=tuple(spend for agent in fleet.agents.values() for spend in self._spends(agent, until)),
            overdue=tuple(self._overdue(until)),
            stale_runbooks=tuple(_said(ready, {"runbook"})),
            stale_drills=tuple(_said(ready, REHEARSED, live_only=True)),
            unreachable=tuple(_said(ready, {"owner", "deputy"})),
            not_ready=tuple(one.headline for one in ready if one.claimed == "production" and not one.production_ready),
        )

    def post_if_due(self) -> None:
        """Want the review of the week that ended on the last Monday, unless it was wanted before."""
        now = self._clock.now()
        monday = datetime.combine(weekly_review.begins(weekly_review.week_of(now)), POSTED_AT, UTC)
        week = weekly_review.week_of(now)
        if now < monday or not self._fleet().announcements or self._store.once_marker(KIND, week) is not None:
            return
        text = "\n".join(weekly_review.words(self.of(monday)))
        self._store.once(KIND, week, now, [Notice(f"{KIND}/{week}", text)], wall=self._wall())

    def _pages(self, incidents: Sequence[Incident], since: datetime, until: datetime) -> Iterator[Paged]:
        """Pages that were sent, a person once for each minute however many ways there are."""
        seen: set[tuple[str, str]] = set()
        for incident in incidents:
            for sealed in self._store.entries(incident.id):
                event = sealed.entry.event
                if not isinstance(event, ev.PageSettled) or event.outcome != "sent" or not since <= event.at < until:
                    continue
                if (event.person, f"{event.at:%Y%m%d%H%M}") in seen:
                    continue
                seen.add((event.person, f"{event.at:%Y%m%d%H%M}"))
                person = self._fleet().people.get(event.person)
                yield Paged(person.name if person else event.person, event.at, person.tz if person else "UTC")

    def _overdue(self, now: datetime) -> Iterator[str]:
        """Follow-ups past their day, the oldest first."""
        for one in self._store.followups():
            if one.due < now:
                owner = self._fleet().people.get(one.owner)
                late = (now - one.due).days
                yield f"{one.agent}: {one.id} {one.text} ({owner.name if owner else one.owner}, {late} days late)"

    def _spends(self, agent: Agent, now: datetime) -> Iterator[Spend]:
        for one in self._budgets.of(agent, now):
            if one.remaining is not None:
                yield Spend(agent.key, one.remaining, one.why)


def _belongs(incident: Incident, since: datetime, until: datetime) -> bool:
    ended = incident.resolved_at or until
    return incident.opened_at < until and (incident.open or ended >= since)


def _said(ready: Sequence[Readiness], keys: set[str] | frozenset[str], *, live_only: bool = False) -> Iterator[str]:
    for one in ready:
        for line in one.lines:
            if line.key in keys and line.call is not Call.OK and (not live_only or one.claimed != "demo"):
                yield f"{one.agent}: {line.why}"
