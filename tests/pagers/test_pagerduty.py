import json
from dataclasses import replace

import pytest

from bot.core.cards.page import PageCard
from bot.core.model.people import Person, Way
from bot.pagers.http import PagerHttp
from bot.pagers.pagerduty.adapter import EU, SUMMARY, US, Alert, PagerDuty
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError
from tests.contracts.odd_server import OddServer
from tests.pagers.page_cards import ACKED, OPEN, OVER, in_episode
from tests.slack.setup import header

ROUTING_KEY = "R0UT1NGKEY0123456789abcdefghijkl"
OPENED = int(header().opened_at.timestamp())
WAY = Way("pagerduty", ROUTING_KEY)
ANA = Person("ana", "Ana Silva", ways=(WAY,))
DEDUP = f"stepdown/42/{OPENED}/1/ana"


def key(serial: int = 1, way: str = "pagerduty") -> str:
    return f"inc-42/page/{serial}/ana/{way}"


@pytest.fixture
def pager(server: OddServer) -> PagerDuty:
    return PagerDuty(PagerHttp(5), server.url)


def events(server: OddServer) -> list[tuple[str, str]]:
    sent = [json.loads(asked.body) for asked in server.asked]
    return [(event["event_action"], event["dedup_key"]) for event in sent]


def test_a_trigger_in_full(pager: PagerDuty, server: OddServer) -> None:
    receipt = pager.page(ANA, WAY, OPEN, key())
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/v2/enqueue")
    assert json.loads(asked.body) == {
        "routing_key": ROUTING_KEY,
        "event_action": "trigger",
        "dedup_key": DEDUP,
        "client": "Stepdown",
        "links": [{"href": "https://slack.com/app_redirect?channel=C0AGENTS", "text": "INC-0042 in Slack"}],
        "payload": {
            "summary": "refunds: human escalation 18.0 % (limit 5.0 %), 3 min. You own it."
            " | human escalation 18.0 % (limit 5 %, normal 3.1 %, 214 tasks)"
            " | tool calls per task 6.3 calls/task (limit 1.5x, normal 4.1 calls/task, 214 tasks)"
            " | Take it: /incident ack in Slack, or: stepdown incident ack INC-0042."
            " Then lower it: stepdown step-down refunds read-only",
            "source": "refunds",
            "severity": "error",
            "timestamp": "2026-11-20T02:11:00+00:00",
            "component": "refunds",
            "group": "INC-0042",
            "class": "slo",
            "custom_details": {
                "why you": "You own refunds.",
                "numbers": [
                    "human escalation 18.0 % (limit 5 %, normal 3.1 %, 214 tasks)",
                    "tool calls per task 6.3 calls/task (limit 1.5x, normal 4.1 calls/task, 214 tasks)",
                ],
                "where": "INC-0042, SEV2, on full, runbook Tool misuse",
                "suggested rung": "read-only: read and answer; no writes (HER is above twice its objective)",
            },
        },
    }
    assert receipt == Receipt(id=DEDUP)


@pytest.mark.parametrize(
    ("severity", "theirs"), [("SEV1", "critical"), ("SEV2", "error"), ("SEV3", "warning"), ("SEV4", "info")]
)
def test_severities_are_theirs(pager: PagerDuty, server: OddServer, severity: str, theirs: str) -> None:
    pager.page(ANA, WAY, replace(OPEN, header=header(severity=severity)), key())
    assert json.loads(server.asked[0].body)["payload"]["severity"] == theirs


def test_pages_of_one_run_of_paging_merge_and_later_runs_do_not(pager: PagerDuty, server: OddServer) -> None:
    """A lapsed acknowledgement leaves an alert that is acknowledged over there: merging with it would wake nobody."""
    pager.page(ANA, WAY, OPEN, key(1))
    pager.page(ANA, WAY, OPEN, key(2))
    pager.page(ANA, WAY, in_episode(OPEN, 2), key(3))
    assert events(server) == [
        ("trigger", DEDUP),
        ("trigger", DEDUP),
        ("trigger", f"stepdown/42/{OPENED}/2/ana"),
    ]


def test_a_page_to_somebody_who_has_acknowledged_opens_an_alert_of_its_own(pager: PagerDuty, server: OddServer) -> None:
    """A step down that was not confirmed pages whoever acknowledged."""
    for repeat in (False, True):
        pager.page(ANA, WAY, ACKED, key(4), repeat=repeat)
    assert events(server) == [("trigger", f"{DEDUP}/4")] * 2


@pytest.mark.parametrize(("card", "told"), [(OPEN, []), (ACKED, ["acknowledge"]), (OVER, ["resolve"])])
def test_a_settled_page_is_acknowledged_or_resolved(
    pager: PagerDuty, server: OddServer, card: PageCard, told: list[str]
) -> None:
    pager.settle(ANA, Receipt(id=DEDUP), card, key())
    assert events(server) == [(action, DEDUP) for action in told]


def test_a_false_alarm_is_resolved_though_nobody_acknowledged(pager: PagerDuty, server: OddServer) -> None:
    pager.settle(ANA, Receipt(id=DEDUP), replace(OPEN, header=header("cancelled")), key())
    assert events(server) == [("resolve", DEDUP)]


def test_of_two_routing_keys_the_one_that_was_paged_is_settled(pager: PagerDuty, server: OddServer) -> None:
    other = Way("pagerduty", "b" * 32)
    both = replace(ANA, ways=(WAY, other))
    pager.settle(both, Receipt(id=DEDUP), ACKED, key(way="pagerduty-2"))
    assert json.loads(server.asked[0].body)["routing_key"] == "b" * 32


def test_a_way_that_is_gone_is_said(pager: PagerDuty) -> None:
    with pytest.raises(DeliveryError, match="not listed any more") as caught:
        pager.settle(replace(ANA, ways=()), Receipt(id=DEDUP), ACKED, key())
    assert caught.value.permanent


@pytest.mark.parametrize("target", ["", "short", "x" * 33, "x" * 31 + "/", "é" * 32])
def test_what_is_no_routing_key_is_refused_here_and_not_shown(pager: PagerDuty, server: OddServer, target: str) -> None:
    with pytest.raises(DeliveryError, match="routing key of ana must be 32") as caught:
        pager.page(ANA, Way("pagerduty", target), OPEN, key())
    assert caught.value.permanent
    assert not server.asked
    assert not target or target not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            {"status": "invalid event", "message": "Event object is invalid", "errors": [f"'{ROUTING_KEY}' is bad"]},
            "PagerDuty answered 400: Event object is invalid; '(routing key)' is bad",
        ),
        ({"message": {"odd": 1}, "errors": "odd"}, "PagerDuty answered 400"),
        ([], "PagerDuty answered 400"),
        ("", "PagerDuty answered 400"),
    ],
)
def test_a_refusal_says_why(pager: PagerDuty, server: OddServer, said: object, shown: str) -> None:
    server.answer = lambda asked: asked.say(json.dumps(said) if said else "<html>", 400)
    with pytest.raises(DeliveryError) as caught:
        pager.page(ANA, WAY, OPEN, key())
    assert str(caught.value) == shown


def test_a_refusal_without_end_is_read_to_its_cap(pager: PagerDuty, server: OddServer) -> None:
    server.answer = lambda asked: asked.say(b"x" * 2_000_000, 400)
    with pytest.raises(DeliveryError, match="PagerDuty answered 400"):
        pager.page(ANA, WAY, OPEN, key())


def test_whatever_is_written_the_event_fits(pager: PagerDuty, server: OddServer) -> None:
    much = "\u2713" * 100_000
    lines = tuple(replace(line, title=much, objective=much) for line in OPEN.lines * 100)
    pager.page(ANA, WAY, replace(OPEN, headline=much, lines=lines, why=much, runbook=much), key())
    (asked,) = server.asked
    assert len(json.loads(asked.body)["payload"]["summary"]) <= SUMMARY
    assert len(asked.body) < 20_000


@pytest.mark.parametrize(
    ("dedup_key", "alert"),
    [
        (DEDUP, Alert(42, OPENED, 1, "ana")),
        (f"{DEDUP}/7", Alert(42, OPENED, 1, "ana", 7)),
        ("stepdown/42/1/1", None),
        ("stepdown/x/1/1/ana", None),
        ("somebody-else/42/1/1/ana", None),
        (f"{DEDUP}/7/8", None),
        ("", None),
        ("stepdown/" + "9" * 5_000 + "/1/1/ana", None),
    ],
)
def test_a_dedup_key_can_be_read_back(dedup_key: str, alert: Alert | None) -> None:
    assert Alert.parse(dedup_key) == alert
    assert alert is None or str(alert) == dedup_key


def test_the_two_hosts() -> None:
    assert (US, EU) == ("https://events.pagerduty.com/", "https://events.eu.pagerduty.com/")
    assert str(PagerDuty(PagerHttp(5), EU)._url) == "https://events.eu.pagerduty.com/v2/enqueue"
