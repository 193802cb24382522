"""A log that holds no secret and is not flooded."""

import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from bot.core.formatting.known_secrets import KnownSecrets
from bot.core.formatting.redaction import HIDDEN
from bot.runtime.log_output import (
    A_MINUTE,
    KEPT,
    OF_ALL,
    OF_ONE_MESSAGE,
    LimitFilter,
    MessageLimit,
    RedactingFormatter,
    configure_logs,
)

SECRET = "s3cret-bearer-of-a-source"


@pytest.fixture(autouse=True)
def _defaults_afterwards() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_same_message_is_written_so_often_and_then_counted() -> None:
    clock = Time()
    limit = MessageLimit(clock)
    written = sum(limit.allows(f"source {number} is down") for number in range(1_254))
    assert written == OF_ONE_MESSAGE
    assert limit.held_back() == []
    assert limit.allows("something else")
    clock.now += A_MINUTE
    assert limit.held_back() == ["and 1,234 more: source 0 is down"]
    assert limit.held_back() == []
    assert limit.allows("source 1 is down")


def test_messages_that_are_all_different_are_limited_as_a_whole() -> None:
    limit = MessageLimit(Time())
    texts = [f"{chr(ord('a') + number % 26)}{'x' * (number // 26)}" for number in range(5_000)]
    assert sum(limit.allows(text) for text in texts) == OF_ALL
    assert limit.allows("an error", severe=True)
    assert len(limit._counts) <= KEPT + 1


def test_an_error_of_a_library_is_redacted_with_its_traceback() -> None:
    try:
        raise ConnectionError(f"no way to http://bob:{SECRET}@db")  # noqa: TRY301 - it is the traceback that counts
    except ConnectionError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed: %s", (SECRET,), (type(error), error, None))
    told = RedactingFormatter(KnownSecrets([("SECRET", SECRET)])).format(record)
    assert SECRET not in told
    assert told.count(HIDDEN) == 2


def test_a_line_of_a_library_looks_like_our_own() -> None:
    record = logging.LogRecord("stepdown.slack.api", logging.ERROR, "f", 1, "no answer in %s s", (10,), None)
    told = RedactingFormatter(KnownSecrets([])).format(record)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[error    \] stepdown.slack.api: no answer in 10 s", told)


def test_a_library_that_floods_is_held_back() -> None:
    limited = LimitFilter(MessageLimit(Time()))
    records = [logging.LogRecord("x", logging.WARNING, "f", 1, "Invalid HTTP request received.", (), None)] * 100
    assert sum(limited.filter(record) for record in records) == OF_ONE_MESSAGE


def test_an_event_is_redacted_wherever_the_secret_stands(capsys: pytest.CaptureFixture[str]) -> None:
    secrets = KnownSecrets()
    configure_logs("INFO", secrets)
    secrets.learn([("SECRET", SECRET)])  # read later, and heeded from then on
    log = structlog.get_logger("stepdown")
    log.error("refused", why=SECRET, problems=f"token {SECRET}", more={"a": [SECRET]})
    try:
        raise ValueError(SECRET)  # noqa: TRY301 - it is the traceback that counts
    except ValueError:
        log.exception("tick failed")
    shown = "".join(capsys.readouterr())
    assert SECRET not in shown
    assert shown.count(HIDDEN) == 4
