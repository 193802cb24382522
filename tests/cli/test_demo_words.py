"""What the demo tells its reader, without playing it."""

from datetime import UTC, datetime

from bot.core.incident.events import Acknowledged, PageSettled, RungConfirmed
from bot.core.model.people import BOT
from bot.demo.milestones import lag_of
from bot.demo.run import too_fast
from bot.demo.setup import confirm_within
from tests.cli.conftest import Stepdown

NOW = datetime(2026, 3, 2, 2, 14, tzinfo=UTC)


def test_a_speed_that_a_busy_machine_cannot_keep_is_refused_with_the_reason(stepdown: Stepdown) -> None:
    answer = stepdown("demo", "--speed", "120")
    assert answer.exit_code == 2
    assert "--speed 120 is too fast: a minute of the scenario would pass in 0.5 s" in answer.stderr
    assert "1 to 60 is allowed." in answer.stderr
    assert too_fast(60) == ""


def test_the_agents_always_have_some_real_seconds_to_read_a_rung_back() -> None:
    assert confirm_within(1) == 60
    assert confirm_within(60) == 360


def test_lags_are_known_where_the_timeline_tells_them() -> None:
    assert lag_of(RungConfirmed(NOW, BOT, 1, 3, 3, 52.0)) == 52.0
    assert lag_of(PageSettled(NOW, BOT, "inc-1/page/1/ana/slack", "ana", "slack", "sent", latency_ms=39_600)) == 39.6
    assert lag_of(PageSettled(NOW, BOT, "inc-1/page/1/ana/slack", "ana", "slack", "sent")) is None
    assert lag_of(Acknowledged(NOW, BOT)) is None
