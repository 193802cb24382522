"""The order in which Slack is written to: nothing too soon, pages first, one method's wait nobody else's."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.slack.client.rate_limiter import ASK_AGAIN, PAGES_FIRST, RateLimiter
from bot.slack.client.web_api import LONGEST_WAIT, refusal


class Watch:
    """A stopwatch that is moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def _sent(pace: RateLimiter, method: str, room: str = "", *, times: int, urgent: bool = False) -> int:
    return sum(pace.wait(method, room, urgent=urgent) == 0.0 for _ in range(times))


def test_five_at_once_in_a_channel_then_one_a_second() -> None:
    watch = Watch()
    pace = RateLimiter(monotonic=watch)
    assert _sent(pace, "chat_postMessage", "C1", times=20) == 5
    assert pace.wait("chat_postMessage", "C1") == 1.0
    watch.at += 3.0
    assert _sent(pace, "chat_postMessage", "C1", times=20) == 3


def test_each_that_came_too_soon_is_told_its_own_place() -> None:
    watch = Watch()
    pace = RateLimiter(monotonic=watch)
    waits = [pace.wait("conversations_create", ticket=f"inc-{number}") for number in range(14)]
    assert waits == [0.0] * 10 + [3.0, 6.0, 9.0, 12.0]
    watch.at += 3.0
    assert pace.wait("conversations_create", ticket="inc-99") == 12.0, "who comes later has the place behind them"
    assert pace.wait("conversations_create", ticket="inc-11") == 3.0, "too soon again: the place is kept"
    assert pace.wait("conversations_create", ticket="inc-10") == 0.0


def test_a_far_place_is_asked_for_again_after_half_a_minute() -> None:
    watch = Watch()
    pace = RateLimiter(monotonic=watch)
    waits = [pace.wait("conversations_create", ticket=f"inc-{number}") for number in range(200)]
    assert max(waits) == ASK_AGAIN
    watch.at += ASK_AGAIN
    assert [pace.wait("conversations_create", ticket=f"inc-{number}") for number in range(10, 30)].count(0.0) == 10


def test_a_429_gives_the_places_out_anew() -> None:
    watch = Watch()
    pace = RateLimiter(monotonic=watch)
    for number in range(30):
        pace.wait("conversations_create", ticket=f"inc-{number}")
    pace.hold("conversations_create", 60.0)
    watch.at += 60.0 + PAGES_FIRST
    again = [pace.wait("conversations_create", ticket=f"inc-{number}") for number in range(10, 30)]
    assert again.count(0.0) == 10, "a burst, and not all whose time went by meanwhile"


def test_channels_and_methods_do_not_wait_for_one_another() -> None:
    pace = RateLimiter(monotonic=Watch())
    assert _sent(pace, "chat_postMessage", "C1", times=20) == 5
    assert _sent(pace, "chat_postMessage", "C2", times=20) == 5
    assert _sent(pace, "chat_update", times=50) == 20
    assert _sent(pace, "conversations_setTopic", times=50) == 10
    assert _sent(pace, "conversations_history", times=50) == 50


def test_a_429_holds_its_own_method_and_no_other() -> None:
    watch = Watch()
    pace = RateLimiter(monotonic=watch)
    pace.hold("chat_update", 30.0)
    assert pace.wait("chat_update") == 30.0 + PAGES_FIRST
    assert pace.wait("chat_postMessage", "C1") == 0.0


def test_when_the_wait_is_over_pages_go_first() -> None:
    watch = Watch()
    pace = RateLimiter(monotonic=watch)
    pace.hold("chat_postMessage", 10.0)
    assert pace.wait("chat_postMessage", "D1", urgent=True) == 10.0
    watch.at += 10.0
    assert pace.wait("chat_postMessage", "D1", urgent=True) == 0.0
    assert pace.wait("chat_postMessage", "C1") == PAGES_FIRST
    watch.at += PAGES_FIRST
    assert pace.wait("chat_postMessage", "C1") == 0.0


def test_a_page_does_not_wait_behind_what_filled_the_queue() -> None:
    pace = RateLimiter(monotonic=Watch())
    assert _sent(pace, "chat_postMessage", "D1", times=20) == 5
    assert pace.wait("chat_postMessage", "D1", urgent=True) == 0.0


def test_a_faster_clock_writes_faster() -> None:
    watch = Watch()
    pace = RateLimiter(30.0, watch)
    _sent(pace, "chat_postMessage", "C1", times=20)
    watch.at += 0.11
    assert _sent(pace, "chat_postMessage", "C1", times=20) == 3


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("30", 30), ("1000000000", LONGEST_WAIT), ("9" * 400, LONGEST_WAIT), ("²", 1), ("-5", 1), ("soon", 1), ("", 1)],
)
def test_what_slack_or_a_proxy_says_of_the_wait_is_capped(said: str, seconds: float) -> None:
    response = SlackResponse(
        client=None, http_verb="POST", api_url="", req_args={}, data={}, headers={"Retry-After": said}, status_code=429
    )
    error = SlackApiError("", response)  # type: ignore[no-untyped-call]  # as the SDK has it
    assert refusal(error).retry_after == seconds
