"""Times of day in a person's own time zone: quiet hours, working days, and dates as people write them.

Every function takes `now` and gives aware UTC datetimes; a zone is a name of the tz database, UTC where it is unknown.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Quiet = tuple[time, time]
"""From when to when of each day somebody wants no reminders; it may run over midnight."""
QUIET: Final[Quiet] = (time(20, 0), time(8, 0))
"""Reminders that can wait do wait between these, unless a person has hours of their own, and over the weekend; pages
never do."""
END_OF_DAY: Final = time(17, 0)
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SATURDAY = 5
DATES: Final = "a date such as 2026-01-31, a day such as friday, tomorrow, or a time from now such as 3d"
TIMES: Final = "a time such as 09:00, tomorrow 09:00, friday 09:00, or a time from now such as 4h"
_FROM_NOW = re.compile(r"(?:in\s+)?(\d{1,3})\s*(h|hours?|d|days?|w|weeks?)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(.+?)\s+)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)?", re.IGNORECASE)


def zone(name: str) -> tzinfo:
    """The time zone of that name; UTC for one that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def quiet_hours(text: str) -> Quiet:
    """`22:00-07:00`, in the person's own time zone. Raises ValueError that says what is allowed."""
    ends = [_time_of_day(part) for part in text.split("-")]
    if len(ends) != 2 or None in ends:  # noqa: PLR2004 - from and to
        raise ValueError(f"{text!r} are no quiet hours; write them as 22:00-07:00, in the time zone of `tz`")
    start, end = (one for one in ends if one is not None)
    if start == end:
        raise ValueError(f"{text!r} begin when they end; that would be never or always, so leave `quiet` out")
    return start, end


def _time_of_day(text: str) -> time | None:
    found = _CLOCK.fullmatch(text.strip())
    return _clock(found) if found and not found[1] and not found[4] else None


def quiet_until(now: datetime, tz: str, quiet: Quiet = QUIET) -> datetime | None:
    """When the person may be reminded again: their quiet hours and the weekend are over. None: now."""
    local = now.astimezone(zone(tz))
    day, clock = local.date(), local.time()
    if local.weekday() >= SATURDAY:
        day, clock = _working(day), time()
    if _within(clock, quiet):
        day, clock = _working(day + timedelta(days=clock >= quiet[1])), quiet[1]
    free = (day, clock) == (local.date(), local.time())
    return None if free else _at(day, clock, tz)


def _within(clock: time, quiet: Quiet) -> bool:
    start, end = quiet
    return start <= clock < end if start < end else clock >= start or clock < end


def after_working_days(start: datetime, days: int, tz: str = "UTC") -> datetime:
    """The same time of day, so many working days later."""
    local = start.astimezone(zone(tz))
    day = local.date()
    for _ in range(days):
        day = _working(day + timedelta(days=1))
    return _at(day, local.time(), tz)


def due_date(text: str, now: datetime, tz: str) -> datetime:
    """The end of the working day that a date means. Raises ValueError that says what is allowed."""
    day = _day(text, now.astimezone(zone(tz)).date())
    if day is None:
        raise ValueError(f"{text!r} is no date; write {DATES}")
    due = _at(day, END_OF_DAY, tz)
    if due <= now:
        raise ValueError(f"{text!r} is over already; write {DATES}")
    return due


def moment(text: str, now: datetime, tz: str) -> datetime:
    """The next time that a time of day means (`09:00`, `friday 9am`, `4h`). Raises ValueError."""
    plain = text.strip().lower()
    if found := _FROM_NOW.fullmatch(plain):
        return now + _span(found)
    found = _CLOCK.fullmatch(plain)
    clock = _clock(found) if found else None
    today = now.astimezone(zone(tz)).date()
    day = _day(found[1], today) if found and found[1] else today
    if found is None or clock is None or day is None:
        raise ValueError(f"{text!r} is no time; write {TIMES}")
    at = _at(day, clock, tz)
    if at <= now and not found[1]:
        at = _at(day + timedelta(days=1), clock, tz)
    if at <= now:
        raise ValueError(f"{text!r} is over already; write {TIMES}")
    return at


def _day(text: str, today: date) -> date | None:
    plain = text.strip().lower()
    if plain in ("today", "tomorrow"):
        return today + timedelta(days=plain == "tomorrow")
    names = [day for day in DAYS if len(plain) > 2 and day.startswith(plain)]  # noqa: PLR2004 - `mo` could be anything
    if len(names) == 1:
        return today + timedelta(days=(DAYS.index(names[0]) - today.weekday() - 1) % 7 + 1)
    if (found := _FROM_NOW.fullmatch(plain)) and found[2][0] != "h":
        return today + _span(found)
    try:
        return date.fromisoformat(plain)
    except ValueError:
        return None


def _span(found: re.Match[str]) -> timedelta:
    unit = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[found[2][0].lower()]
    return int(found[1]) * unit


def _clock(found: re.Match[str]) -> time | None:
    """An hour alone needs its am or pm: `9` may mean anything."""
    hour, minute, half = int(found[2]), int(found[3] or 0), found[4]
    if half is None and found[3] is None:
        return None
    if half is not None:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None  # noqa: PLR2004 - hours and minutes


def _working(day: date) -> date:
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day


def _at(day: date, clock: time, tz: str) -> datetime:
    return datetime.combine(day, clock, zone(tz)).astimezone(UTC)
