"""What a log shows of a failure: where it happened, never what the variables held."""

from collections.abc import Iterator

import pytest
import structlog

from bot.core.formatting.redaction import Redactor
from bot.runtime.log_output import configure_logs


@pytest.fixture(autouse=True)
def _defaults_afterwards() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def _send(token: str) -> None:
    raise ConnectionError("the other side hung up")


def test_a_traceback_holds_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", Redactor())
    token = "xoxb-" + "this-is-secret"
    try:
        _send(token)
    except ConnectionError:
        structlog.get_logger("stepdown").exception("lane failed", lane="slack")
    shown = "".join(capsys.readouterr())
    assert "the other side hung up" in shown
    assert "in _send" in shown
    assert token not in shown


def test_a_traceback_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", Redactor())
    try:
        _send("")
    except ConnectionError:
        structlog.get_logger("stepdown").exception("lane failed")
    assert len("".join(capsys.readouterr()).splitlines()) < 10


def test_what_is_read_from_a_file_has_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", Redactor())
    structlog.get_logger("stepdown").warning("the metrics source is dead")
    shown = "".join(capsys.readouterr())
    assert "[warning  ] the metrics source is dead" in shown
    assert "\x1b" not in shown


def test_an_escape_sequence_in_a_field_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", Redactor())
    structlog.get_logger("stepdown").warning("a source answered oddly", why="\x1b[2Jgone", where="two\nlines")
    shown = "".join(capsys.readouterr())
    assert "\x1b" not in shown
    assert "gone" in shown
    assert len(shown.splitlines()) == 1
