"""The week in numbers, worked by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.incident.incident import Incident, IncidentState
from bot.core.reports.weekly_review import Paged, ResponseTimes, Review, Spend, begins, times, week_of, words
from bot.core.transitions.reducer import advance
from tests.core.factories import T0, at, opened


def incident(number: int, **changes: object) -> Incident:
    made = advance(None, opened(incident_id=number)).incident
    return replace(made, **changes)  # type: ignore[arg-type]


def week(**changes: object) -> Review:
    whole = Review(T0 - timedelta(days=6), T0 + timedelta(days=1), 3, (), ResponseTimes(None, None, None), ())
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_means_are_over_those_that_got_there() -> None:
    one = incident(1, acked_at=at(2), contained_at=at(10), recovered_at=at(60))
    other = incident(2, acked_at=at(6))
    false_alarm = incident(3, acked_at=at(500), state=IncidentState.CANCELLED)
    # (2 + 6) / 2 = 4
    assert times([one, other, false_alarm]) == ResponseTimes((4.0, 2), (10.0, 1), (60.0, 1))
    assert times([]) == ResponseTimes(None, None, None)


@pytest.mark.parametrize(
    ("at_utc", "tz", "night"),
    [
        ("2026-03-02T02:14", "Europe/Lisbon", True),
        ("2026-03-02T02:14", "Asia/Singapore", False),  # 10:14 there
        ("2026-03-02T14:30", "Asia/Singapore", True),  # 22:30 there
        ("2026-03-02T07:00", "UTC", False),
        ("2026-03-02T06:59", "UTC", True),
        ("2026-07-01T20:30", "Europe/Berlin", True),  # 22:30 in summer time
        ("2026-01-15T20:30", "Europe/Berlin", False),  # 21:30 in winter
    ],
)
def test_night_is_where_the_person_is(at_utc: str, tz: str, night: bool) -> None:
    assert Paged("ana", datetime.fromisoformat(at_utc).replace(tzinfo=UTC), tz).at_night is night


def test_a_week_has_a_name_that_makes_it_happen_once() -> None:
    assert week_of(datetime(2026, 11, 20, tzinfo=UTC)) == "2026-W47"
    assert begins("2026-W47") == date(2026, 11, 16)
    # the first days of a year may belong to the last week of the one before
    assert week_of(datetime(2027, 1, 1, tzinfo=UTC)) == "2026-W53"


def test_a_quiet_week_says_that_nothing_is_owed() -> None:
    assert words(week()) == [
        "Week 24 Feb to 03 Mar, 3 agents.",
        "Incidents: 0, 0 still open.",
        "Mean time to acknowledge -, contain -, recover -",
        "Pages: 0, 0 at night where the person is.",
        "Nothing is owed.",
    ]


def test_what_is_owed_is_told_by_name_and_the_rest_is_counted() -> None:
    lines = words(
        week(
            incidents=(incident(1),),
            times=ResponseTimes((4.0, 2), None, None),
            pages=(Paged("Ana", T0, "UTC"), Paged("Ana", T0, "UTC"), Paged("Bo", T0, "Asia/Singapore")),
            budgets=(Spend("refunds", -0.1, "HER: gone"), Spend("kyc", 0.4, "DQR: 40 % left"), Spend("s", 0.9, "x")),
            overdue=tuple(f"thing {n}" for n in range(10)),
            unreachable=("kyc: bo cannot be reached",),
        )
    )
    assert "Incidents: 1 (1 SEV2), 1 still open." in lines
    assert "Mean time to acknowledge 4 min (n=2), contain -, recover -" in lines
    assert "Pages: 3, 2 at night where the person is (Ana 2)." in lines
    assert lines[lines.index("Budgets gone:") + 1] == "  refunds: HER: gone"
    assert lines[lines.index("Budgets half gone:") + 1] == "  kyc: DQR: 40 % left"
    assert "  thing 7" in lines
    assert "  and 2 more" in lines
    assert "  thing 8" not in lines
