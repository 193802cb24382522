from dataclasses import replace

import pytest

from bot.core.cards.fleet import FleetCard
from bot.core.cards.page import PageCard
from bot.pagers.text import inert, numbers, page_of, title, written
from bot.ports.errors import DeliveryError
from tests.pagers.page_cards import OPEN
from tests.slack.setup import AQDD, DQR, HER, TIE, header


def test_a_page_in_full() -> None:
    text = written(OPEN)
    assert text.title == "refunds: human escalation 18.0 % (limit 5.0 %), 3 min. You own it."
    assert text.body.splitlines() == [
        "human escalation 18.0 % (limit 5 %, normal 3.1 %, 214 tasks)",
        "tool calls per task 6.3 calls/task (limit 1.5x, normal 4.1 calls/task, 214 tasks)",
        (
            "Take it: /incident ack in Slack, or: stepdown incident ack INC-0042. "
            "Then lower it: stepdown step-down refunds read-only"
        ),
        "INC-0042, SEV2, on full, runbook Tool misuse",
        "You own refunds.",
    ]


def test_at_most_three_numbers_and_no_data_is_said() -> None:
    card = PageCard(header(), "x", (AQDD, HER, TIE, DQR), "", OPEN.rung)
    assert len(numbers(card)) == 3
    assert numbers(card)[0] == "approvals waiting no data (limit 2x, normal 40 pending, workflow kyc)"


def test_an_exercise_says_so_first() -> None:
    marked = header(exercise=True, mark="[EXERCISE] ")
    assert title(PageCard(marked, "refunds: bad", (), "", OPEN.rung)) == "[EXERCISE] refunds: bad"


def test_a_drill_sends_nobody_to_the_real_agent() -> None:
    card = replace(OPEN, header=replace(OPEN.header, mark="[EXERCISE] "))
    text = written(card).body
    assert "This is a drill. Take it with /incident ack in its channel, and do nothing outside it." in text
    assert "stepdown " not in text


def test_nobody_is_woken_by_a_list() -> None:
    with pytest.raises(DeliveryError, match="a FleetCard cannot be paged") as caught:
        page_of(FleetCard("all", (), header().now))
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("written_by_an_agent", "shown"),
    [
        ("@everyone look", "@ everyone look"),
        ("<@U0ANA> <!channel> <#C1>", "< @ U0ANA> < !channel> < #C1>"),
        ("HER 18.0 % > 5.0 %, <5 left", "HER 18.0 % > 5.0 %, <5 left"),
        ("see https://evil.example/x", "see https:/ /evil.example/x"),
        ("see www.evil.example", "see www. evil.example"),
        ("[click](javascript:x)", "[click]( javascript:x)"),
        ("one\r\nSubject: two\x00\x1b[31m", "one Subject: two [31m"),
        ("\u202eabc\u200b\ufeff", "abc"),
        ("10:30 and a/b", "10:30 and a/b"),
        ("", ""),
    ],
)
def test_foreign_text_is_inert(written_by_an_agent: str, shown: str) -> None:
    assert inert(written_by_an_agent) == shown
    assert inert(shown) == shown, "twice does no more than once"


def test_foreign_text_is_clipped() -> None:
    assert inert("x" * 300, 10) == "xxxxxxxxx…"
