"""Spans of time as people write them."""

import pytest

from bot.core.formatting import durations
from bot.core.formatting.durations import seconds, words


@pytest.mark.parametrize(
    ("text", "span"),
    [
        *(("60s", 60), ("2m", 120), ("30 min", 1800), ("1h", 3600), ("1h 30m", 5400), ("1h30m", 5400), ("0m", 0)),
        *(("0.5s", 0.5), (" 5 Minutes ", 300), ("2 hrs", 7200), ("1 d", 86400), ("14 days", 1209600)),
    ],
)
def test_what_is_understood(text: str, span: float) -> None:
    assert seconds(text) == span


@pytest.mark.parametrize(
    "text", ["", " ", "5", "m", "5x", "-5m", "5 mm", "1h nonsense", "5m,3s", "five minutes", "1e3s"]
)
def test_what_is_not(text: str) -> None:
    with pytest.raises(ValueError, match="write a number with its unit"):
        seconds(text)


@pytest.mark.parametrize("text", ["40000d", "876001h", "9" * 20 + "m", "9" * 400 + "s", "800000h 800000h"])
def test_what_no_calendar_reckons_with(text: str) -> None:
    with pytest.raises(ValueError, match="is longer than a hundred years; write a number with its unit"):
        seconds(text)


@pytest.mark.parametrize(
    ("span", "text"), [(0, "0s"), (90, "90s"), (120, "2m"), (3600, "1h"), (86400, "1d"), (0.5, "0.5s")]
)
def test_words(span: float, text: str) -> None:
    assert words(span) == text
    assert seconds(text) == span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3900, "1 h 05 min"), (93_600, "1 d 2 h")],
)
def test_how_long_something_has_lasted(seconds: float, words: str) -> None:
    assert durations.span(seconds) == words
