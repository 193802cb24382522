"""Every pager in the registry keeps the same promises, against a receiver that answers well, badly, or not at all.

A pager without a harness here fails the first test. The stand-in for Slack keeps those that need no receiver.
"""

import json
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bot.core.cards.page import PageCard
from bot.core.model.people import Person, Way
from bot.pagers import KINDS, build_pagers
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError
from bot.ports.pagers import Pager
from bot.simulation.memory_chat import MemoryChat
from tests.contracts import pager_harnesses
from tests.contracts.harnesses import harnesses_of
from tests.contracts.odd_server import Answer, Asked, OddServer, Stopwatch, odd_server
from tests.contracts.pager_harnesses import CARD, KEY, ROUTING_KEY, SECRETS, TOKEN, Harness, Make
from tests.slack.extreme_cards import attack
from tests.slack.setup import FULL, LINES, PROPOSAL, header
from tests.support.patience import PATIENCE as LONG

# Apprise itself asks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

PATIENCE, HASTE = 30.0, 0.7
"""Seconds a pager may take: where an answer comes, however busy the machine, and where none will."""
HARNESSES: dict[str, Make] = {name: found.harness for name, found in harnesses_of(pager_harnesses).items()}


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        running.answer = lambda asked: asked.json({"status": "success"}, 202)
        yield running


@pytest.fixture(params=sorted(HARNESSES))
def harness(request: pytest.FixtureRequest, server: OddServer) -> Harness:
    return HARNESSES[request.param](server, server.url, PATIENCE)


@pytest.fixture
def hasty(harness: Harness, server: OddServer) -> Harness:
    """The same, with little time."""
    return HARNESSES[harness.way.kind](server, server.url, HASTE)


@pytest.fixture(params=[*sorted(HARNESSES), "slack"])
def any_pager(request: pytest.FixtureRequest, server: OddServer) -> Harness:
    if request.param != "slack":
        return HARNESSES[request.param](server, server.url, PATIENCE)
    chat = MemoryChat()
    return Harness(chat, Way("slack", "U0ANA"), lambda: {*chat.posts, *chat.doubled})


class Lines(logging.Handler):
    """Keeps what reaches the root logger. (`caplog` also listens to loggers that keep to themselves.)"""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Every line that any library writes, at the most talkative level."""
    kept, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept.lines
    root.setLevel(level)
    root.removeHandler(kept)


def nothing(asked: Asked) -> None:
    """Take the message and never answer."""
    asked.server.over.wait(LONG)
    asked.hang_up()


def dripping(asked: Asked) -> None:
    """Take the message, and answer a byte at a time for longer than anybody waits."""
    asked.drip(b"HTTP/1.1 202 Accepted\r\nX-Long: " + b"a" * 2_000)
    asked.hang_up()


def test_every_pager_has_a_harness_and_its_own_kind(harness: Harness) -> None:
    wanted = "a file tests/contracts/pager_harnesses/KIND.py for each kind of pager, and no other"
    assert set(HARNESSES) == set(KINDS) == set(build_pagers()), wanted
    assert harness.pager.kind == harness.way.kind
    assert {kind: pager.kind for kind, pager in build_pagers().items()} == {kind: kind for kind in KINDS}


def test_a_page_lands_once_and_leaves_a_receipt(any_pager: Harness) -> None:
    assert any_pager.page() != Receipt()
    assert len(any_pager.distinct()) == 1


def test_a_page_says_what_broke_the_numbers_and_what_to_do(harness: Harness, server: OddServer) -> None:
    harness.page()
    (asked,) = server.asked
    for words in ("refunds: human escalation 18.0 %", "limit 5 %", "214 tasks", "stepdown incident ack INC-0042"):
        assert words in asked.body


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_what_is_refused_for_good_is_not_to_be_repeated(harness: Harness, server: OddServer, status: int) -> None:
    server.answer = lambda asked: asked.json({"message": "no"}, status)
    error = harness.refusal()
    assert (error.permanent, error.ambiguous, str(status) in str(error)) == (True, False, True)


@pytest.mark.parametrize("kind", ["pagerduty", "ntfy"])
@pytest.mark.parametrize(
    "portal",
    ["<html>Sign in to the network</html>", "", "OK", "[]", "[" * 9_000],
    ids=["a page", "nothing", "a word", "a list", "too deep"],
)
def test_a_good_status_of_somebody_else_is_no_page(server: OddServer, kind: str, portal: str) -> None:
    """A login page between us and the pager answers 200 to everything."""
    harness = HARNESSES[kind](server, server.url, PATIENCE)
    server.answer = lambda asked: asked.say(portal)
    error = harness.refusal()
    assert (error.permanent, error.ambiguous) == (False, True)
    server.answer = lambda asked: asked.json({}, 202)
    harness.page(repeat=True)
    assert len(harness.distinct()) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_be_better_later_is_to_be_repeated(harness: Harness, server: OddServer, status: int) -> None:
    server.answer = lambda asked: asked.json({"message": "later"}, status, Retry_After="7")
    error = harness.refusal()
    assert (error.permanent, error.ambiguous) == (False, False)
    assert error.retry_after == (7 if harness.tells_when else None)
    server.answer = lambda asked: asked.json({}, 202)
    assert harness.page(repeat=True) != Receipt(), "a try that was refused did not land, so the next one goes out"


def dropped(asked: Asked) -> None:
    """Take the message, and close the line."""
    asked.hang_up()


@pytest.mark.parametrize("answer", [dropped, nothing, dripping])
def test_a_message_that_was_taken_and_never_answered_may_have_landed(
    hasty: Harness, server: OddServer, answer: Answer
) -> None:
    server.answer = answer
    with Stopwatch() as watch:
        error = hasty.refusal()
    assert error.ambiguous
    assert len(server.asked) == 1
    assert watch.took < LONG / 2, "the receiver would go on for twice as long"


def test_a_repeat_of_what_may_have_landed_is_no_second_page(any_pager: Harness, server: OddServer) -> None:
    """Merged by its key where the way can; where it cannot, not sent, and said to be unknown."""
    server.answer = dropped
    if any_pager.way.kind == "slack":
        any_pager.page()
    else:
        any_pager.refusal()
    server.answer = lambda asked: asked.json({}, 202)
    if not any_pager.merges:
        error = any_pager.refusal(repeat=True)
        assert (error.permanent, error.ambiguous) == (True, True)
    else:
        any_pager.page(repeat=True)
    assert len(any_pager.distinct()) == 1


def test_nobody_listens(harness: Harness, server: OddServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        deaf = HARNESSES[harness.way.kind](server, f"http://127.0.0.1:{taken.getsockname()[1]}", PATIENCE)
        error = deaf.refusal()
    assert (error.permanent, error.ambiguous) == (False, False)
    assert "could not be reached" in str(error)


def test_a_redirect_is_not_followed(harness: Harness, server: OddServer) -> None:
    server.answer = lambda asked: asked.say("", 302, Location=f"{server.url}/elsewhere")
    assert "302" in str(harness.refusal())
    assert len(server.asked) == 1


def test_a_settled_page_wakes_nobody_again(any_pager: Harness, server: OddServer) -> None:
    receipt = any_pager.page()
    open_again = len(server.asked)
    any_pager.settle(receipt, CARD)
    assert len(server.asked) == open_again, "a page that is open has nothing to be told"
    acked = PageCard(
        header("responding", acked_by="Bo Chen", acked_at=header().now), CARD.headline, (), "", FULL, acked="By Bo"
    )
    any_pager.settle(receipt, acked)
    for asked in server.asked[1:]:
        assert "trigger" not in asked.body
        assert "page.opened" not in asked.body


def test_a_stand_in_that_refuses_raises_what_a_pager_raises() -> None:
    chat = MemoryChat(refuse=[DeliveryError("ratelimited", retry_after=7)])
    pager: Pager = chat
    with pytest.raises(DeliveryError, match="ratelimited"):
        pager.page(Person("ana", "Ana"), Way("slack", "U0ANA"), CARD, KEY)


HOSTILE = PageCard(
    header(title=attack(200), agent="refunds"),
    f"@everyone @here <!channel> {attack(300)}",
    LINES,
    attack(500),
    FULL,
    PROPOSAL,
    runbook=attack(300),
)


def test_what_an_agent_wrote_mentions_nobody_and_links_nowhere(harness: Harness, server: OddServer) -> None:
    harness.page(HOSTILE)
    sent = json.dumps(json.loads(server.asked[0].body), ensure_ascii=False)
    for trick in ("@everyone", "@here", "<!", "<@", "https://evil", "https://good", "\u202e", "\u200b", "\ufeff"):
        assert trick not in sent.replace("https://slack.com/app_redirect", "")


@pytest.mark.parametrize("answer", [dropped, lambda asked: asked.say(asked.body, 400), nothing])
def test_no_secret_is_in_an_error_or_a_log_line(
    harness: Harness, hasty: Harness, server: OddServer, answer: Answer, log: list[str]
) -> None:
    receipt = harness.page()
    server.answer = answer
    error = hasty.refusal()
    shown = f"{error!r} {error} {receipt} {harness.way!r} {harness.person!r} {log}"
    assert not [secret for secret in SECRETS if secret in shown]


def test_no_secret_is_in_what_is_said_of_an_address_that_is_none(harness: Harness, log: list[str]) -> None:
    broken = replace(harness.way, target=f"nosuch://{TOKEN}/{ROUTING_KEY}")
    with pytest.raises(DeliveryError) as caught:
        harness.pager.page(harness.person, broken, CARD, harness.key)
    assert caught.value.permanent
    assert not [secret for secret in SECRETS if secret in f"{caught.value!r} {log}"]


def test_one_that_drips_does_not_hold_up_the_others(harness: Harness, server: OddServer) -> None:
    slow = HARNESSES[harness.way.kind](server, server.url, 2.0)
    first = iter([dripping])

    def answer(asked: Asked) -> None:
        drip = next(first, None)
        if drip:
            drip(asked)
        else:
            asked.json({}, 202)

    server.answer = answer
    with Stopwatch() as watch, ThreadPoolExecutor(4) as lanes:
        tries = [lanes.submit(slow.page) for _ in range(4)]
        failed = [one.exception() for one in tries if one.exception() is not None]
    assert len(failed) == 1
    assert watch.took < LONG / 2, "the receiver would drip for twice as long"
