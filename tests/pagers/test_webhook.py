import base64
import json
from dataclasses import replace

import pytest
from standardwebhooks import Webhook

from bot.core.model.people import Person, Way
from bot.pagers.http import PagerHttp
from bot.pagers.webhook.adapter import WebhookPager
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError
from tests.contracts.odd_server import OddServer
from tests.pagers.page_cards import ACKED, OPEN, OVER, in_episode

SECRET, OTHER = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b"))
KEY = "inc-42/page/1/ana/webhook"
RECEIPT = Receipt(id=KEY)


@pytest.fixture
def pager() -> WebhookPager:
    return WebhookPager(PagerHttp(5))


def ana(server: OddServer, secrets: str = SECRET) -> Person:
    return Person("ana", "Ana Silva", ways=(Way("webhook", f"{server.url}/hook {secrets}"),))


def test_a_page_in_full_is_signed(pager: WebhookPager, server: OddServer) -> None:
    person = ana(server)
    assert pager.page(person, person.ways[0], OPEN, KEY) == RECEIPT
    (asked,) = server.asked
    message = Webhook(SECRET).verify(asked.body, asked.headers)
    assert asked.headers["webhook-id"] == KEY
    assert message["type"] == "page.opened"
    assert message["timestamp"] == "2026-11-20T02:14:00Z"
    assert message["data"] == {
        "page": KEY,
        "person": "ana",
        "title": "refunds: human escalation 18.0 % (limit 5.0 %), 3 min. You own it.",
        "text": message["data"]["text"],
        "incident": "INC-0042",
        "agent": "refunds",
        "severity": "SEV2",
        "state": "paging",
        "opened_at": "2026-11-20T02:11:00Z",
        "acknowledged_by": "",
        "exercise": False,
        "numbers": [
            "human escalation 18.0 % (limit 5 %, normal 3.1 %, 214 tasks)",
            "tool calls per task 6.3 calls/task (limit 1.5x, normal 4.1 calls/task, 214 tasks)",
        ],
        "rung": "full",
        "suggested_rung": "read-only",
    }
    assert "stepdown incident ack INC-0042" in message["data"]["text"]


def test_while_a_secret_is_exchanged_either_verifies(pager: WebhookPager, server: OddServer) -> None:
    person = ana(server, f"{SECRET} {OTHER}")
    pager.page(person, person.ways[0], OPEN, KEY)
    (asked,) = server.asked
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(asked.body, asked.headers)


def told(server: OddServer) -> list[tuple[str, str, str]]:
    sent = [(asked.headers["webhook-id"], json.loads(asked.body)) for asked in server.asked]
    return [(id_, message["type"], message["data"]["page"]) for id_, message in sent]


def test_each_thing_that_is_told_later_has_an_id_of_its_own(pager: WebhookPager, server: OddServer) -> None:
    """Edits come often: the same news carries the same id, so that the receiver drops it."""
    person, stamp = ana(server), int(ACKED.header.acked_at.timestamp()) if ACKED.header.acked_at else 0
    for card in (OPEN, ACKED, ACKED, OVER, OVER, in_episode(OVER, 2)):
        pager.settle(person, RECEIPT, card, KEY)
    assert told(server) == [
        (f"{KEY}/acknowledged/{stamp}", "page.acknowledged", KEY),
        (f"{KEY}/acknowledged/{stamp}", "page.acknowledged", KEY),
        (f"{KEY}/closed/1", "page.closed", KEY),
        (f"{KEY}/closed/1", "page.closed", KEY),
        (f"{KEY}/closed/2", "page.closed", KEY),
    ]
    assert json.loads(server.asked[0].body)["data"]["acknowledged_by"] == "Bo Chen"


@pytest.mark.parametrize("secrets", ["", "abc", "whsec_", "whsec_c2hvcnQ=", f"{SECRET} short"])
def test_a_secret_that_cannot_sign_is_refused_here(pager: WebhookPager, server: OddServer, secrets: str) -> None:
    person = ana(server, secrets)
    with pytest.raises(DeliveryError, match="ana") as caught:
        pager.page(person, person.ways[0], OPEN, KEY)
    assert caught.value.permanent
    assert not server.asked
    assert "c2hvcnQ" not in str(caught.value)


@pytest.mark.parametrize("target", ["", "ftp://h/x whsec_x", "/hook", "http://[ whsec_x"])
def test_an_address_that_is_none_is_permanent(pager: WebhookPager, target: str) -> None:
    with pytest.raises(DeliveryError, match="the webhook url of ana") as caught:
        pager.page(Person("ana", "Ana"), Way("webhook", target), OPEN, KEY)
    assert caught.value.permanent


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.169.254]"])  # noqa: S104 - to be refused
def test_metadata_addresses_are_refused(pager: WebhookPager, host: str) -> None:
    with pytest.raises(DeliveryError, match="metadata address; refused") as caught:
        pager.page(Person("ana", "Ana"), Way("webhook", f"http://{host}/latest {SECRET}"), OPEN, KEY)
    assert (caught.value.permanent, caught.value.ambiguous) == (True, False)


def test_a_name_that_nobody_knows(pager: WebhookPager) -> None:
    with pytest.raises(DeliveryError, match="cannot be resolved") as caught:
        pager.page(Person("ana", "Ana"), Way("webhook", f"http://{'x' * 64}.invalid/ {SECRET}"), OPEN, KEY)
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


def test_a_way_that_is_gone_is_said(pager: WebhookPager, server: OddServer) -> None:
    with pytest.raises(DeliveryError, match="not listed any more"):
        pager.settle(replace(ana(server), ways=()), RECEIPT, ACKED, KEY)
