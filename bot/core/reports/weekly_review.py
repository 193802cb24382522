"""The week, for the reliability lead (`product.md` section 11): numbers first, then what somebody must do. Pure.

MTTA, MTTC and MTTR are means from the opening of the incident, over those incidents of the week that got there, with
their number beside them: a mean of one is not a trend. Incidents that were cancelled
count nowhere; those of an exercise stand in another store. A page is at night between 22:00 and 07:00 where the person
is.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.core.formatting.plurals import plural
from bot.core.incident.incident import Incident

NIGHT_FROM, NIGHT_TO = 22, 7
MOST = 8
"""Lines of one kind that are told; the rest are counted."""


class Paged(NamedTuple):
    """One page that was sent, to a person in a time zone."""

    person: str
    at: datetime
    tz: str

    @property
    def at_night(self) -> bool:
        """Between 22:00 and 07:00 where the person is."""
        hour = self.at.astimezone(ZoneInfo(self.tz)).hour
        return hour >= NIGHT_FROM or hour < NIGHT_TO


class Spend(NamedTuple):
    """One budget: what is left of it (1 to negative), in words."""

    agent: str
    left: float
    why: str


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Means in minutes with how many incidents each rests on; None where none got there."""

    acknowledge: tuple[float, int] | None
    contain: tuple[float, int] | None
    recover: tuple[float, int] | None


@dataclass(frozen=True, slots=True)
class Review:
    """A week. Sequences of sentences name the agent or person first."""

    since: datetime
    until: datetime
    agents: int
    incidents: tuple[Incident, ...]
    times: ResponseTimes
    pages: tuple[Paged, ...]
    budgets: tuple[Spend, ...] = ()
    overdue: tuple[str, ...] = ()
    stale_runbooks: tuple[str, ...] = ()
    stale_drills: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    not_ready: tuple[str, ...] = ()

    @property
    def nights(self) -> Counter[str]:
        """Pages at night by person."""
        return Counter(page.person for page in self.pages if page.at_night)


def times(incidents: Iterable[Incident]) -> ResponseTimes:
    """Means over the incidents that got there."""
    counted = [one for one in incidents if one.state != "cancelled"]
    return ResponseTimes(
        _mean([one.acked_at - one.opened_at for one in counted if one.acked_at is not None]),
        _mean([one.contained_at - one.opened_at for one in counted if one.contained_at is not None]),
        _mean([one.recovered_at - one.opened_at for one in counted if one.recovered_at is not None]),
    )


def _mean(spans: Sequence[timedelta]) -> tuple[float, int] | None:
    return (fmean(span.total_seconds() / 60 for span in spans), len(spans)) if spans else None


def week_of(now: datetime) -> str:
    """`2026-W47`: what makes a review happen once."""
    year, week, _ = now.isocalendar()
    return f"{year}-W{week:02d}"


def begins(week: str) -> date:
    """The Monday of `2026-W47`."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def words(found: Review) -> list[str]:
    """The review in lines: what happened, what is left, what somebody must do."""
    counted = [one for one in found.incidents if one.state != "cancelled"]
    severe = Counter(one.severity for one in counted)
    by = ", ".join(f"{count} {name}" for name, count in sorted(severe.items()))
    lines = [
        f"Week {found.since:%d %b} to {found.until:%d %b}, {plural(found.agents, 'agent')}.",
        f"Incidents: {len(counted)}{f' ({by})' if by else ''}, {sum(one.open for one in counted)} still open.",
        _times(found.times),
        _pages(found),
        *_listed("Budgets gone", [f"{one.agent}: {one.why}" for one in found.budgets if one.left <= 0]),
        *_listed("Budgets half gone", [f"{one.agent}: {one.why}" for one in found.budgets if 0 < one.left < 0.5]),  # noqa: PLR2004 - half
        *_listed("Overdue", found.overdue),
        *_listed("Not safely reachable", found.unreachable),
        *_listed("Runbooks to mend", found.stale_runbooks),
        *_listed("Drills due", found.stale_drills),
        *_listed("In production without evidence", found.not_ready),
    ]
    return lines if len(lines) > 4 else [*lines, "Nothing is owed."]  # noqa: PLR2004 - the four that always stand there


def _times(found: ResponseTimes) -> str:
    named = (("acknowledge", found.acknowledge), ("contain", found.contain), ("recover", found.recover))
    return "Mean time to " + ", ".join(
        f"{name} {'-' if mean is None else f'{mean[0]:.0f} min (n={mean[1]})'}" for name, mean in named
    )


def _pages(found: Review) -> str:
    nights = ", ".join(f"{person} {count}" for person, count in found.nights.most_common())
    at_night = sum(found.nights.values())
    return f"Pages: {len(found.pages)}, {at_night} at night where the person is{f' ({nights})' if nights else ''}."


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return [f"{title}:", *(f"  {line}" for line in lines[:MOST]), *more]
