"""What headers say of time, however it is written: a moment in UTC, or nothing."""

import time
from datetime import UTC, datetime

import pytest

from bot.http_client.dates import http_date

AT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 09:49:37 +0100",
    ],
)
def test_every_form_is_the_same_moment_wherever_the_machine_stands(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A date without a zone was read by the machine's own: every source seemed hours off."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert http_date(said) == AT
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "said",
    [
        "",
        "soon",
        "0",
        "Mon, 99 Nov 2026 00:00:00 GMT",
        "Mon, 30 Nov 99999 00:00:00 GMT",
        "Mon, 30 Nov 2026 00:00:00 +9999",
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Mon, 30 Nov 2026 00:00:00 +99999999999",
        "\x00",
    ],
)
def test_what_is_no_date_is_none(said: str) -> None:
    assert http_date(said) is None
