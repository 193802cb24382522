"""What an ntfy server is sent, and what its answers mean; against a stand-in that keeps what it documents."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from bot.core.cards.page import PageCard
from bot.core.model.people import Person, Way
from bot.http_client.reach import Reach
from bot.pagers import KINDS, PagerDependencies
from bot.pagers.http import PagerHttp
from bot.pagers.kind import Outcome, PagerCheck
from bot.pagers.ntfy.adapter import LONGEST, sequence_of
from bot.ports.errors import DeliveryError
from tests.contracts.odd_server import Asked, OddServer, odd_server
from tests.contracts.pager_harnesses import CARD
from tests.slack.setup import header

TOPIC, TOKEN = "stepdown-8f2b1c", "tk_0123456789abcdef"
KEY = "stepdown-one/inc-42/page/1/ana/ntfy"


@dataclass
class NtfyServer:
    """An ntfy server (docs.ntfy.sh): JSON to its root publishes, what has a known sequence is the same notification."""

    version: tuple[int, int] = (2, 16)
    shown: dict[str, dict[str, object]] = field(default_factory=dict)
    """Notifications on the phone, by sequence; each message of an older server is one more."""
    readers: frozenset[str] = frozenset({f"Bearer {TOKEN}"})
    writers: frozenset[str] = frozenset({f"Bearer {TOKEN}"})

    def answer(self, asked: Asked) -> None:
        who = {name.lower(): value for name, value in asked.headers.items()}.get("authorization", "")
        if asked.method == "GET":
            self._auth(asked, who)
            return
        message = json.loads(asked.body)
        if who not in self.writers:
            said = {
                "code": 40301,
                "http": 403,
                "error": f"forbidden: {message['topic']}",
                "link": "https://ntfy.sh/docs",
            }
            asked.json(said, 403)
            return
        sequence = str(message["sequence_id"]) if self.version >= (2, 16) else str(len(self.shown))
        self.shown[sequence] = message
        asked.json({"id": "hwQ2YpKdmg", "time": 1635528741, "event": "message", "topic": message["topic"]})

    def _auth(self, asked: Asked, who: str) -> None:
        assert asked.path == f"/{TOPIC}/auth"
        if who and who not in self.readers | self.writers:
            asked.json({"code": 40101, "http": 401, "error": "unauthorized"}, 401)
        elif who not in self.readers:
            asked.json({"code": 40301, "http": 403, "error": "forbidden"}, 403)
        else:
            asked.json({"success": True})


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        yield running


@pytest.fixture
def ntfy(server: OddServer) -> NtfyServer:
    made = NtfyServer()
    server.answer = made.answer
    return made


def page(server: OddServer, card: PageCard = CARD, token: str = TOKEN, *, repeat: bool = False) -> str:
    way = Way("ntfy", f"{server.url}/{TOPIC}", {"token": token} if token else {})
    pager = KINDS["ntfy"].make(PagerDependencies(PagerHttp()))
    return pager.page(Person("ana", "Ana Lima", ways=(way,)), way, card, KEY, repeat=repeat).id


def test_a_page_is_published_as_the_documents_say(server: OddServer, ntfy: NtfyServer) -> None:
    assert page(server) == sequence_of(KEY)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/")
    message = json.loads(asked.body)
    assert message["topic"] == TOPIC
    assert message["title"].startswith("refunds: human escalation 18.0 %")
    assert "stepdown incident ack INC-0042" in message["message"]
    assert message["priority"] == 5
    assert message["tags"] == ["rotating_light", CARD.header.severity, "refunds"]
    assert list(ntfy.shown) == [sequence_of(KEY)]


def test_a_sequence_is_one_that_ntfy_takes() -> None:
    assert len(sequence_of(KEY)) <= 64
    assert sequence_of(KEY).replace("-", "").isalnum()
    assert sequence_of(KEY) != sequence_of(KEY.replace("/1/", "/2/"))


def test_a_tap_opens_the_incidents_channel(server: OddServer, ntfy: NtfyServer) -> None:
    page(server, replace(CARD, header=header(channel="C0REFUNDS")))
    assert [message["click"] for message in ntfy.shown.values()] == ["https://slack.com/app_redirect?channel=C0REFUNDS"]
    ntfy.shown.clear()
    page(server, replace(CARD, header=header(channel="")))
    assert [message.get("click") for message in ntfy.shown.values()] == [None], "there is no channel yet"


@pytest.mark.parametrize(("severity", "priority"), [("SEV1", 5), ("SEV2", 5), ("SEV3", 4), ("SEV4", 3)])
def test_what_is_less_bad_rings_less(server: OddServer, ntfy: NtfyServer, severity: str, priority: int) -> None:
    page(server, replace(CARD, header=replace(CARD.header, severity=severity)))  # type: ignore[arg-type]
    assert [message["priority"] for message in ntfy.shown.values()] == [priority]


def test_a_repeat_is_the_same_notification_and_a_second_one_on_an_older_server(
    server: OddServer, ntfy: NtfyServer
) -> None:
    page(server)
    page(server, repeat=True)
    assert len(ntfy.shown) == 1
    ntfy.version = (2, 11)
    ntfy.shown.clear()
    page(server)
    page(server, repeat=True)
    assert len(ntfy.shown) == 2, "at worst it rings twice; it is never lost"


def test_a_long_message_stays_below_what_would_become_an_attachment(server: OddServer, ntfy: NtfyServer) -> None:
    page(server, replace(CARD, why="\u00e4\u4e16" * 4_000, headline="x" * 9_000))
    (message,) = ntfy.shown.values()
    assert len(str(message["message"]).encode()) <= LONGEST


def test_a_refusal_is_told_in_ntfys_words_without_topic_or_token(server: OddServer, ntfy: NtfyServer) -> None:
    ntfy.writers = frozenset()
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1 answered 403: forbidden: \(topic\)") as caught:
        page(server)
    assert caught.value.permanent
    assert TOPIC not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_an_open_topic_needs_no_token(server: OddServer, ntfy: NtfyServer) -> None:
    ntfy.writers = frozenset({""})
    page(server, token="")
    assert "Authorization" not in {name.title() for name in server.asked[0].headers}


def look(url: str, token: str = TOKEN, topic: str = TOPIC) -> Outcome:
    way = Way("ntfy", f"{url}/{topic}", {"token": token} if token else {})
    return KINDS["ntfy"].online_check(Person("ana", "Ana Lima"), way, PagerCheck(Reach(2.0)))


def test_check_online_asks_for_the_topic_and_publishes_nothing(server: OddServer, ntfy: NtfyServer) -> None:
    assert look(server.url) == ("fine", "127.0.0.1 knows the topic and lets these credentials read it")
    assert look(server.url, "tk_other") == ("problem", "127.0.0.1 answered 401: it does not know the token")
    ntfy.readers = frozenset()
    level, text = look(server.url)
    assert level == "warning"
    assert "403" in text
    server.answer = lambda asked: asked.say("hello", 404)
    assert look(server.url)[0] == "warning"
    assert ntfy.shown == {}


def test_check_online_says_that_nobody_listens(server: OddServer) -> None:
    url = server.url
    server.shutdown()
    server.server_close()
    level, text = look(url)
    assert (level, "cannot be reached" in text) == ("unreachable", True)
