"""Times of day where a person is: quiet hours, working days, dates and times as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model import calendar

FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
"""16:00 in Madrid, 10:00 in New York."""


@pytest.mark.parametrize(
    ("now", "tz", "until"),
    [
        (FRIDAY, "UTC", None),
        (FRIDAY, "Europe/Madrid", None),
        # 20:00 in Madrid: quiet until Monday 08:00 there, which is 07:00 UTC in winter
        (FRIDAY.replace(hour=19), "Europe/Madrid", datetime(2026, 11, 30, 7, 0, tzinfo=UTC)),
        (FRIDAY.replace(hour=19), "UTC", None),
        # 02:14 UTC is 21:14 the evening before in New York
        (datetime(2026, 11, 25, 2, 14, tzinfo=UTC), "America/New_York", datetime(2026, 11, 25, 13, 0, tzinfo=UTC)),
        (datetime(2026, 11, 25, 2, 14, tzinfo=UTC), "Asia/Tokyo", None),
        (datetime(2026, 11, 28, 12, 0, tzinfo=UTC), "UTC", datetime(2026, 11, 30, 8, 0, tzinfo=UTC)),
        (datetime(2026, 11, 25, 2, 14, tzinfo=UTC), "Nowhere/Atlantis", datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
    ],
)
def test_quiet_hours_are_where_the_person_is(now: datetime, tz: str, until: datetime | None) -> None:
    assert calendar.quiet_until(now, tz) == until


@pytest.mark.parametrize(
    ("now", "quiet", "until"),
    [
        # Friday 16:00 in Madrid, an hour ahead of UTC
        (FRIDAY, "22:00-07:00", None),
        (FRIDAY.replace(hour=20, minute=59), "22:00-07:00", None),
        (FRIDAY.replace(hour=21), "22:00-07:00", datetime(2026, 11, 30, 6, 0, tzinfo=UTC)),
        (FRIDAY.replace(hour=5, minute=59), "22:00-07:00", FRIDAY.replace(hour=6)),
        (FRIDAY.replace(hour=6), "22:00-07:00", None),
        # who works at night sleeps by day, and on Sunday hears nothing before Monday begins
        (FRIDAY, "9:00-17:30", FRIDAY.replace(hour=16, minute=30)),
        (FRIDAY.replace(hour=8, minute=0), "09:00 - 17:30", FRIDAY.replace(hour=16, minute=30)),
        (datetime(2026, 11, 29, 12, 0, tzinfo=UTC), "09:00-17:30", datetime(2026, 11, 29, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_person_may_have_quiet_hours_of_their_own(now: datetime, quiet: str, until: datetime | None) -> None:
    assert calendar.quiet_until(now, "Europe/Madrid", calendar.quiet_hours(quiet)) == until


def test_working_days_leave_out_the_weekend() -> None:
    assert calendar.after_working_days(FRIDAY, 3) == datetime(2026, 12, 2, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-24", "2026-12-24"),
        ("monday", "2026-11-30"),
        ("Fri", "2026-12-04"),
        ("tomorrow", "2026-11-28"),
        ("today", "2026-11-27"),
        ("3d", "2026-11-30"),
        ("2 weeks", "2026-12-11"),
    ],
)
def test_dates_as_people_write_them(text: str, day: str) -> None:
    due = calendar.due_date(text, FRIDAY, "Europe/Madrid")
    assert (due + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M") == f"{day} 17:00", "17:00 in Madrid"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("17:30", "2026-11-27 16:30"),
        ("09:00", "2026-11-28 08:00"),
        ("9am", "2026-11-28 08:00"),
        ("tomorrow 9pm", "2026-11-28 20:00"),
        ("monday 09:00", "2026-11-30 08:00"),
        ("4h", "2026-11-27 19:00"),
    ],
)
def test_times_as_people_write_them(text: str, at: str) -> None:
    assert calendar.moment(text, FRIDAY, "Europe/Madrid").strftime("%Y-%m-%d %H:%M") == at


@pytest.mark.parametrize("text", ["", "soon", "9", "25:00", "09:75", "2026-13-01", "mo"])
def test_what_is_neither_says_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="write a date"):
        calendar.due_date(text, FRIDAY, "UTC")
    with pytest.raises(ValueError, match="write a time"):
        calendar.moment(text, FRIDAY, "UTC")


def test_what_is_over_is_refused() -> None:
    with pytest.raises(ValueError, match="over already"):
        calendar.due_date("2026-11-01", FRIDAY, "UTC")
    with pytest.raises(ValueError, match="over already"):
        calendar.moment("today 09:00", FRIDAY, "UTC")


def test_the_hour_that_is_skipped_in_spring_still_comes() -> None:
    """02:30 on 2026-03-29 does not exist in Madrid; the clock goes from 02:00 to 03:00."""
    before = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert calendar.moment("02:30", before, "Europe/Madrid") > before
